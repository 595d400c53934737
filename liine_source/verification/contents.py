"""A customer's rows compared with the API by content, where no inventory says what the tables should hold.

A pipeline of one's own stores no inventory. So every row is read, and its child rows and its values by column are
counted. Rows that were updated in the API since they were loaded are left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from liine_source.api.records import Row
from liine_source.extract.audit import Audit
from liine_source.extract.reader import Reader
from liine_source.extract.windows import Window
from liine_source.load.tables import PageTables, Tables
from liine_source.load.unchanged_rows import find_not_updated
from liine_source.privacy.masking import Masker
from liine_source.spec.tables import ID_COLUMNS, INTERACTION_TABLES, INTERACTIONS, column_names
from liine_source.verification.inventory import UNCOUNTED_COLUMNS, Loss, counted_columns
from liine_source.warehouse import catalog, queries

_Counts = Counter[tuple[str, str | None]]


def compare_contents(pipeline: dlt.Pipeline, reader: Reader, customer_id: int) -> list[Loss]:
    """Return the tables with other numbers of rows, and the columns with other numbers of values, than in the API.

    Raises ApiError or SweepError where the customer cannot be read.
    """
    types = catalog.column_types_by_table(pipeline, INTERACTION_TABLES)
    documented = set(column_names(INTERACTIONS))
    added = {name: data_type for name, data_type in types[INTERACTIONS].items() if name not in documented}
    masker = Masker(reader.settings.policy, reader.suppression_list)
    builder = PageTables("", added, keeps_raw=masker.keeps_raw_values, deletes_children=False)
    columns = {table: sorted(set(names) - UNCOUNTED_COLUMNS) for table, names in counted_columns(pipeline).items()}
    expected, stored = _Counts(), _Counts()
    for rows in _read_pages(reader, customer_id):
        tables = builder.build(masker.mask(rows, customer_id), customer_id) if rows else {}
        if tables and (ids := [*find_not_updated(pipeline, tables[INTERACTIONS])]):
            expected += _count_received(tables, ids)
            stored += _count_stored(pipeline, columns, ids)
    differing = {key for key in expected.keys() | stored.keys() if expected[key] != stored[key]}
    # Where rows are lost, so are the values of their columns.
    shown = sorted((key for key in differing if key[1] is None or (key[0], None) not in differing), key=str)
    return [Loss(*key, expected[key], stored[key], "in the API") for key in shown]


def _read_pages(reader: Reader, customer_id: int) -> Iterator[list[Row]]:
    audit = Audit(customer_id, reader.filter_hash, Window())
    for window in reader.plan_windows(customer_id, Window(), audit):
        yield from reader.start_sweep(customer_id, window).rows()


def _count_received(tables: Tables, ids: list[int]) -> _Counts:
    counts = _Counts()
    wanted = pa.array(ids, pa.int64())
    for name, table in tables.items():
        rows = table.filter(pc.is_in(table[ID_COLUMNS[name]], wanted))
        counts[name, None] += len(rows)
        for column in set(rows.column_names) - UNCOUNTED_COLUMNS:
            counts[name, column] += len(rows) - rows[column].null_count
    return counts


def _count_stored(pipeline: dlt.Pipeline, columns: Mapping[str, list[str]], ids: list[int]) -> _Counts:
    counts = _Counts()
    for name, names in columns.items():
        rows, values = queries.count_values(pipeline, name, names, ids)
        counts[name, None] += rows
        for column, number in values.items():
            counts[name, column] += number
    return counts
