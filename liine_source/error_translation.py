"""Errors of dlt, the warehouse and the machine, translated into our own: theirs may quote rows or settings."""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
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
from liine_source.errors import ConfigurationError, DestinationError, LiineError, MissingPackageError

# Of an error that nobody has met yet.
_UNKNOWN = (
    "liine-source does not know this error (raised at {place}). If another run ends with it too, report it with this "
    "message and the versions of liine-source and dlt."
)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a LiineError instead of any other error, and keep dlt from logging that: it may quote rows or settings."""
    with _raise_translated(), _mute_dlt():
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
def _raise_translated() -> Iterator[None]:
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
    step = next((cause.step for cause in causes if isinstance(cause, PipelineStepFailed)), "start")
    explained = explain(causes) or _UNKNOWN.format(place=_place_of(causes[-1]))
    return DestinationError(
        f"The run failed in dlt's step {step!r} ({type(causes[-1]).__name__}). {explained} Rows loaded before are not "
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
        message += "; see docs/settings.md."
    elif isinstance(error, TomlProviderReadException):
        message = _explain_unreadable_file(error)
    elif isinstance(error, UnknownDestinationModule):
        message = "dlt does not know this destination; it knows duckdb, postgres, snowflake and others."
    elif isinstance(error, MissingDependencyException):
        wanted = " ".join(f"'{name}'" for name in error.dependencies)
        return MissingPackageError(f"A package is not installed: pip install {wanted}, then run again.")
    elif isinstance(error, ConfigurationException):
        message = f"A setting is wrong ({type(error).__name__}); docs/settings.md lists them all."
    return ConfigurationError(message) if message else None


def _explain_unreadable_file(error: TomlProviderReadException) -> str:
    """Name file and line; the text there may be a password."""
    files = " or ".join(error.full_paths) or error.file_name
    line = re.search(r"line (\d+)", str(error))
    where = f", line {line[1]}" if line else ""
    return f"The file {files} is not valid TOML{where}. Correct it; nothing was requested."


def _explain_missing(error: ConfigFieldMissingException) -> str:
    """Name the settings that are missing, each with the section where it belongs."""
    sections: dict[str, set[str]] = {}
    for section, name in _first_places(error.traces):
        sections.setdefault(section, set()).add(name)
    missing = "; ".join(f"{', '.join(sorted(names))} under [{section}]" for section, names in sorted(sections.items()))
    variable = min(sections, default="sources.liine").upper().replace(".", "__")
    return (
        f"Settings are missing: {missing or ', '.join(error.fields)}. Set them in .dlt/config.toml, secrets in "
        f".dlt/secrets.toml, or as {variable}__… in the environment; docs/settings.md lists ours."
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
    """Say which setting has a value of the wrong type."""
    type_name = getattr(error.hint, "__name__", None) or str(error.hint).replace("typing.", "")
    type_name = {"dict": "table"}.get(type_name, type_name)
    return f"The setting {error.field_name!r} has a value that is not a {type_name}; see docs/settings.md."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what is behind it; dlt keeps the error of a load's job in an attribute."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = getattr(error, "client_exception", None) or error.__cause__ or error.__context__
