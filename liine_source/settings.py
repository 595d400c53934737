"""The settings of a run: read from dlt, checked before anything is requested or written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Annotated, Any, Protocol

import dlt
import msgspec
from dlt.common.configuration import configspec, resolve_configuration, with_config
from dlt.common.configuration.inject import get_fun_spec
from dlt.common.configuration.providers import ConfigTomlProvider, EnvironProvider
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.runtime.run_context import RunContext
from dlt.common.typing import ConfigValueSentinel, SecretSentinel, TSecretStrValue

from liine_source import privacy, query, setting_checks, windows
from liine_source.auth import LiineCredentials
from liine_source.client import LiineClient, checked_base_url
from liine_source.errors import ConfigurationError, LiineError
from liine_source.privacy import Key, Privacy, Treatment
from liine_source.query import Filters, FiltersSetting
from liine_source.setting_checks import SECTIONS, Declared
from liine_source.spec.endpoints import HOST, MAX_PAGE_SIZE
from liine_source.sweep import Audit

# Destinations that several runs may load into at once.
MANY_WRITERS = frozenset({"postgres", "snowflake"})


@configspec
class _Secrets(BaseConfiguration):
    """Never arguments: those may show in a shell's history or a scheduler's page.

    By their types dlt knows what they are, and leaves them out of its trace.
    """

    personal_data_key: TSecretStrValue | None = None
    personal_data_old_keys: Annotated[dict[str, str], SecretSentinel] | None = None


def _secrets() -> _Secrets:
    return resolve_configuration(_Secrets(), sections=SECTIONS)


def _untrace_filters() -> None:
    """Take filters out of what dlt writes into its trace: they may hold a phone number or a patient's.

    Were they of a secret type, dlt would read them from `secrets.toml` alone.
    """
    found = get_resolved_traces()
    for traces in (found.resolved_traces, found.all_traces):
        traces[:] = [trace for trace in traces if trace.key != "filters"]


class Observer(Protocol):
    """Follows a run. With an observer, a customer that fails is reported to it and the others are loaded."""

    def divided(self, audit: Audit, windows: int) -> None:
        """A history has been counted, `audit.expected`, and will be read in so many windows."""

    def received(self, audit: Audit, rows: int) -> None:
        """A page of a sweep has brought `rows` interactions."""

    def ended(self, audit: Audit, error: LiineError | None) -> None:
        """A sweep has ended, with `error` if it is not complete."""

    def built(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        """All sweeps have ended: rows by table, fields that the reference does not have, values dropped by field."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, checked."""

    customer_ids: list[int]
    credentials: LiineCredentials
    base_url: str
    filters: Filters
    since: date | None
    until: date | None
    page_size: int
    max_concurrency: int
    reread_days: int
    reread_every_days: int
    privacy: Privacy = field(default_factory=Privacy)
    keys: Mapping[str, Key] = field(default_factory=dict)
    keep_run_results: bool = False
    observer: Observer | None = None
    failures: list[tuple[int, LiineError]] = field(default_factory=list)

    def open_client(self) -> LiineClient:
        """Return a client of the API for as many requests at once; nothing is requested yet, and the caller closes it.

        Raises ConfigurationError where a credential is missing.
        """
        return LiineClient(self.credentials, self.base_url, connections=self.max_concurrency)


def checked_settings(**given: Any) -> Settings:
    """Return the settings of the source `liine`, those not given read from dlt's; raises ConfigurationError."""
    check(given)
    return _resolved(**given)


def check(given: Mapping[str, Any]) -> None:
    """Check the arguments `given` and what is written in dlt's files and the environment; raises ConfigurationError.

    dlt itself passes over names that it does not know, and values of some other types.
    """
    told = {name: value for name, value in given.items() if not isinstance(value, ConfigValueSentinel)}
    # Code alone can follow a run.
    told.pop("observer", None)
    setting_checks.check(_declared(), told)


@cache
def _declared() -> Declared:
    """What dlt reads for the source, as its own specs have it."""
    specs = (get_fun_spec(_resolved), _Secrets, LiineCredentials)
    return Declared(*(spec.get_resolvable_fields() for spec in specs))


@with_config(sections=SECTIONS)
def _resolved(
    customer_ids: list[int] = dlt.config.value,
    credentials: LiineCredentials = dlt.secrets.value,
    base_url: str = HOST,
    filters: FiltersSetting | None = None,
    since: date | None = None,
    until: date | None = None,
    personal_data: Treatment = "keep",
    personal_data_fields: dict[str, Treatment] | None = None,
    personal_data_key_id: str = "1",
    page_size: int = MAX_PAGE_SIZE,
    max_concurrency: int = 4,
    reread_days: int = 90,
    reread_every_days: int = 7,
    observer: Observer | None = None,
    *,
    keep_run_results: bool = False,
) -> Settings:
    """Return the settings; `keep_run_results` is of `runs` alone."""
    _untrace_filters()
    ids = list(dict.fromkeys(customer_ids))
    if not ids or any(type(customer) is not int or customer < 1 for customer in ids):
        raise ConfigurationError("customer_ids must be a list of at least one customer id, each a positive integer.")
    secrets = _secrets()
    key = privacy.checked_key(secrets.personal_data_key, personal_data_key_id)
    old = secrets.personal_data_old_keys or {}
    keys = [key, *(privacy.checked_key(str(secret), str(name)) for name, secret in old.items())]
    if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ConfigurationError(f"page_size must be 1 to {MAX_PAGE_SIZE}: the API caps it there.")
    if type(max_concurrency) is not int or not 1 <= max_concurrency <= 64:
        raise ConfigurationError("max_concurrency must be 1 to 64.")
    if any(type(days) is not int or days < 0 for days in (reread_days, reread_every_days)):
        raise ConfigurationError("reread_days and reread_every_days must be whole numbers of days, 0 or more.")
    first, last = windows.checked_dates(since, until)
    return Settings(
        customer_ids=ids,
        credentials=credentials,
        base_url=checked_base_url(base_url),
        filters=query.validated(filters),
        since=first,
        until=last,
        page_size=page_size,
        max_concurrency=max_concurrency,
        reread_days=reread_days,
        reread_every_days=reread_every_days,
        privacy=privacy.checked(personal_data, personal_data_fields, key),
        keys={one.key_id: one for one in keys if one},
        keep_run_results=keep_run_results,
        observer=observer,
    )


def configured_customers() -> list[int]:
    """Return `customer_ids` as the environment or `.dlt/config.toml` has them; none if neither does.

    For a scheduler that parses its file: to ask dlt's settings would read its secrets, too. Raises ConfigurationError
    where they are no list of ids.
    """
    context = RunContext(None)
    for provider in (EnvironProvider(), ConfigTomlProvider(context.settings_dir, context.global_dir)):
        for depth in (len(SECTIONS), len(SECTIONS) - 1):
            value, _ = provider.get_value("customer_ids", list, "", *SECTIONS[:depth])
            if value is not None:
                return _ids(value)
    return []


def _ids(value: Any) -> list[int]:
    try:
        return msgspec.convert(msgspec.json.decode(value) if isinstance(value, str) else value, list[int])
    except msgspec.MsgspecError:
        raise ConfigurationError("customer_ids must be a list such as [1234].") from None
