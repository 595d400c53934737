"""Keep answers that dlt computes again in each run, and give it faster parts: a third of a small run's time.

An answer depends only on its arguments and on settings, which do not change while a run has its destination. Tests that
start another process do not use this.
"""

import copy
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
from dlt.common.destination import Destination
from dlt.common.schema import utils as schema_utils
from dlt.extract import extract
from typing_extensions import get_type_hints

Function = Callable[..., Any]


def remember() -> None:
    """Let dlt look at a type, and resolve a destination's settings, once."""
    is_secret_hint = _by_first_argument(base_configuration.is_secret_hint)
    for module in (base_configuration, environ, resolve):
        module.is_secret_hint = is_secret_hint  # type: ignore[attr-defined]
    validation.get_type_hints = _by_first_argument(get_type_hints)  # type: ignore[attr-defined]
    Destination.configuration = _configuration(Destination.configuration)
    Destination.capabilities = _capabilities(Destination.capabilities)
    # Tables of a schema are of plain values.
    schema_utils.deepcopy = lambda table: pickle.loads(pickle.dumps(table))  # type: ignore[attr-defined]  # noqa: S301  just dumped
    # What a run's trace says of its tables; nobody reads it here.
    extract.yaml = SimpleNamespace(dump=functools.partial(yaml.dump, Dumper=yaml.CDumper))  # type: ignore[attr-defined]


def _by_first_argument(function: Function) -> Function:
    """By its identity: some hints have no hash. It is kept, so that no other object can have it."""
    known: dict[int, tuple[Any, Any]] = {}

    def remembered(argument: Any, *others: Any, **named: Any) -> Any:
        if id(argument) not in known:
            known[id(argument)] = argument, function(argument, *others, **named)
        return known[id(argument)][1]

    return remembered


def _configuration(function: Function) -> Function:
    def remembered(self: Any, initial_config: Any, accept_partial: bool = False) -> Any:
        key = ("configuration", accept_partial, tuple((initial_config or {}).items()))
        try:
            found = self.__dict__.setdefault("_remembered", {}).get(key)
        except TypeError:
            return function(self, initial_config, accept_partial)
        if found is None:
            found = self._remembered[key] = function(self, initial_config, accept_partial)
        return copy.copy(found)

    return remembered


def _capabilities(function: Function) -> Function:
    def remembered(self: Any, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return function(self, config, naming)
        key = ("capabilities", type(naming))
        known = self.__dict__.setdefault("_remembered", {})
        if key not in known:
            known[key] = function(self, config, naming)
        return copy.deepcopy(known[key])

    return remembered
