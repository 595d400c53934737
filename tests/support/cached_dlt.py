"""Caches results that dlt computes again in each run, which takes a third of a small run's time.

A result depends only on its arguments and on settings, which do not change while a run has its destination. Tests that
start another process do not use this.
"""

import functools
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import yaml
from dlt.common import validation
from dlt.common.configuration import resolve
from dlt.common.configuration.providers import environ
from dlt.common.configuration.specs import base_configuration
from dlt.common.schema import utils as schema_utils
from dlt.extract import extract
from typing_extensions import get_type_hints

Function = Callable[..., Any]


def cache_answers() -> None:
    """Make dlt check each type only once."""
    is_secret_hint = _by_first_argument(base_configuration.is_secret_hint)
    for module in (base_configuration, environ, resolve):
        module.is_secret_hint = is_secret_hint  # type: ignore[attr-defined]
    validation.get_type_hints = _by_first_argument(get_type_hints)  # type: ignore[attr-defined]
    # The tables of a schema have plain values only.
    schema_utils.deepcopy = lambda table: pickle.loads(pickle.dumps(table))  # type: ignore[attr-defined]  # noqa: S301  just dumped
    # The trace describes the tables in YAML, which no test reads.
    extract.yaml = SimpleNamespace(dump=functools.partial(yaml.dump, Dumper=yaml.CDumper))  # type: ignore[attr-defined]


def _by_first_argument(function: Function) -> Function:
    """Cache by the argument's id, since some hints have no hash; keep the argument, so that its id stays taken."""
    results: dict[int, tuple[Any, Any]] = {}

    def cached(argument: Any, *others: Any, **named: Any) -> Any:
        if id(argument) not in results:
            results[id(argument)] = argument, function(argument, *others, **named)
        return results[id(argument)][1]

    return cached
