"""An incremental ELT connector for the Liine interaction API. Only these names are public."""

import logging as _logging

from liine_source.api.auth import LiineCredentials
from liine_source.api.query import Filters
from liine_source.commands.backfill import backfill
from liine_source.commands.check import check
from liine_source.commands.erase import erase
from liine_source.commands.partitions import plan_partitions
from liine_source.commands.plan import plan
from liine_source.commands.report import raise_for_failures
from liine_source.commands.status import status
from liine_source.commands.sync import sync
from liine_source.commands.verify import verify
from liine_source.errors import ConfigurationError, LiineError, SyncFailedError
from liine_source.load.pipeline import build_pipeline
from liine_source.settings import configured_customers
from liine_source.source import liine

# Without this, Python would print warnings where no logging is configured.
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
    "erase",
    "liine",
    "plan",
    "plan_partitions",
    "raise_for_failures",
    "status",
    "sync",
    "verify",
]
