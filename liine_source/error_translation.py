"""Errors of dlt, the warehouse and the machine, translated into our own: theirs may quote rows or settings."""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import tomlkit
from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    InvalidNativeValue,
    LookupTraces,
)
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.destination.exceptions import UnknownDestinationModule
from dlt.common.exceptions import MissingDependencyException
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source.database_errors import explain
from liine_source.documentation import page
from liine_source.errors import ConfigurationError, DestinationError, LiineError, MissingPackageError, did_you_mean
from liine_source.value_forms import describe_form, kind_of

_FIRST_STEP = "start"
_LOG_LEVELS = "CRITICAL, ERROR, WARNING, INFO, DEBUG"
# Of an error that nobody has met yet.
_UNKNOWN = (
    "liine-source does not know this error (raised at {place}). If another run ends with it too, report it with this "
    "message and the versions of liine-source and dlt."
)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a LiineError instead of any other error, and keep dlt from logging that: it may quote rows or settings."""
    with raise_translated(), _mute_dlt():
        yield


@contextmanager
def _mute_dlt() -> Iterator[None]:
    log = logging.getLogger(dlt.current.run_context().name)
    # One filter per block: with a shared one, the innermost block would remove it for all.
    mute = _BelowWarning()
    log.addFilter(mute)
    try:
        yield
    finally:
        log.removeFilter(mute)


class _BelowWarning(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.WARNING


@contextmanager
def raise_translated() -> Iterator[None]:
    """Raise a LiineError instead of any other error, without dlt's own settings, which have its secrets."""
    try:
        yield
    except LiineError:
        raise
    except Exception as error:  # noqa: BLE001  every error is translated
        problem = _find_exit(error) or _translate(error)
    else:
        return
    raise problem from None


def _find_exit(error: Exception) -> BaseException | None:
    """Return the SystemExit or KeyboardInterrupt behind a library's own error; None if there is none."""
    return next((cause for cause in _causes(error) if not isinstance(cause, Exception)), None)


def _translate(error: Exception) -> LiineError:
    causes = list(_causes(error))
    for cause in causes:
        if translated := cause if isinstance(cause, LiineError) else _translate_setting_error(cause):
            return translated
    step = next((cause.step for cause in causes if isinstance(cause, PipelineStepFailed)), _FIRST_STEP)
    explained = explain(causes)
    if explained and explained.is_setting and step == _FIRST_STEP:
        return ConfigurationError(f"{explained.text} Rows loaded before are not lost.")
    text = explained.text if explained else _UNKNOWN.format(place=_place_of(causes[-1]))
    return DestinationError(
        f"The run failed in dlt's step {step!r} ({type(causes[-1]).__name__}). {text} Rows loaded before are not "
        "lost, and the next run loads what this one did not finish."
    )


def _place_of(error: BaseException) -> str:
    """Return where an error was raised; its own text may quote a row."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


def _translate_setting_error(error: BaseException) -> ConfigurationError | None:
    """Return a ConfigurationError for a wrong setting or a missing package; None for any other error."""
    message: str | None = None
    if isinstance(error, ConfigFieldMissingException):
        message = _explain_missing(error)
    elif isinstance(error, ConfigValueCannotBeCoercedException):
        message = _explain_wrong_value(error)
    elif isinstance(error, InvalidNativeValue):
        setting = ".".join(error.embedded_sections) or "credentials"
        message = f"The setting {setting!r} has a value that cannot be read as {error.spec.__name__}"
        message += f"; see {page('settings')}."
    elif isinstance(error, TomlProviderReadException):
        message = _explain_unreadable_file(error)
    elif isinstance(error, UnknownDestinationModule):
        known = ["duckdb", "postgres", "snowflake"]
        message = f"dlt does not know this destination{did_you_mean(error.ref, known)}; it knows {', '.join(known)} "
        message += "and others."
    elif isinstance(error, MissingDependencyException):
        wanted = " ".join(f"'{name}'" for name in error.dependencies)
        return MissingPackageError(f"A package is not installed: pip install {wanted}, then run again.")
    elif isinstance(error, ConfigurationException):
        message = f"A setting is wrong ({type(error).__name__}); {page('settings')} lists them all."
    elif isinstance(error, ValueError) and str(error).startswith("Unknown level: "):
        message = f"dlt's setting runtime.log_level, RUNTIME__LOG_LEVEL, must be one of {_LOG_LEVELS}."
    return ConfigurationError(message) if message else None


def _explain_unreadable_file(error: TomlProviderReadException) -> str:
    """Name file and line; the text there may be a password."""
    file = next(filter(_is_unreadable, error.full_paths), error.file_name)
    line = re.search(r"line (\d+)", str(error))
    where = f", line {line[1]}" if line else ""
    return f"The file {file} is not valid TOML{where}. Correct it; nothing was requested."


def _is_unreadable(file: str) -> bool:
    try:
        tomlkit.parse(Path(file).read_bytes().decode())
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return False


def _explain_missing(error: ConfigFieldMissingException) -> str:
    """Name the settings that are missing, each with the section where it belongs."""
    sections: dict[str, set[str]] = {}
    for section, name in _first_places(error.traces):
        sections.setdefault(section, set()).add(name)
    missing = "; ".join(f"{', '.join(sorted(names))} under [{section}]" for section, names in sorted(sections.items()))
    variable = min(sections, default="sources.liine").upper().replace(".", "__")
    example = " customer_ids is a list: customer_ids = [1234]." if "customer_ids" in missing else ""
    asked = " `liine init` asks for all of them." if "sources.liine" in missing else ""
    return (
        f"Settings are missing: {missing or ', '.join(error.fields)}. Set them in .dlt/config.toml, secrets in "
        f".dlt/secrets.toml, or as {variable}__… in the environment; {page('settings')} lists ours.{example}{asked}"
    )


def _first_places(traces: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
    """Yield where dlt looked for each setting first, as section and name; of alternatives the first."""
    for name, places in traces.items():
        for place in places:
            if isinstance(place, LookupTraces):
                if place.union_pos <= 1:
                    yield from _first_places(place.traces)
            elif place.sections and place.sections[0] in {"sources", "destination"}:
                # The source's section and its name are the same, and one of them is enough.
                yield ".".join(dict.fromkeys(place.sections)), name
                break


def _explain_wrong_value(error: ConfigValueCannotBeCoercedException) -> str:
    """Say which setting has a wrong value, and what it has to be."""
    json = ", in the environment as JSON" if kind_of(error.hint) in {list, dict} else ""
    return f"The setting {error.field_name!r} must be {describe_form(error.hint)}{json}; see {page('settings')}."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what is behind it; dlt keeps the error of a load's job in an attribute."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = getattr(error, "client_exception", None) or error.__cause__ or error.__context__
