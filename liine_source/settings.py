"""The settings of a run: declared once, read from dlt, and validated before anything is requested or written."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, Unpack, cast

import msgspec
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.providers import ConfigTomlProvider, EnvironProvider
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.runtime.run_context import RunContext
from dlt.common.typing import ConfigValueSentinel, SecretSentinel, TSecretStrValue

from liine_source import setting_checks
from liine_source.api import query
from liine_source.api.auth import LiineCredentials
from liine_source.api.hosts import host_of, validate_base_url
from liine_source.api.query import Filters, FiltersSetting
from liine_source.error_translation import raise_translated
from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key, parse_keys
from liine_source.privacy.normalization import DEFAULT_COUNTRY
from liine_source.privacy.policy import MaskingMode, PrivacyPolicy, validate_policy
from liine_source.setting_checks import SECTIONS, DeclaredSettings
from liine_source.spec.endpoints import HOST, MAX_PAGE_SIZE

if TYPE_CHECKING:
    from liine_source.api.client import ExchangeListener, LiineClient

DEFAULT_DESTINATION = "duckdb"
log = logging.getLogger(__name__)

_MAX_CONCURRENCY = 64
# Of a column of 64 bits.
_LARGEST_ID = 2**63 - 1
# Ten million interactions; a window whose count is the total has twenty pages at most.
_MAX_WINDOW_PAGES = 10_000
_MAX_WINDOW_ROWS = 100_000_000
# An Arrow column of text has 2 GB at most; a day; as many rows as a table of ids in memory can bear.
_LARGEST_BOUNDS = {
    "max_answer_mb": 1_000,
    "max_answer_seconds": 86_400,
    "max_window_pages": 10_000_000,
    "max_window_rows": 10_000_000_000,
}
# Set in files or the environment alone: arguments may show in a shell's history or on a scheduler's page.
_SECRETS = frozenset({"personal_data_key", "personal_data_old_keys"})


@configspec
class LiineSettings(BaseConfiguration):
    """Every setting under `[sources.liine]`, with its type and default; docs/settings.md describes them."""

    # dlt takes None without Optional as required.
    customer_ids: list[int] = None  # type: ignore[assignment]
    credentials: LiineCredentials = None  # type: ignore[assignment]
    base_url: str = HOST
    filters: FiltersSetting | None = None
    since: date | None = None
    until: date | None = None
    personal_data: MaskingMode = "keep"
    personal_data_fields: dict[str, MaskingMode] | None = None
    personal_data_key_id: str = "1"
    personal_data_key: TSecretStrValue | None = None
    personal_data_old_keys: Annotated[dict[str, str], SecretSentinel] | None = None
    phone_country: str = DEFAULT_COUNTRY
    page_size: int = MAX_PAGE_SIZE
    max_concurrency: int = 4
    lookback_days: int = 90
    lookback_every_days: int = 7
    max_answer_mb: int = 32
    max_answer_seconds: int = 300
    max_window_pages: int = _MAX_WINDOW_PAGES
    max_window_rows: int = _MAX_WINDOW_ROWS
    store_run_history: bool = False


class OptionsWithoutDays(TypedDict, total=False):
    """The settings that may be given as arguments; those left out are read from dlt's settings.

    customer_ids: Liine's internal customer ids; at least one.
    credentials: user name and password of a Liine account.
    base_url: where the API answers; `https`, or a loopback address.
    filters: any of the reference's 69 filters; with changed filters the history is loaded again.
    personal_data: `keep` loads every field as it is; `hash` loads personal ones as HMAC-SHA-256 under the secret
        `personal_data_key`; `drop` leaves them out (docs/privacy.md).
    personal_data_fields: exceptions, by the field's name.
    personal_data_key_id: the id of the key, which precedes each hash.
    phone_country: two letters of the account's country; phone numbers without a country code are from there.
    page_size: interactions per request, 1 to 1000.
    max_concurrency: requests at once, 1 to 64; reduced automatically where the API sends 429 or 503.
    lookback_days: how many of the last days are loaded again from time to time, for changes that do not move
        `updated_at`; 0 for none.
    lookback_every_days: how many days lie between two lookbacks.
    max_answer_mb: the largest answer of the API after decompression, in millions of bytes.
    max_answer_seconds: how long one answer may take, from the request to its last byte.
    max_window_pages: how many pages one window may take.
    max_window_rows: how many interactions the API may return or count for one window.
    store_run_history: whether `liine sync` and the other commands add each run to the tables `runs` and `run_steps`.
    """

    customer_ids: list[int]
    credentials: LiineCredentials | dict[str, str]
    base_url: str
    filters: Filters | None
    personal_data: MaskingMode
    personal_data_fields: dict[str, MaskingMode] | None
    personal_data_key_id: str
    phone_country: str
    page_size: int
    max_concurrency: int
    lookback_days: int
    lookback_every_days: int
    max_answer_mb: int
    max_answer_seconds: int
    max_window_pages: int
    max_window_rows: int
    store_run_history: bool


class LiineOptions(OptionsWithoutDays, total=False):
    """As `OptionsWithoutDays`, with the days to load.

    since: first day to load, by the interaction's start; None loads from the beginning. A day more may come.
    until: last day to load, included; None loads up to now. Up to two days more may come.
    """

    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, validated. `keys` are the current key and old ones, by id."""

    customer_ids: list[int]
    credentials: LiineCredentials
    base_url: str
    filters: Filters
    since: date | None
    until: date | None
    page_size: int
    max_concurrency: int
    lookback_days: int
    lookback_every_days: int
    policy: PrivacyPolicy = field(default_factory=PrivacyPolicy)
    keys: Mapping[str, Key] = field(default_factory=dict)
    store_run_history: bool = False
    max_window_pages: int = _MAX_WINDOW_PAGES
    max_window_rows: int = _MAX_WINDOW_ROWS
    max_answer_mb: int = LiineSettings.max_answer_mb
    max_answer_seconds: int = LiineSettings.max_answer_seconds

    def open_client(
        self, listener: "ExchangeListener | None" = None, on_wait: Callable[[str, float], None] | None = None
    ) -> "LiineClient":
        """Return a client of the API; nothing is requested yet, and the caller closes it. `on_wait` as in RunObserver.

        Raises ConfigurationError where a credential is missing.
        """
        # They take time to import, and `status` sends no request.
        from liine_source.api.answers import AnswerLimits  # noqa: PLC0415
        from liine_source.api.client import LiineClient  # noqa: PLC0415

        return LiineClient(
            self.credentials,
            self.base_url,
            connections=self.max_concurrency,
            limits=AnswerLimits(self.max_answer_mb, self.max_answer_seconds),
            listener=listener,
            on_wait=on_wait,
        )


