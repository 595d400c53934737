"""Lets a destination of dlt resolve its settings once: dlt does it some 70 times in a run.

The settings of a run do not change while it runs, and each command builds its own destination.
"""

import copy
from typing import Any

from dlt.common.destination import AnyDestination as AnyDltDestination


def resolve_settings_once(factory: AnyDltDestination) -> None:
    """Let `configuration` and `capabilities` of this destination return copies of their first result."""
    resolve, describe = factory.configuration, factory.capabilities
    resolved: dict[Any, Any] = {}
    described: dict[Any, Any] = {}

    def configuration(initial_config: Any, accept_partial: bool = False) -> Any:  # noqa: FBT001, FBT002  as dlt calls it
        try:
            key = accept_partial, type(initial_config), tuple((initial_config or {}).items())
            known = resolved.get(key)
        except TypeError:
            # A value without a hash.
            return resolve(initial_config, accept_partial)
        if known is None:
            known = resolved[key] = resolve(initial_config, accept_partial)
        return copy.copy(known)

    def capabilities(config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return describe(config, naming)
        if type(naming) not in described:
            described[type(naming)] = describe(config, naming)
        return copy.deepcopy(described[type(naming)])

    factory.configuration = configuration  # type: ignore[method-assign]
    factory.capabilities = capabilities  # type: ignore[method-assign]
