"""`liine check`: log in, and count each customer's interactions."""

from contextlib import closing
from dataclasses import dataclass
from typing import Unpack

from liine_source.api import query
from liine_source.api.client import LiineClient
from liine_source.error_translation import translate_errors
from liine_source.errors import ApiError, HostError, LoginRefusedError
from liine_source.settings import LiineOptions, Settings, resolve_settings


@dataclass(frozen=True, slots=True)
class CustomerAccess:
    """Whether a customer can be read, and how many interactions the API counts; `error` says why not."""

    customer_id: int
    count: int | None = None
    error: str | None = None


def check(**options: Unpack[LiineOptions]) -> list[CustomerAccess]:
    """Log in and count each customer's interactions, with one request each; nothing is loaded.

    Settings that are not in `options` are read from dlt's. Raises ConfigurationError,
    LoginRefusedError, or HostError where the host of `base_url` is not the API's.
    """
    with translate_errors():
        settings = resolve_settings(**options)
        with closing(settings.open_client()) as client:
            return [_check_customer(client, customer, settings) for customer in settings.customer_ids]


def _check_customer(client: LiineClient, customer: int, settings: Settings) -> CustomerAccess:
    parameters = [("customer_id", str(customer)), *query.encode_filters(settings.filters), ("limit", "1")]
    try:
        return CustomerAccess(customer, client.fetch_page(parameters, f"Customer {customer}").count)
    except (HostError, LoginRefusedError):
        raise
    except ApiError as error:
        return CustomerAccess(customer, error=str(error))
