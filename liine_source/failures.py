"""What dlt, the warehouse and the machine raise, told in words of our own: theirs may hold rows or settings."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dlt
from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    LookupTraces,
)
from dlt.common.destination.exceptions import UnknownDestinationModule
from dlt.common.exceptions import MissingDependencyException
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source.errors import ConfigurationError, DestinationError, LiineError

# Words of the messages of operating systems and databases, and what to do.
_REMEDIES = {
    (
        "incorrect username or password",
        "jwt token is invalid",
        "password authentication failed",
        "no password supplied",
    ): "The warehouse refused the login: check the user name, and its password or private key, then run again.",
    ("no space left", "file too large", "disk full", "quota exceeded"): "The disk is full: make room, then run again.",
    ("set lock on file", "database is locked"): "Another program has the warehouse's file open, perhaps a run that is "
    "under way: close it, or wait until it has ended, then run again.",
    ("read-only", "read only", "permission denied", "not permitted"): "The warehouse or dlt's folder cannot be written "
    "by this user: change its permissions or its settings, then run again.",
    ("not a valid duckdb", "no such file", "not a directory"): "The warehouse's file is no DuckDB file, or its folder "
    "is not there: check DESTINATION__DUCKDB__CREDENTIALS.",
    (
        "could not connect",
        "connection refused",
        "connection reset",
        "closed the connection",
        "could not translate",
    ): "The warehouse could not be reached: check that it is up and its address, then run again.",
}
_REMEDY = "Check that the warehouse can be reached and written, and that no other program has its file open."


@contextmanager
def translated() -> Iterator[None]:
    """Raise a LiineError for whatever is raised, and keep dlt from logging it: a message may hold rows or settings."""
    with _retold(), _muted():
        yield


@contextmanager
def _muted() -> Iterator[None]:
    log = logging.getLogger(dlt.current.run_context().name)
    # One for each block: if blocks shared a filter, the innermost would take it away.
    failures = _Failures()
    log.addFilter(failures)
    try:
        yield
    finally:
        log.removeFilter(failures)


class _Failures(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.WARNING


@contextmanager
def _retold() -> Iterator[None]:
    try:
        yield
    except LiineError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, it is told in our words
        problem = _end_of_process(error) or _problem(error)
    else:
        return
    raise problem from None


def _end_of_process(error: Exception) -> BaseException | None:
    """Return the SystemExit or KeyboardInterrupt behind a library's own error; None if there is none."""
    return next((cause for cause in _causes(error) if not isinstance(cause, Exception)), None)


def _problem(error: Exception) -> LiineError:
    causes = list(_causes(error))
    for cause in causes:
        if known := cause if isinstance(cause, LiineError) else _of_settings(cause):
            return known
    step = next((cause.step for cause in causes if isinstance(cause, PipelineStepFailed)), "start")
    return DestinationError(
        f"The run failed at dlt's step {step!r} ({type(causes[-1]).__name__}). Nothing that was loaded before is "
        f"lost, and the next run fetches again what this one did not finish. {_remedy(causes)}"
    )


def _of_settings(error: BaseException) -> ConfigurationError | None:
    """Return what is wrong with the settings, or with what is installed for them; None where that is not it."""
    if isinstance(error, ConfigFieldMissingException):
        return _missing(error)
    if isinstance(error, ConfigValueCannotBeCoercedException):
        return _wrong_value(error)
    if isinstance(error, UnknownDestinationModule):
        return ConfigurationError("This destination is not known to dlt: duckdb, postgres, snowflake and others are.")
    if isinstance(error, MissingDependencyException):
        wanted = " ".join(f"'{name}'" for name in error.dependencies)
        return ConfigurationError(f"A package is not installed: pip install {wanted}, then run again.")
    if isinstance(error, ConfigurationException):
        return ConfigurationError(f"A setting is wrong ({type(error).__name__}); docs/settings.md lists them all.")
    return None


def _remedy(causes: list[BaseException]) -> str:
    told = " ".join(str(cause) for cause in causes).lower()
    return next((remedy for words, remedy in _REMEDIES.items() if any(word in told for word in words)), _REMEDY)


def _missing(error: ConfigFieldMissingException) -> ConfigurationError:
    """Name the settings that are missing, each with the section where it belongs."""
    sections: dict[str, set[str]] = {}
    for section, name in _sought(error.traces):
        sections.setdefault(section, set()).add(name)
    told = "; ".join(f"{', '.join(sorted(names))} under [{section}]" for section, names in sorted(sections.items()))
    variable = min(sections, default="sources.liine").upper().replace(".", "__")
    return ConfigurationError(
        f"Settings are missing: {told or ', '.join(error.fields)}. Write them into .dlt/config.toml, secrets into "
        f".dlt/secrets.toml, or as {variable}__… into the environment; docs/settings.md lists ours."
    )


def _sought(traces: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
    """Where dlt looked for each setting first, as section and name; of alternatives the first is told."""
    for name, places in traces.items():
        for place in places:
            if isinstance(place, LookupTraces):
                if place.union_pos <= 1:
                    yield from _sought(place.traces)
            elif place.sections and place.sections[0] in {"sources", "destination"}:
                # The source's section and its name are the same, and either is enough.
                yield ".".join(dict.fromkeys(place.sections)), name
                break


def _wrong_value(error: ConfigValueCannotBeCoercedException) -> ConfigurationError:
    """Say which setting has a value of the wrong type."""
    kind = getattr(error.hint, "__name__", None) or str(error.hint).replace("typing.", "")
    kind = {"dict": "table"}.get(kind, kind)
    return ConfigurationError(f"The setting {error.field_name!r} has a value that is no {kind}; see docs/settings.md.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