def resolve_settings(**options: Unpack[LiineOptions]) -> Settings:
    """Return the settings: `options`, and for those left out dlt's. Raises ConfigurationError."""
    check_settings(options)
    given = {name: value for name, value in options.items() if not isinstance(value, ConfigValueSentinel)}
    found = resolve_configuration(LiineSettings(), sections=SECTIONS, explicit_value=given)
    _remove_filters_from_trace()
    settings = _validate(found)
    log.debug(
        "Settings: %d customers at %s, since %s, until %s, filters: %s, personal data: %s.",
        len(settings.customer_ids),
        host_of(settings.base_url),
        settings.since or "the beginning",
        settings.until or "now",
        ", ".join(sorted(settings.filters)) or "none",
        settings.policy.description,
    )
    return settings


def with_days(options: OptionsWithoutDays, since: date | None, until: date | None = None) -> LiineOptions:
    """Return `options` with the days that are given; None leaves them to dlt's settings."""
    found = cast("LiineOptions", dict(options))
    if since:
        found["since"] = since
    if until:
        found["until"] = until
    return found


def check_settings(options: Mapping[str, Any]) -> None:
    """Check `options`, and the names and types of what is set in dlt's files and the environment.

    dlt itself ignores names that it does not know, and accepts values of some other types. Raises ConfigurationError.
    """
    given = {name: value for name, value in options.items() if not isinstance(value, ConfigValueSentinel)}
    setting_checks.check(_declared_settings(), given)


@cache
def _declared_settings() -> DeclaredSettings:
    hints = LiineSettings.get_resolvable_fields()
    return DeclaredSettings(
        {name: hint for name, hint in hints.items() if name not in _SECRETS},
        {name: hint for name, hint in hints.items() if name in _SECRETS},
        LiineCredentials.get_resolvable_fields(),
    )


