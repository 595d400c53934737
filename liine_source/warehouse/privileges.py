"""What a role of Postgres may do in a dataset, and the statements that let it do more.

Only the owner of a table can add a column or an index to it. So a role that loads acts as the role that owns
`interactions`, if it is a member of that role; what it creates then has the same owner, whichever role loads next.
"""

from dataclasses import dataclass
from typing import Any

import dlt

from liine_source.spec.tables import COLUMNS, INTERACTIONS
from liine_source.warehouse.catalog import OUR_TABLES

_ACT_AS_OWNER = """
select set_config('role', pg_get_userbyid(c.relowner), false)
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p')
and pg_get_userbyid(c.relowner) <> current_user and pg_has_role(session_user, c.relowner, 'member')
"""
# Stored rows are compared with received ones: a role may be set to read doubles with fewer digits.
_READ_ALL_DIGITS = "set extra_float_digits = 3"
# A session that only holds a lock is idle. The setting came with version 14.
_STAY_IDLE, STAY_IDLE_SINCE = "set idle_session_timeout = 0", 140_000
_SESSION = """
select current_user, session_user, d.datname, pg_encoding_to_char(d.encoding), pg_is_in_recovery(),
current_setting('transaction_read_only') = 'on', has_database_privilege(d.oid, 'create')
from pg_database as d where d.datname = current_database()
"""
_SCHEMA = """
select has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create') from pg_namespace where nspname = %s
"""
_TABLES = """
select c.relname, r.rolname, r.rolsuper,
has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'),
has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete')
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace join pg_roles as r on r.oid = c.relowner
where n.nspname = %s and c.relkind in ('r', 'p') order by c.relname
"""


@dataclass(frozen=True, slots=True)
class Session:
    """How a session begins: `role` is whom it acts as, `login` who has logged in."""

    role: str
    login: str
    database: str
    encoding: str
    is_standby: bool
    is_read_only: bool
    may_create_schemas: bool


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    owner: str
    is_of_superuser: bool
    is_readable: bool
    is_writable: bool

    @property
    def is_ours(self) -> bool:
        return self.name in COLUMNS or self.name.startswith(("_dlt_", "_liine_"))


def prepare_session(connection: Any, dataset: str) -> None:
    """Let a connection of psycopg2 act as the dataset's owner, read exactly, and be idle for as long as a run takes."""
    with connection.cursor() as cursor:
        cursor.execute(_ACT_AS_OWNER, (dataset, INTERACTIONS))
        cursor.execute(_READ_ALL_DIGITS)
        if connection.server_version >= STAY_IDLE_SINCE:
            cursor.execute(_STAY_IDLE)


def read_session(pipeline: dlt.Pipeline) -> Session:
    """Return how a session of the pipeline begins."""
    with pipeline.sql_client() as client:
        return Session(*(client.execute_sql(_SESSION) or [])[0])


def missing_for_reading(pipeline: dlt.Pipeline) -> list[str]:
    """Return the statements without which the role may not read our tables; none where it may."""
    with pipeline.sql_client() as client:
        if all(table.is_readable for table in _read_tables(client) if table.name in OUR_TABLES):
            return []
        role, schema = quote((client.execute_sql("select current_user") or [])[0][0]), quote(client.dataset_name)
    return [f"GRANT USAGE ON SCHEMA {schema} TO {role};", f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};"]


def missing_for_loading(pipeline: dlt.Pipeline, session: Session) -> list[str]:
    """Return the statements without which the role may not load into the dataset; none where it may."""
    role, statements = quote(session.role), []
    if session.is_read_only:
        # The setting may be that of the database, and so that of the administrator's session too.
        statements.append("SET default_transaction_read_only = off;")
        statements.append(f"ALTER ROLE {quote(session.login)} SET default_transaction_read_only = off;")
    if not session.may_create_schemas:
        statements.append(f"GRANT CREATE ON DATABASE {quote(session.database)} TO {role};")
    with pipeline.sql_client() as client:
        schema, schemas = quote(client.dataset_name), client.execute_sql(_SCHEMA, client.dataset_name) or []
        tables = _read_tables(client)
    denied = [table for table in tables if table.is_ours and not (table.is_readable and table.is_writable)]
    owner = next((table.owner for table in denied if table.name == INTERACTIONS and not table.is_of_superuser), None)
    if owner:
        # It brings the other privileges too, now and for tables to come.
        return [f"GRANT {quote(owner)} TO {quote(session.login)};"]
    if not all(is_usable for (is_usable,) in schemas):
        statements.append(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};")
    return statements + [f"ALTER TABLE {schema}.{quote(table.name)} OWNER TO {role};" for table in denied]


def quote(name: str) -> str:
    """Return a name of Postgres as a statement writes it."""
    return '"' + name.replace('"', '""') + '"'


def _read_tables(client: Any) -> list[_Table]:
    return [_Table(*row) for row in client.execute_sql(_TABLES, client.dataset_name) or []]
