"""An incremental ELT connector for the Liine interaction API. Only these names are public.

They are imported when they are first used, as dlt alone takes a second: `liine --help` must not wait for it.
"""

import importlib as _importlib
import logging as _logging
import typing as _typing

from liine_source.garbage_collection import collect_rarely as _collect_rarely

if _typing.TYPE_CHECKING:
    from liine_source.api.auth import LiineCredentials
    from liine_source.api.query import Filters
    from liine_source.commands.backfill import backfill
    from liine_source.commands.check import check
    from liine_source.commands.erase import erase
    from liine_source.commands.export_erasures import export_erasures
    from liine_source.commands.import_erasures import import_erasures
    from liine_source.commands.partitions import plan_partitions
    from liine_source.commands.plan import plan
    from liine_source.commands.probe import probe
    from liine_source.commands.report import report
    from liine_source.commands.reset import reset
    from liine_source.commands.status import status
    from liine_source.commands.sync import sync
    from liine_source.commands.sync_report import raise_for_failures
    from liine_source.commands.verify import verify
    from liine_source.errors import ConfigurationError, LiineError, SyncFailedError
    from liine_source.load.pipeline import build_pipeline
    from liine_source.settings import configured_customers, configured_destination
    from liine_source.source import liine

# Without this, Python would print warnings where no logging is configured.
_logging.getLogger(__name__).addHandler(_logging.NullHandler())

_MODULES = {
    "ConfigurationError": "errors",
    "Filters": "api.query",
    "LiineCredentials": "api.auth",
    "LiineError": "errors",
    "SyncFailedError": "errors",
    "backfill": "commands.backfill",
    "build_pipeline": "load.pipeline",
    "check": "commands.check",
    "configured_customers": "settings",
    "configured_destination": "settings",
    "erase": "commands.erase",
    "export_erasures": "commands.export_erasures",
    "import_erasures": "commands.import_erasures",
    "liine": "source",
    "plan": "commands.plan",
    "plan_partitions": "commands.partitions",
    "probe": "commands.probe",
    "raise_for_failures": "commands.sync_report",
    "report": "commands.report",
    "reset": "commands.reset",
    "status": "commands.status",
    "sync": "commands.sync",
    "verify": "commands.verify",
}

__all__ = [
    "ConfigurationError",
    "Filters",
    "LiineCredentials",
    "LiineError",
    "SyncFailedError",
    "backfill",
    "build_pipeline",
    "check",
    "configured_customers",
    "configured_destination",
    "erase",
    "export_erasures",
    "import_erasures",
    "liine",
    "plan",
    "plan_partitions",
    "probe",
    "raise_for_failures",
    "report",
    "reset",
    "status",
    "sync",
    "verify",
]


def __getattr__(name: str) -> _typing.Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _collect_rarely():
        found = getattr(_importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
