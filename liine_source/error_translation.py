"""Errors of dlt, the warehouse and the machine, translated into our own: theirs may quote rows or settings."""

import logging
import re
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

# Words in messages of operating systems and databases, and what to do.
_REMEDIES = {
    (
        "incorrect username or password",
        "jwt token is invalid",
        "password authentication failed",
        "no password supplied",
    ): "The warehouse refused the login: check the user name and its password or private key, then run again.",
    ("no space left", "file too large", "disk full", "quota exceeded"): "The disk is full: make room, then run again.",
    ("set lock on file", "database is locked"): "Another program has the warehouse's file open, perhaps another "
    "run: close it, or wait until it has ended, then run again.",
    ("read-only", "read only", "permission denied", "not permitted"): "This user cannot write to the warehouse or to "
    "dlt's folder: change the permissions or the settings, then run again.",
    ("not a valid duckdb", "no such file", "not a directory"): "The warehouse's file is not a DuckDB file, or its "
    "folder does not exist: check DESTINATION__DUCKDB__CREDENTIALS.",
    (
        "constraint failed",
        "violates unique constraint",
        "violates primary key constraint",
        "violates check constraint",
    ): "A constraint or unique index that somebody has added to a table refuses rows: drop it, then run again.",
    (
        "could not connect",
        "connection refused",
        "connection reset",
        "closed the connection",
        "could not translate",
    ): "The warehouse could not be reached: check its address and that it is running, then run again.",
}
# Postgres's codes for a violated foreign key, unique index and check, and for an error that a function has raised.
_POSTGRES_CONSTRAINTS = {"23503", "23505", "23514"}
_RAISED = "P0001"
_DEFAULT_REMEDY = "Check that the warehouse can be reached and written, and that no other program has its file open."


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
    return DestinationError(
        f"The run failed in dlt's step {step!r} ({type(causes[-1]).__name__}). Rows loaded before are not lost, and "
        f"the next run loads what this one did not finish. {_find_remedy(causes)}"
    )


def _translate_setting_error(error: BaseException) -> ConfigurationError | None:
    """Return a ConfigurationError for a wrong setting or a missing package; None for any other error."""
    if isinstance(error, ConfigFieldMissingException):
        return _explain_missing(error)
    if isinstance(error, ConfigValueCannotBeCoercedException):
        return _explain_wrong_value(error)
    if isinstance(error, UnknownDestinationModule):
        return ConfigurationError(
            "dlt does not know this destination; it knows duckdb, postgres, snowflake and others."
        )
    if isinstance(error, MissingDependencyException):
        wanted = " ".join(f"'{name}'" for name in error.dependencies)
        return ConfigurationError(f"A package is not installed: pip install {wanted}, then run again.")
    if isinstance(error, ConfigurationException):
        return ConfigurationError(f"A setting is wrong ({type(error).__name__}); docs/settings.md lists them all.")
    return None


def _find_remedy(causes: list[BaseException]) -> str:
    if remedy := next(filter(None, map(_find_refusing_object, causes)), None):
        return remedy
    text = " ".join(str(cause) for cause in causes).lower()
    return next((remedy for words, remedy in _REMEDIES.items() if any(word in text for word in words)), _DEFAULT_REMEDY)


def _find_refusing_object(cause: BaseException) -> str | None:
    """Return how to drop the constraint, index or trigger of Postgres that refused rows; None for any other error."""
    diagnostics: Any = getattr(cause, "diag", None)
    code = getattr(cause, "pgcode", None)
    if code in _POSTGRES_CONSTRAINTS and diagnostics.constraint_name:
        table = f'"{diagnostics.schema_name}"."{diagnostics.table_name}"'
        name = diagnostics.constraint_name
        is_index = f' (for an index: DROP INDEX "{diagnostics.schema_name}"."{name}";)' if code == "23505" else ""
        return (
            f"Rows were refused by {name} of {table}, which somebody has added. Run as the table's owner, then run "
            f'again:\n    ALTER TABLE {table} DROP CONSTRAINT "{name}";{is_index}'
        )
    # The rest of the context may quote values.
    function = re.match(r"PL/pgSQL function (\w+(?:\.\w+)?)\(", getattr(diagnostics, "context", None) or "")
    if code == _RAISED and function:
        return f"A trigger refused rows by its function {function[1]}: drop the trigger or change it, then run again."
    return None


def _explain_missing(error: ConfigFieldMissingException) -> ConfigurationError:
    """Name the settings that are missing, each with the section where it belongs."""
    sections: dict[str, set[str]] = {}
    for section, name in _first_places(error.traces):
        sections.setdefault(section, set()).add(name)
    missing = "; ".join(f"{', '.join(sorted(names))} under [{section}]" for section, names in sorted(sections.items()))
    variable = min(sections, default="sources.liine").upper().replace(".", "__")
    return ConfigurationError(
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


def _explain_wrong_value(error: ConfigValueCannotBeCoercedException) -> ConfigurationError:
    """Say which setting has a value of the wrong type."""
    type_name = getattr(error.hint, "__name__", None) or str(error.hint).replace("typing.", "")
    type_name = {"dict": "table"}.get(type_name, type_name)
    return ConfigurationError(
        f"The setting {error.field_name!r} has a value that is not a {type_name}; see docs/settings.md."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
