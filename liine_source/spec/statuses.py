"""The reference's table "Errors", with what a user of the connector can do about each row."""

from collections.abc import Mapping
from types import MappingProxyType

from liine_source.spec.types import Status

STATUSES: tuple[Status, ...] = (
    Status(
        code=400,
        name="Bad Request",
        meaning="The API does not accept a parameter as it was sent; its answer often says which.",
        remedy="Check the values under [sources.liine.filters]; run again without filters to see if one of "
        "them is the cause.",
    ),
    Status(
        code=401,
        name="Unauthorized",
        meaning="The API does not know the token, or its time is up.",
        remedy="Check username and password under [sources.liine.credentials] in .dlt/secrets.toml, and that "
        "the same login works on the Liine dashboard.",
    ),
    Status(
        code=403,
        name="Forbidden",
        meaning="The login is good, but this is not granted to it.",
        remedy="Check the customer id in customer_ids; if it is right, ask Liine support to grant this user "
        "access to it.",
    ),
    Status(
        code=404,
        name="Not Found",
        meaning="Nothing is at this address.",
        remedy="Check base_url: left out, it is Liine's own host. If it is right, ask Liine support for the "
        "customer id.",
    ),
    Status(
        code=405,
        name="Method Not Allowed",
        meaning="The address exists and does not take this kind of request.",
        remedy="Check base_url, and that no proxy redirects the request; upgrade liine-source if neither helps.",
    ),
    Status(
        code=406,
        name="Not Acceptable",
        meaning="An answer in another format than JSON was asked for.",
        remedy="Check that no proxy between here and Liine rewrites the Accept header.",
    ),
    Status(
        code=500,
        name="Internal Server Error",
        meaning="The API failed on its own side.",
        remedy="Run again later; the next run starts where the last proven one ended. If it stays, send "
        "Liine support the time and the customer id.",
    ),
    Status(
        code=503,
        name="Service Unavailable",
        meaning="Maintenance: the API is switched off for a while.",
        remedy="Wait for the maintenance to end and run again; the next run starts where the last proven one ended.",
    ),
)

STATUSES_BY_CODE: Mapping[int, Status] = MappingProxyType({status.code: status for status in STATUSES})
