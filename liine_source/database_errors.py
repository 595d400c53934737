"""What databases and the machine say when they fail, and what mends it.

Their own sentences may quote rows, so none is passed on: only names of tables, columns, constraints, roles, databases
and files, and those only from messages of a kind that holds no value.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from liine_source.documentation import page

_DESTINATIONS = {"psycopg2": "postgres", "adbc_driver_manager": "postgres", "_duckdb": "duckdb", "duckdb": "duckdb"}
_DESTINATIONS |= {"snowflake": "snowflake"}
# Codes of errors in which nothing was sent yet but a login.
_CONNECTING = {"08001", "250001", "250003"}
_NAME = r"[\"']?(?P<name>[^\"'\s]+)[\"']?"
_QUOTED = r"\"(?P<name>[^\"]+)\""
# Not with a query, which may hold a token.
_DUCKDB_FILE = r"file \"(?P<name>[^\"?]+)\"(?:.*\((?P<process>PID \d+)\))?"

# Also where a commit fails for want of memory, which is another exception.
DUCKDB_MEMORY_IS_USED_UP = r"of size \S+ \w+ \(.+ used\)"

_GONE = (
    "Somebody has dropped or renamed it: rename it back, or let `liine sync` create it again. If that ends with this "
    "error too, load into another dataset with --dataset."
)
_TYPES = f"Give it the type of {page('fields')} again: ALTER TABLE … ALTER COLUMN … TYPE …;"
_LOGIN = "Correct user name, password or key under [{section}]; {page} has the ways to log in."
_AUTHORITY = "Set sslrootcert, in the address or in query, to the file of the authority that has signed it."
_FILE = "Correct DESTINATION__DUCKDB__CREDENTIALS: a relative path starts in the current folder."
_BUSY_FILE = "Close it, or wait until it has ended, then run again."
_LIFT = "An administrator can lift it for the role that loads: ALTER ROLE … SET {setting} = 0;"
_AGAIN = "It passes by itself: run again."


@dataclass(frozen=True, slots=True)
class _Cause:
    """A kind of failure: what it is, what mends it, and how it is recognized.

    `codes` are SQLSTATEs, Snowflake's numbers or names of exceptions; where an error has none of them, `words` is
    searched for in its message. `name` finds what it is about, in a message that holds no value. `is_setting`: the
    warehouse is in order, and a setting is wrong.
    """

    problem: str
    remedy: str
    codes: str = ""
    words: str | None = None
    name: str | None = None
    is_setting: bool = False


class Explanation(NamedTuple):
    """What failed and what mends it; `is_setting` where only a setting is wrong."""

    text: str
    is_setting: bool


_CAUSES = (
    # The login and the connection: Postgres gives no codes before there is a session.
    _Cause(
        "The warehouse refused the login.",
        _LOGIN,
        "28P01 390100 390144",
        "incorrect username or password|jwt token is invalid|password authentication failed|no password supplied|"
        "(?:ldap|pam|radius) authentication failed",
    ),
    _Cause(
        "The server lets nobody in this way: its pg_hba.conf has no entry for this user, host and database.",
        "Let its administrator add one. If it wants TLS, add sslmode=require to the address or to query.",
        words="no pg_hba.conf entry",
    ),
    _Cause(
        "Postgres wants the user of the operating system to be that of the role (peer authentication).",
        "Run as that user, set username under [{section}] to the right role, or set host to log in by password.",
        words="(?:peer|ident) authentication failed",
    ),
    _Cause(
        "The role {name} does not exist.",
        "Correct username under [{section}], or create it: CREATE ROLE {quoted} LOGIN;",
        words="role .* does not exist",
        name=f"role {_QUOTED} does not exist",
        is_setting=True,
    ),
    _Cause(
        "The database {name} does not exist.",
        "Correct database under [{section}], or create it: CREATE DATABASE {quoted};",
        "3D000",
        "database .* does not exist",
        f"database {_QUOTED} does not exist",
        is_setting=True,
    ),
    _Cause(
        "The service {name} is in no service file.",
        "Correct service in the address, or add it to ~/.pg_service.conf or to the file in PGSERVICEFILE.",
        words="definition of service|service file .* not found",
        name=f"definition of service {_QUOTED}",
        is_setting=True,
    ),
    _Cause(
        "The server's certificate could not be verified.", _AUTHORITY, words="root certificate file .* does not exist"
    ),
    _Cause("The server's certificate could not be verified.", _AUTHORITY, words="certificate verify failed"),
    _Cause(
        "The server's certificate is for another host.",
        "Set host under [{section}] to a name that the certificate has.",
        words="does not match host name",
    ),
    _Cause(
        "The server wants a certificate of the client.",
        "Set sslcert and sslkey, in the address or in query, to the files of a certificate and its key.",
        words="requires a valid client certificate|tlsv13 alert certificate required",
    ),
    _Cause(
        "The certificate of the client, or its key, cannot be used.",
        "Set sslcert and sslkey, in the address or in query, to files that only their owner can read: chmod 600.",
        words="private key file|could not read certificate file|could not load .* certificate",
    ),
    _Cause(
        "The name in the client's certificate is not that of the role.",
        "Set username under [{section}] to that name, or sslcert and sslkey to the role's certificate.",
        words="certificate authentication failed",
    ),
    _Cause(
        "The role {name} may not connect.",
        "Let an administrator run: ALTER ROLE {quoted} LOGIN; GRANT CONNECT ON DATABASE … TO {quoted};",
        words="is not permitted to log in|permission denied for database",
        name=f"role {_QUOTED} is not",
    ),
    _Cause(
        "A parameter of the connection has a value that libpq does not take.",
        "Correct it in the address, in query, or in the service file.",
        words="invalid [a-z_ ]*value: |invalid connection option|invalid port number",
        is_setting=True,
    ),
    _Cause(
        "A pooler before Postgres refuses a parameter that the connector needs.",
        "Set host and port under [{section}] to those of the server itself.",
        words="unsupported startup parameter",
    ),
    _Cause(
        "The server has no TLS, and sslmode asks for it.",
        "Let its administrator turn it on (ssl = on).",
        words="server does not support ssl",
    ),
    _Cause(
        "There are too many connections to the server, or of this role.",
        "Run fewer loads at once, or let an administrator raise max_connections or the role's limit: ALTER ROLE … "
        "CONNECTION LIMIT -1;",
        "53300",
        "too many connections|too many clients|connection slots are reserved",
    ),
    _Cause(
        "The host of the warehouse is unknown.",
        "Correct host under [{section}].",
        words="could not translate host|name or service not known|nodename nor servname",
        is_setting=True,
    ),
    _Cause(
        "The server is starting, or is being stopped.",
        _AGAIN,
        "57P01 57P02 57P03",
        "the database system is|administrator command",
    ),
    _Cause(
        "The warehouse could not be reached, or the connection to it was lost.",
        "Check host and port under [{section}], and that the server runs and lets this machine in; then run again.",
        "08000 08003 08004 08006",
        "could not connect|connection refused|connection reset|closed the connection|timeout expired|"
        "connection to server|connection timed out|no route to host",
    ),
    # What is not there, or hidden.
    _Cause("The table {name} does not exist.", _GONE, "42P01", name=f"relation {_QUOTED} does not exist"),
    _Cause("The table {name} does not exist.", _GONE, "CatalogException", name=f"with name {_NAME} does not exist"),
    _Cause("The schema {name} does not exist.", _GONE, "3F000", name=f"schema {_QUOTED} does not exist"),
    _Cause(
        "The column {name} does not exist.",
        _GONE,
        "42703 BinderException 904",
        name=rf"(?:.*column named|invalid identifier|column|referenced table) {_NAME}",
    ),
    _Cause(
        "The table or schema {name} does not exist, or is hidden from the role.",
        "Run `liine sync` if nothing was loaded yet. Else grant the role usage on the schema and the privileges on its "
        "tables; {page}.",
        "2003 2043",
        name=f"object {_NAME} does not exist",
    ),
    _Cause(
        "No warehouse of Snowflake is selected, or the role may not use it.",
        "Set warehouse under [{section}], and let an administrator run: GRANT USAGE ON WAREHOUSE … TO ROLE …;",
        "606",
        "no active warehouse",
    ),
    _Cause(
        "The role lacks a privilege on {name}, or is not its owner.",
        "Let an administrator grant it, or make the role a member of the owner: GRANT … TO …; {page} "
        "has the privileges of a role that loads.",
        "42501 3001",
        name=rf"(?:permission denied for|must be owner of|operate on) \w+ {_NAME}",
    ),
    # Rows that the warehouse refuses.
    _Cause(
        "The column {name} has another type than the connector gave it.",
        _TYPES,
        "42804",
        name=f"column {_QUOTED}",
    ),
    _Cause(
        "A value does not fit its column: somebody has changed the column's type, or made it shorter.",
        _TYPES,
        "22001 22003 22007 22008 22P02 22P03 ConversionException OutOfRangeException 100035 100038 100078",
    ),
    _Cause(
        "{name} refuses rows that the API returns.",
        "Somebody has added it. Remove it: {statement}",
        "23502 23503 23505 23514 23P01",
    ),
    _Cause(
        "A constraint refuses rows that the API returns.",
        "Somebody has added it; FROM duckdb_constraints(); lists all. Load into another dataset with --dataset.",
        "ConstraintException",
    ),
    _Cause(
        "A trigger on a table of the dataset has raised an error.",
        "Somebody has added it; SELECT * FROM information_schema.triggers; lists all. DROP TRIGGER … ON …;",
        "P0001",
    ),
    _Cause(
        "The database's encoding cannot hold a text that the API returns.",
        "Load into another: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0;",
        "22P05 22021",
    ),
    # Limits.
    _Cause(
        "A statement took longer than statement_timeout, or an administrator has ended it.",
        _LIFT.replace("{setting}", "statement_timeout"),
        "57014",
    ),
    _Cause("A lock took longer than lock_timeout.", _LIFT.replace("{setting}", "lock_timeout"), "55P03"),
    _Cause(
        "A session was idle for longer than idle_in_transaction_session_timeout.",
        _LIFT.replace("{setting}", "idle_in_transaction_session_timeout"),
        "25P03",
    ),
    _Cause(
        "Another session has changed the same rows at the same time.",
        _AGAIN,
        "40001 40P01 SerializationException",
        # DuckDB raises the same exception where a commit cannot be written.
        "transaction conflict|conflict on (update|tuple)|write-write conflict",
    ),
    _Cause(
        "The warehouse is read-only.",
        "Set the address of the primary, or let an administrator run: ALTER ROLE … SET default_transaction_read_only = "
        "off;",
        "25006",
    ),
    _Cause(
        "The disk is full.",
        "Make room on the warehouse's disk, or on this machine's.",
        "53100",
        "no space left|file too large|disk full|quota exceeded",
    ),
    _Cause(
        "DuckDB's memory is used up.",
        """Allow it more: DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG='{{"memory_limit": "1GB"}}'.""",
        "OutOfMemoryException",
        DUCKDB_MEMORY_IS_USED_UP,
    ),
    _Cause("The memory of Postgres's server is used up.", "Let its administrator look into it.", "53200"),
    # Files.
    _Cause(
        "Another program{process} has the warehouse's file {name} open, perhaps another run.",
        _BUSY_FILE,
        words="set lock on file|database is locked",
        name=_DUCKDB_FILE,
    ),
    _Cause(
        "The warehouse's file was written by another version of DuckDB.",
        "Install that version or a newer one: pip install --upgrade duckdb.",
        words="database file with version number",
    ),
    _Cause(
        "The warehouse's file {name} is not a DuckDB file.",
        _FILE,
        words="not a valid duckdb",
        name=_DUCKDB_FILE,
        is_setting=True,
    ),
    _Cause(
        "This user cannot write to the warehouse or to dlt's folder{place}.",
        "Change the permissions, or set another file in DESTINATION__DUCKDB__CREDENTIALS or another folder in "
        "DLT_DATA_DIR.",
        words="read-only|read only|permission denied|not permitted",
    ),
    _Cause(
        "The warehouse's file {name} cannot be opened: its folder does not exist, or it is no file.",
        _FILE,
        words="io error: .*(?:no such file|not a directory|is a directory|cannot open file)",
        name=_DUCKDB_FILE,
        is_setting=True,
    ),
    _Cause(
        "A file or folder does not exist, or cannot be created{place}.",
        "Correct the path: DLT_DATA_DIR is the folder of dlt's files.",
        words="no such file|not a directory",
    ),
)


def explain(causes: Iterable[BaseException]) -> Explanation | None:
    """Return what one of the causes is and what mends it, in our own words; None where none is known."""
    errors = list(causes)
    codes = {error: code for error in errors if (code := _code_of(error))}
    for error, code in codes.items():
        if found := next((cause for cause in _CAUSES if code in cause.codes.split()), None):
            return _describe(found, error, errors)
    if any(code not in _CONNECTING and code != type(error).__name__ for error, code in codes.items()):
        # The message may quote a row, and with it any word.
        return None
    for error in errors:
        text = str(error)
        for cause in _CAUSES:
            if cause.words and re.search(cause.words, text, re.IGNORECASE):
                return _describe(cause, error, errors)
    return None


def _code_of(error: BaseException) -> str | None:
    """Return the SQLSTATE of Postgres, the number of Snowflake or, for DuckDB, the name of the exception."""
    module = _module_of(error)
    if module == "snowflake":
        return str(getattr(error, "errno", None) or "") or None
    if module in {"_duckdb", "duckdb"}:
        return type(error).__name__
    return getattr(error, "pgcode", None) or getattr(error, "sqlstate", None)


def _module_of(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _describe(cause: _Cause, error: BaseException, errors: Sequence[BaseException]) -> Explanation:
    destination = next(filter(None, (_DESTINATIONS.get(_module_of(one)) for one in errors)), None)
    found = re.search(cause.name, str(error), re.IGNORECASE) if cause.name else None
    name, statement = _constraint(error) if "{statement}" in cause.remedy else (found and found["name"], "")
    path = next(filter(None, (getattr(one, "filename", None) for one in errors)), None)
    described = f"{cause.problem} {cause.remedy}".format(
        name=name or "in question",
        process=f" ({process})" if (process := found and found.groupdict().get("process")) else "",
        quoted=_quote(name) if name else "…",
        statement=statement,
        place=f" ({path})" if path else "",
        section=f"destination.{destination or '…'}.credentials",
        page=page(destination or "settings"),
    )
    return Explanation(described, cause.is_setting)


def _constraint(error: Any) -> tuple[str, str]:
    """Return a constraint of Postgres, and the statement that removes it; of its diagnosis only names."""
    diagnosis = getattr(error, "diag", None)
    table = ".".join(_quote(part) for part in (_part(diagnosis, "schema_name"), _part(diagnosis, "table_name")) if part)
    column, constraint = _part(diagnosis, "column_name"), _part(diagnosis, "constraint_name")
    if constraint:
        drop = f"ALTER TABLE {table} DROP CONSTRAINT {_quote(constraint)};"
        if getattr(error, "pgcode", None) == "23505":
            drop += f" For an index: DROP INDEX {_quote(_part(diagnosis, 'schema_name'))}.{_quote(constraint)};"
        return f"The constraint or index {constraint} of the table {table}", drop
    if column:
        return f"NOT NULL of the column {column} of the table {table}", (
            f"ALTER TABLE {table} ALTER COLUMN {_quote(column)} DROP NOT NULL;"
        )
    return "A constraint", "ALTER TABLE … DROP CONSTRAINT …;"


def _part(diagnosis: Any, name: str) -> str:
    return str(getattr(diagnosis, name, None) or "")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