def _validate(found: LiineSettings) -> Settings:
    old_keys = {str(key_id): str(secret) for key_id, secret in (found.personal_data_old_keys or {}).items()}
    key, keys = parse_keys(found.personal_data_key, found.personal_data_key_id, old_keys)
    _require_whole_number("page_size", found.page_size, 1, MAX_PAGE_SIZE)
    _require_whole_number("max_concurrency", found.max_concurrency, 1, _MAX_CONCURRENCY)
    _require_whole_number("lookback_days", found.lookback_days, 0)
    _require_whole_number("lookback_every_days", found.lookback_every_days, 0)
    for name, most in _LARGEST_BOUNDS.items():
        _require_whole_number(name, getattr(found, name), 1, most)
    since, until = parse_dates(found.since, found.until)
    return Settings(
        customer_ids=_validate_customers(found.customer_ids),
        credentials=found.credentials,
        base_url=validate_base_url(found.base_url),
        filters=query.validate_filters(found.filters),
        since=since,
        until=until,
        page_size=found.page_size,
        max_concurrency=found.max_concurrency,
        lookback_days=found.lookback_days,
        lookback_every_days=found.lookback_every_days,
        policy=validate_policy(found.personal_data, found.personal_data_fields, key, found.phone_country),
        keys=keys,
        store_run_history=found.store_run_history,
        max_window_pages=found.max_window_pages,
        max_window_rows=found.max_window_rows,
        max_answer_mb=found.max_answer_mb,
        max_answer_seconds=found.max_answer_seconds,
    )


def _validate_customers(customer_ids: list[int]) -> list[int]:
    unique = list(dict.fromkeys(customer_ids))
    if not unique or any(type(customer) is not int or not 0 < customer <= _LARGEST_ID for customer in unique):
        raise ConfigurationError(
            "customer_ids must be a list of at least one customer id, each a positive integer, such as [1234]."
        )
    return unique


def _require_whole_number(name: str, value: Any, least: int, most: int | None = None) -> None:
    if type(value) is not int or value < least or (most is not None and value > most):
        allowed = f"{least} to {most}" if most is not None else f"a whole number of days, {least} or more"
        raise ConfigurationError(f"{name} must be {allowed}.")


def parse_dates(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    """Return both as dates. Raises ConfigurationError for another format, or where `since` is later than `until`."""
    first, last = _parse_date("since", since), _parse_date("until", until)
    if first and last and first > last:
        raise ConfigurationError("since must not be later than until.")
    # A day ahead, for time zones. From a day to come on there would be nothing to load, and nothing missing.
    if first and first > (datetime.now(UTC) + timedelta(days=1)).date():
        raise ConfigurationError("since must not be in the future.")
    return first, last


def _parse_date(name: str, value: date | str | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        problem = f"{name} must be a date such as 2024-01-31."
    raise ConfigurationError(problem)


def _remove_filters_from_trace() -> None:
    """Take filters out of dlt's trace: they may hold a phone number or a patient's id.

    With a secret type, dlt would read them from `secrets.toml` alone.
    """
    found = get_resolved_traces()
    for traces in (found.resolved_traces, found.all_traces):
        traces[:] = [trace for trace in traces if trace.key != "filters"]


def configured_customers() -> list[int]:
    """Return `customer_ids` from the environment or `.dlt/config.toml`; an empty list where neither sets them.

    For schedulers, which build their partitions while parsing: asking dlt would read its secrets as well. Raises
    ConfigurationError where the value is no list of ids.
    """
    for depth in (len(SECTIONS), len(SECTIONS) - 1):
        value = _read_config("customer_ids", list, *SECTIONS[:depth])
        if value is not None:
            return parse_customers(value)
    return []


def configured_destination() -> str:
    """Return the name of the destination in the environment or `.dlt/config.toml`; `duckdb` where neither sets it.

    For schedulers, as `configured_customers`; `liine init` writes it as `destination_type`.
    """
    return _read_config("destination_type", str) or DEFAULT_DESTINATION


def _read_config(name: str, hint: type, *sections: str) -> Any:
    context = RunContext(None)
    with raise_translated():
        for provider in (EnvironProvider(), ConfigTomlProvider(context.settings_dir, context.global_dir)):
            value, _ = provider.get_value(name, hint, "", *sections)
            if value is not None:
                return value
    return None


def parse_customers(value: Any) -> list[int]:
    """Return a list of customer ids, which may be JSON. Raises ConfigurationError."""
    try:
        return msgspec.convert(msgspec.json.decode(value) if isinstance(value, str) else value, list[int])
    except msgspec.MsgspecError:
        raise ConfigurationError("customer_ids must be a list such as [1234].") from None
