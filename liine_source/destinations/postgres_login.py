"""How Postgres is reached: every form that libpq accepts, read once and passed on alike to dlt, ADBC and dbt.

dlt itself wants a user and a password, and writes an address in which a blank or a percent sign means something else.
Here everything may be left out that libpq finds elsewhere: a socket, a service file, a password file, a certificate.
"""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from dlt.common.configuration import configspec
from dlt.common.configuration.specs.exceptions import InvalidConnectionString
from dlt.common.typing import TSecretStrValue
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials

from liine_source.warehouse import privileges

# An address with a password in which characters are not encoded: it ends at the last @.
_RAW_PASSWORD = re.compile(r"(postgres(?:ql)?://)([^:/@]*):(.*)@([^@]*)", re.DOTALL)
_PORT = 5432
# As SQLAlchemy names a driver.
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")
# What a connection shares with the next; libpq knows all of these from version 13 on.
_SHARED_PARAMETERS = (
    *("host", "hostaddr", "port", "user", "dbname", "options", "connect_timeout", "client_encoding"),
    *("application_name", "target_session_attrs", "channel_binding", "gssencmode", "krbsrvname"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl"),
)
# libpq's variables of what dbt's profile does not set (PostgreSQL's manual, "Environment Variables").
_VARIABLES = {
    "hostaddr": "PGHOSTADDR",
    "options": "PGOPTIONS",
    "client_encoding": "PGCLIENTENCODING",
    "application_name": "PGAPPNAME",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
}


@configspec(init=False)
class PostgresLogin(PostgresCredentials):
    """Where the database is, and who connects; what is None is left to libpq."""

    database: str | None = None  # type: ignore[assignment]
    username: str | None = None  # type: ignore[assignment]
    password: TSecretStrValue | None = None  # type: ignore[assignment]
    host: str | None = None  # type: ignore[assignment]
    port: int | None = None  # type: ignore[assignment]

    def parse_native_representation(self, native_value: Any) -> None:
        """Take an address (`postgresql://…`) or libpq's `key=value` words. Raises InvalidConnectionString."""
        found = read_address(native_value) if isinstance(native_value, str) else None
        if found is None:
            # Without the text, which may hold a password.
            raise InvalidConnectionString(type(self), "", self.drivername)
        self.username, self.password, self.database = (found.pop(name, None) for name in ("user", "password", "dbname"))
        if "," not in found.get("host", "") + found.get("port", ""):
            self.host = found.pop("host", None)
            self.port = int(found.pop("port")) if found.get("port") else None
        self.connect_timeout = int(found.pop("connect_timeout", self.connect_timeout))
        self.query = found or None

    def resolve(self) -> "PostgresLogin":
        """Keep blanks around a password, which dlt takes away; a file may have ended it with a line end."""
        password = self.password
        super().resolve()
        self.password = password.strip("\r\n") if password else password
        return self

    def get_query(self) -> dict[str, Any]:
        """Return the parameters of each connection; ADBC sends UTF-8 whatever the server expects."""
        own = {"application_name": f"liine-source {os.getpid()}"}
        return own | super().get_query() | {"client_encoding": "UTF8"}

    @property
    def service(self) -> str | None:
        """The entry of a service file, if one says where the database is."""
        return self.get_query().get("service") or (None if self.database else os.environ.get("PGSERVICE"))

    @property
    def database_name(self) -> str | None:
        """The name of the database, unless a service file has it."""
        return self.database or os.environ.get("PGDATABASE")

    @property
    def place(self) -> str:
        """Host, port and database, or the service, for people."""
        if self.service:
            return f"service={self.service}"
        query = self.get_query()
        host = self.host or query.get("host") or query.get("hostaddr") or os.environ.get("PGHOST") or "[local]"
        port = self.port or query.get("port") or os.environ.get("PGPORT") or _PORT
        return f"{host}:{port}/{self.database_name}"

    def to_native_representation(self) -> str:
        """Return an address that libpq reads as it was meant."""
        login = "" if self.username is None else quote(self.username, safe="")
        password = f":{quote(self.password, safe='')}" if self.password else ""
        host = "" if self.host is None else quote(self.host, safe="")
        if ":" in (self.host or ""):
            host = f"[{self.host}]"
        port = f":{self.port}" if self.port else ""
        query = urlencode({name: str(value) for name, value in self.get_query().items()}, quote_via=quote)
        user = f"{login}{password}@" if login or password else ""
        return f"postgresql://{user}{host}{port}/{quote(self.database or '', safe='')}?{query}"


@configspec
class PostgresLoginConfiguration(PostgresClientConfiguration):
    """dlt's configuration of the destination, with our login."""

    credentials: PostgresLogin = None  # type: ignore[assignment]

    def data_location(self) -> str:
        """Return where the database is."""
        return self.credentials.place


def read_address(text: str) -> dict[str, str] | None:
    """Return the parameters of an address or of `key=value` words, by libpq's names; None where it cannot be read.

    A password with characters that should have been encoded is understood where it can be.
    """
    text = _DRIVER.sub(r"\1://", text.strip())
    found = _parse(text)
    if (found is None or _is_misread(text, found)) and (raw := _RAW_PASSWORD.fullmatch(text)):
        start, user, password, rest = raw.groups()
        found = _parse(f"{start}{quote(unquote(user), safe='')}:{quote(unquote(password), safe='')}@{rest}")
    return found


def _parse(text: str) -> dict[str, str] | None:
    import psycopg2  # noqa: PLC0415  it needs the extra
    from psycopg2.extensions import parse_dsn  # noqa: PLC0415  as above

    try:
        return dict(parse_dsn(text))
    except psycopg2.Error:
        return None


def _is_misread(text: str, found: Mapping[str, str]) -> bool:
    """Whether a password's / or @ ended it: the host has an @, or an address with an @ has no user."""
    has_login = "@" in text.partition("?")[0]
    return "://" in text and ("@" in found.get("host", "") or (has_login and "user" not in found))


def connection_parameters(connection: Any, login: PostgresLogin) -> dict[str, str]:
    """Return what an open connection of psycopg2 was made with, for other clients, by libpq's names.

    Other builds of libpq look for sockets and service files in other folders, so they are told what was found.
    """
    used = connection.info.dsn_parameters
    found = {name: used[name] for name in _SHARED_PARAMETERS if used.get(name)}
    # Of several hosts the one that was found.
    found |= {"host": connection.info.host, "port": str(connection.info.port)}
    given = {name: str(value) for name, value in login.get_query().items() if name not in {*found, "service"}}
    with connection.cursor() as cursor:
        cursor.execute("select current_user, session_user")
        role, login = cursor.fetchone()
    options = [found["options"]] if "options" in found else []
    if role != login:
        escaped = role.replace("\\", "\\\\").replace(" ", "\\ ")
        options.append(f"-crole={escaped}")
    if connection.server_version >= privileges.STAY_IDLE_SINCE:
        # From the first moment: between connecting and the first statement a session is idle.
        options.append("-cidle_session_timeout=0")
    if options:
        found["options"] = " ".join(options)
    password = {"password": connection.info.password} if connection.info.password else {}
    return given | found | password


def dbt_variables(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a connection as environment variables: those of dbt's profile, and libpq's."""
    prefix = "DESTINATION__POSTGRES__CREDENTIALS__"
    profile = {"host": "HOST", "port": "PORT", "user": "USERNAME", "password": "PASSWORD", "dbname": "DATABASE"}
    own = {prefix + name: parameters.get(key, "") for key, name in profile.items()}
    return own | {name: parameters[key] for key, name in _VARIABLES.items() if key in parameters}
