"""An incremental ELT connector for the Liine interaction API; these names are public, nothing else is promised."""

import logging as _logging

from liine_source.auth import LiineCredentials
from liine_source.errors import ConfigurationError, LiineError, SyncFailedError
from liine_source.loading import build_pipeline
from liine_source.query import Filters
from liine_source.runs import (
    backfill,
    check,
    plan,
    raise_for_failures,
    status,
    sync,
    units,
    verify,
)
from liine_source.settings import configured_customers
from liine_source.source import liine

# Without this, Python would print warnings where nobody has set up logging.
_logging.getLogger(__name__).addHandler(_logging.NullHandler())

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
    "liine",
    "plan",
    "raise_for_failures",
    "status",
    "sync",
    "units",
    "verify",
]
