"""How the tables of a dataset are built, by the destination's own catalog: types, keys and row security."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import dlt

from liine_source.warehouse import catalog

# Some catalogs have no views among the tables.
INFORMATION_SCHEMA = """
select c.table_name, coalesce(t.table_type = 'VIEW', true), false, c.column_name, c.data_type, c.is_nullable = 'YES',
  c.column_default is not null, c.character_maximum_length, c.numeric_precision, c.numeric_scale
from information_schema.columns as c
left join information_schema.tables as t
  on t.table_catalog = c.table_catalog and t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_catalog = current_database() and c.table_schema = %s
"""
# information_schema hides what the role may not read, and the precision of times.
PG_CATALOG = """
select c.relname, c.relkind = 'v', row_security_active(c.oid), a.attname,
  format_type(a.atttypid, a.atttypmod), not a.attnotnull, a.atthasdef or a.attidentity <> '', null, null, null
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relkind in ('r', 'p', 'v')
"""
_PG_INDEXES = """
select c.relname, a.attname, i.relname, x.indisunique and x.indnkeyatts = 1 and x.indpred is null
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_class as c on c.oid = x.indrelid
join pg_namespace as n on n.oid = c.relnamespace
left join pg_attribute as a on a.attrelid = c.oid and a.attnum = x.indkey[0]
where n.nspname = %s and x.indisvalid
"""
PG_FOREIGN_KEYS = """
select k.conname, n.nspname, c.relname, rn.nspname, rc.relname
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_class as rc on rc.oid = k.confrelid
join pg_namespace as rn on rn.oid = rc.relnamespace
where k.contype = 'f' and k.conparentid = 0 and %s in (n.nspname, rn.nspname)
order by 2, 3, 1
"""
# DuckDB's foreign keys stay within a schema.
DUCKDB_FOREIGN_KEYS = """
select constraint_name, schema_name, table_name, schema_name, referenced_table
from duckdb_constraints()
where constraint_type = 'FOREIGN KEY' and database_name = current_database() and schema_name = %s
order by 2, 3, 1
"""


class StoredColumn(NamedTuple):
    """A column; `data_type` is the destination's own word for it, in lower case and with its length."""

    data_type: str
    is_nullable: bool
    has_default: bool


class StoredTable(NamedTuple):
    """A table or a view. `is_restricted`: policies of row security hide rows from the role (Postgres)."""

    is_view: bool
    is_restricted: bool
    columns: dict[str, StoredColumn]


class Index(NamedTuple):
    """An index of Postgres by its first column, None for an expression. `is_unique`: of that column alone."""

    table: str
    column: str | None
    name: str
    is_unique: bool


class ForeignKey(NamedTuple):
    """A foreign key: where it is, and the table that it refers to."""

    name: str
    dataset: str
    table: str
    referenced_dataset: str
    referenced_table: str


def read_tables(pipeline: dlt.Pipeline, query: str) -> dict[str, StoredTable]:
    """Return the tables and views of the pipeline's dataset, by a query of this module; names are in lower case."""
    found: dict[str, StoredTable] = {}
    for table, is_view, is_restricted, column, data_type, is_nullable, has_default, *sizes in _rows(pipeline, query):
        columns = found.setdefault(table.lower(), StoredTable(bool(is_view), bool(is_restricted), {})).columns
        full_type = _full_type(data_type.lower(), *sizes)
        columns[column.lower()] = StoredColumn(full_type, bool(is_nullable), bool(has_default))
    return found


def read_own_tables(pipeline: dlt.Pipeline) -> dict[str, StoredTable]:
    """Return the columns of our tables as far as dlt knows them, where no query of this module applies."""
    stored = catalog.column_types_by_table(pipeline, sorted(catalog.OUR_TABLES))
    unknown = StoredColumn("", is_nullable=True, has_default=False)
    return {
        table: StoredTable(is_view=False, is_restricted=False, columns=dict.fromkeys(columns, unknown))
        for table, columns in stored.items()
        if columns
    }


def read_foreign_keys(pipeline: dlt.Pipeline, query: str) -> list[ForeignKey]:
    """Return the foreign keys of the dataset's tables, and those that refer to them."""
    return [ForeignKey(*row) for row in _rows(pipeline, query)]


def read_indexes(pipeline: dlt.Pipeline) -> list[Index]:
    """Return the indexes of a dataset in Postgres."""
    return [Index(*row) for row in _rows(pipeline, _PG_INDEXES)]


def server_version(pipeline: dlt.Pipeline) -> int:
    """Return the version of a Postgres server, such as 150004."""
    with catalog.connect(pipeline) as client:
        ((version,),) = client.sql_client.execute_sql("select current_setting('server_version_num')")
    return int(version)


def _rows(pipeline: dlt.Pipeline, query: str) -> list[Sequence[Any]]:
    with catalog.connect(pipeline) as client:
        # As the catalog spells it.
        dataset = client.sql_client.make_qualified_table_name_path(None, quote=False)[-1]
        return client.sql_client.execute_sql(query, dataset) or []


def _full_type(data_type: str, length: int | None, precision: int | None, scale: int | None) -> str:
    """Return a type with its size, which Snowflake keeps apart."""
    if data_type == "text" and length is not None:
        return f"text({length})"
    return f"number({precision},{scale})" if data_type == "number" else data_type
