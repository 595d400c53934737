"""The reference's table "Errors", with what a user of the connector can do about each row."""

from collections.abc import Mapping
from types import MappingProxyType

from liine_source.spec.types import Status

STATUSES: tuple[Status, ...] = (
    Status(
        code=400,
        name="Bad Request",
        meaning="The API rejects the request; its response usually says why.",
        remedy="Check the values under [sources.liine.filters]. Run again without filters to see whether one of "
        "them is the cause.",
    ),
    Status(
        code=401,
        name="Unauthorized",
        meaning="The token is wrong or has expired.",
        remedy="Check username and password under [sources.liine.credentials] in .dlt/secrets.toml, and that they work "
        "on the Liine dashboard.",
    ),
    Status(
        code=403,
        name="Forbidden",
        meaning="The user may not access this.",
        remedy="Check the customer id in customer_ids. If it is right, ask Liine support to grant this user access.",
    ),
    Status(
        code=404,
        name="Not Found",
        meaning="There is nothing at this address.",
        remedy="Check base_url, which is Liine's own host by default. If it is right, ask Liine support for the "
        "customer id.",
    ),
    Status(
        code=405,
        name="Method Not Allowed",
        meaning="The address does not accept this method.",
        remedy="Check base_url, and that no proxy redirects the request. If neither helps, upgrade liine-source.",
    ),
    Status(
        code=406,
        name="Not Acceptable",
        meaning="The request asked for a format other than JSON.",
        remedy="Check that no proxy changes the Accept header.",
    ),
    Status(
        code=500,
        name="Internal Server Error",
        meaning="The API failed.",
        remedy="Run again later: the next run continues where the last complete one ended. If the error persists, send "
        "the time and the customer id to Liine support.",
    ),
    Status(
        code=503,
        name="Service Unavailable",
        meaning="The API is offline for maintenance.",
        remedy="Run again after the maintenance: the next run continues where the last complete one ended.",
    ),
)

STATUSES_BY_CODE: Mapping[int, Status] = MappingProxyType({status.code: status for status in STATUSES})
