"""Conversion of a page of rows to Arrow tables."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from dlt.common.normalizers.naming import direct, snake_case, sql_ci_v1
from hypothesis import example, given
from hypothesis import strategies as st

from liine_source.api import values
from liine_source.api.records import TooManyObjectsError, build_row, parse_page
from liine_source.extract import cursor
from liine_source.load import tables
from liine_source.load.arrow import build_array
from liine_source.load.column_names import column_name
from liine_source.load.hints import column_hints
from liine_source.load.tables import PageTables
from liine_source.spec.fields import SCALAR_FIELDS
from liine_source.spec.tables import CHILD_TABLES, INTERACTIONS, column_names


def build(*rows: dict[str, Any], known: dict[str, str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of one page as lists of rows, without their load id."""
    page = PageTables("17", known or {}).build([build_row(row) for row in rows], 7)
    for table in page.values():
        assert table.column("_dlt_load_id").to_pylist() == ["17"] * len(table)
    return {name: table.drop_columns("_dlt_load_id").to_pylist() for name, table in page.items()}


def test_every_scalar_field_is_typed_column() -> None:
    """The first page has all 81 in the order of the table, whatever it holds, then the columns of `verify`."""
    page = PageTables("17", {}).build([build_row({"id": 1})], 7)
    interactions = page["interactions"]
    added = ["missing_since", "vanished_at", "vanished_reason", "_dlt_load_id"]
    assert interactions.column_names == [*column_names(INTERACTIONS)]
    assert {*interactions.column_names} == {*(field.name for field in SCALAR_FIELDS), *added}
    types = {name: interactions.schema.field(name).type for name in interactions.column_names}
    assert types["id"] == types["duration"] == types["form_submission_id"] == pa.int64()
    assert types["revenue"] == pa.decimal128(38, 9)
    assert types["messaging_utilization"] == pa.float64()
    assert types["start_time"] == pa.timestamp("us")
    assert types["start_time_tz"] == types["updated_at"] == pa.timestamp("us", "UTC")
    assert types["has_audio"] == pa.bool_()


def test_values_are_loaded_unchanged() -> None:
    """Unicode, long text, large ids, fractions and times keep their values; the other columns are null."""
    long = "ä" * 100_000
    row = build(
        {
            "id": 2**40,
            "name": "Zoë 🦷",
            "initial_landing_url": long,
            "revenue": Decimal("150.10"),
            "messaging_utilization": Decimal("66.67"),
            "start_time": "2021-05-27T04:08:51Z",
            "start_time_tz": "2021-05-27T09:08:51Z",
            "updated_at": "2021-05-27T09:08:51.123456Z",
            "has_audio": False,
        }
    )["interactions"][0]
    given = {name: value for name, value in row.items() if value is not None}
    assert given == {
        "id": 2**40,
        "customer_id": 7,
        "name": "Zoë 🦷",
        "initial_landing_url": long,
        "revenue": Decimal("150.10"),
        "messaging_utilization": 66.67,
        "start_time": datetime(2021, 5, 27, 4, 8, 51),  # noqa: DTZ001  a local wall clock
        "start_time_tz": datetime(2021, 5, 27, 9, 8, 51, tzinfo=UTC),
        "updated_at": datetime(2021, 5, 27, 9, 8, 51, 123456, tzinfo=UTC),
        "has_audio": False,
    }


def test_first_run_deletes_no_child_rows() -> None:
    """Nothing is stored yet, and Arrow, Parquet and the merge have as many rows less as there are empty lists."""
    rows = [build_row({"id": 1}), build_row({"id": 2, "provider_names": ["A"]})]
    page = PageTables("17", {}, deletes_children=False).build(rows, 7)
    found = {name: page[name]["interaction_id"].to_pylist() for name in CHILD_TABLES}
    assert {name: ids for name, ids in found.items() if ids} == {"interactions__provider_names": [2]}


@pytest.mark.parametrize("duration", ["58", Decimal("58.0")], ids=["text", "fraction of zero"])
def test_value_in_other_notation_does_not_affect_other_rows(duration: Any) -> None:
    """A column of mixed notations is converted value by value."""
    page = build({"id": "1", "duration": duration}, {"id": 2, "duration": 7}, {"id": 3})
    assert [(row["id"], row["duration"]) for row in page["interactions"]] == [(1, 58), (2, 7), (3, None)]
    assert [row["is_cleared"] for row in page["interactions__rejected_values"]] == [True] * 3


def test_fraction_in_integer_column_is_rejected() -> None:
    """Arrow alone would silently make 12 of 12.5."""
    page = build({"id": 1, "duration": Decimal("12.5")})
    assert page["interactions"][0]["duration"] is None
    assert page["interactions__rejected_values"] == [
        {
            "interaction_id": 1,
            "field": "duration",
            "raw_value": "12.5",
            "reason": "a number with a fraction is not whole",
            "is_cleared": None,
        }
    ]


def test_value_that_does_not_fit_is_stored_as_rejected() -> None:
    """The row loads with null, and interactions__rejected_values keeps the raw value."""
    page = build({"id": 1, "has_audio": {"a": 1}, "updated_at": "soon", "name": ["x"]}, {"id": 2, "has_audio": True})
    assert [(row["has_audio"], row["updated_at"], row["name"]) for row in page["interactions"]] == [
        (None, None, None),
        (True, None, None),
    ]
    assert [(r["interaction_id"], r["field"], r["raw_value"]) for r in page["interactions__rejected_values"]] == [
        (1, "updated_at", '"soon"'),
        (1, "name", '["x"]'),
        (1, "has_audio", '{"a":1}'),
        (2, "", None),
    ]


def test_list_keeps_order_and_repeats() -> None:
    """Positions count from 0; an interaction without entries has one row that clears earlier ones."""
    page = build({"id": 1, "provider_names": ["Dr. B", "Dr. A", "Dr. B"]}, {"id": 2, "provider_names": []}, {"id": 3})
    assert [
        (row["interaction_id"], row["position"], row["provider_name"], row["is_cleared"])
        for row in page["interactions__provider_names"]
    ] == [(1, 0, "Dr. B", None), (1, 1, "Dr. A", None), (1, 2, "Dr. B", None), (2, 0, None, True), (3, 0, None, True)]


@pytest.mark.parametrize(
    ("given", "names", "rejected"),
    [
        ("Dr. A, Dr. B", [], "not a list"),
        (["Dr. A", 5, None], ["Dr. A", "5", None], None),
        (["Dr. A", {"x": 1}], ["Dr. A", None], "an element: an object is not text"),
        ({"x": 1}, [], "not a list"),
        (7, [], "not a list"),
    ],
)
def test_malformed_list_is_stored_as_rejected(given: Any, names: list[str | None], rejected: str | None) -> None:
    """An entry that is not text is kept raw, and the others keep their positions."""
    page = build({"id": 1, "provider_names": given})
    kept = [row["provider_name"] for row in page["interactions__provider_names"] if not row["is_cleared"]]
    assert kept == names
    assert page["interactions__rejected_values"][0]["reason"] == rejected


def test_object_becomes_rows_of_keys_and_values() -> None:
    """A string is stored unchanged, anything else as JSON, each with its type."""
    extras = {"gclid": "x", "n": Decimal("1.50"), "ok": True, "none": None, "deep": {"a": [1]}, "list": []}
    page = build({"id": 1, "initial_session_extras": extras, "last_touch_session_extras": {"gclid": "y"}})
    assert [
        (row["touch"], row["key"], row["value"], row["value_type"]) for row in page["interactions__session_extras"]
    ] == [
        ("initial", "gclid", "x", "string"),
        ("initial", "n", "1.50", "number"),
        ("initial", "ok", "true", "boolean"),
        ("initial", "none", "null", "null"),
        ("initial", "deep", '{"a":[1]}', "object"),
        ("initial", "list", "[]", "array"),
        ("last_touch", "gclid", "y", "string"),
    ]


def test_object_given_as_text_keeps_every_digit() -> None:
    """Numbers in it are parsed like those of an object."""
    text = '{"id": 12345678901234567890123, "price": 1.10000000000000000000000001, "deep": [0.1234567890123456789]}'
    page = build({"id": 1, "initial_session_extras": text})
    assert [row["value"] for row in page["interactions__session_extras"] if not row["is_cleared"]] == [
        "12345678901234567890123",
        "1.10000000000000000000000001",
        "[0.1234567890123456789]",
    ]


DEEP = '{"a":' * 5000 + "1" + "}" * 5000


@pytest.mark.parametrize(
    ("given", "keys"), [('{"a": 1}', ["a"]), ("not JSON", []), (["a"], []), ("[1]", []), (DEEP, []), ("\ud800", [])]
)
def test_object_given_as_text_is_parsed(given: Any, keys: list[str]) -> None:
    """Text that is not an object is kept raw."""
    page = build({"id": 1, "initial_session_extras": given})
    assert [row["key"] for row in page["interactions__session_extras"] if not row["is_cleared"]] == keys
    assert bool(page["interactions__rejected_values"][0]["is_cleared"]) is bool(keys)


UNKNOWN = [
    ([True, None, False], "bool", [True, None, False]),
    ([7, None, 2**40], "bigint", [7, None, 2**40]),
    ([Decimal("1.5"), 2, None], "double", [1.5, 2.0, None]),
    (["a", None, "b"], "text", ["a", None, "b"]),
    (["a", 5, True], "text", ["a", "5", "true"]),
]


@pytest.mark.parametrize(("raw", "data_type", "expected"), UNKNOWN)
def test_unknown_field_becomes_typed_column(raw: list[Any], data_type: str, expected: list[Any]) -> None:
    """The column has the type of the first values."""
    builder = PageTables("17", {})
    page = builder.build([build_row({"id": number, "new_field": value}) for number, value in enumerate(raw)], 7)
    assert page["interactions"].column("new_field").to_pylist() == expected
    assert builder.unknown_fields == {"new_field"}
    assert data_type


def test_unknown_field_with_objects_is_stored_as_json() -> None:
    """A value without a scalar type is stored as text, and nothing is rejected."""
    page = build({"id": 1, "new_field": {"a": [1]}}, {"id": 2, "new_field": "b"})
    assert [row["new_field"] for row in page["interactions"]] == ['{"a":[1]}', "b"]


def test_unknown_field_keeps_type_of_existing_column() -> None:
    """A value of another type is kept raw, in this run and in later ones."""
    page = build({"id": 1, "new_field": "x"}, known={"new_field": "bigint"})
    assert page["interactions"][0]["new_field"] is None
    assert page["interactions__rejected_values"][0]["raw_value"] == '"x"'


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("new_field", "new_field"),
        ("utm_2", "utm_2"),
        ("x" * 63, "x" * 63),
        ("a.b", "a_b_2e7336dc"),
        ("a b", "a_b_c8687a08"),
        ("Brand New", "brand_new_a515fc82"),
        ("brandNew", "brand_new_d580f48f"),
        ("NEW_FIELD", "new_field_84a5cb6f"),
        ("new__field", "new_field_d5ca2098"),
        ("_new", "new_adf0bd66"),
        ("2fa", "field_2fa_46897518"),
        ("例", "field_9a463234"),
        (" ", "field_36a9e7f1"),
        ("", "field_e3b0c442"),
        ("x" * 64, "x" * 54 + "_7ce10097"),
        ("id", "id_a5614527"),
        ("provider_names", "provider_names_f60f69e4"),
        ("vanished_at", "vanished_at_1419f5b5"),
        ("_dlt_load_id", "dlt_load_id_e835e776"),
        ("xmin", "xmin_eafb2f50"),
        ("\ud800", "field_91a681b9"),
    ],
)
def test_column_name_of_unknown_field_is_stable(field: str, column: str) -> None:
    """It depends on the field's name alone; only a plain name that is not taken stays unchanged."""
    assert column_name(field) == column


@given(st.lists(st.text(max_size=80) | st.from_regex(r"[abAB._ -]{1,5}", fullmatch=True), unique=True))
def test_unknown_fields_have_distinct_columns(fields: list[str]) -> None:
    """None of dlt's naming conventions changes or shortens the names either."""
    names = [column_name(field) for field in fields]
    assert len(set(names)) == len(names)
    for convention in (snake_case, direct, sql_ci_v1):
        naming = convention.NamingConvention(63)
        assert list(map(naming.normalize_identifier, names)) == names


def test_column_of_foreign_type_is_left_alone() -> None:
    """The row is loaded, and the value stored as rejected, whoever added the column."""
    page = build({"id": 1, "new_field": "x"}, {"id": 2}, known={"new_field": "date"})
    assert ["new_field" in row for row in page["interactions"]] == [False, False]
    assert [r["raw_value"] for r in page["interactions__rejected_values"] if not r["is_cleared"]] == ['"x"']


def test_numbers_outside_json_are_stored_as_rejected() -> None:
    """Python's parser accepts NaN; loaded as null or text it would look like a real value."""
    body = (
        b'{"interactions": [{"id": 1, "name": NaN, "revenue": -Infinity, "duration": 1e999999999999999999999,'
        b'"provider_names": ["Dr. A", NaN], "new_score": NaN, "new_object": {"a": NaN}, "new_text": "x",'
        b'"initial_session_extras": {"gclid": "x", "n": NaN, "deep": [NaN], "long": 1e999}}]}'
    )
    page = PageTables("17", {}).build(parse_page(body).interactions, 7)
    row = page["interactions"].to_pylist()[0]
    nulls = ("name", "revenue", "duration", "new_score", "new_object")
    assert {name: row[name] for name in nulls} == dict.fromkeys(nulls)
    assert row["new_text"] == "x"
    assert {r["field"]: r["raw_value"] for r in page["interactions__rejected_values"].to_pylist()} == {
        "name": "NaN",
        "revenue": "-Infinity",
        "duration": "1e999999999999999999999",
        "provider_names": '["Dr. A",NaN]',
        "new_score": "NaN",
        "new_object": '{"a":NaN}',
        "initial_session_extras": '{"gclid":"x","n":NaN,"deep":[NaN],"long":1e999}',
    }
    extras = page["interactions__session_extras"].to_pylist()
    assert [(r["key"], r["value"]) for r in extras if not r["is_cleared"]] == [("gclid", "x"), ("long", "1e999")]


# As msgspec decodes and Python does not, as neither does, and far beyond any stack.
@pytest.mark.parametrize("levels", [102, 970, 1_200, 20_000])
def test_deeply_nested_value_is_stored_as_rejected(levels: int) -> None:
    """Neither the page nor the other entries of an object are lost with it, in whichever field it is."""
    deep, limit = "[" * levels + "]" * levels, "[" * 100 + "]" * 100
    objects = '{"a":' * levels + "1" + "}" * levels
    body = f"""{{"count": {deep}, "interactions": [
        {{"id": 1, "name": "Zoë", "duration": {deep}, "new_field": {deep}, "other": {limit}}},
        {{"id": 2, "provider_names": ["Dr. A", {deep}], "initial_session_extras": {{"a": "x", "b": {objects}}}}},
        {{"id": 3, "name": {objects}, "last_touch_session_extras": {msgspec.json.encode(objects).decode()}}}
    ]}}""".encode()
    page = parse_page(body)
    assert page.interactions is not None
    found = PageTables("17", {}).build(page.interactions, 7)
    rejected = {
        (row["interaction_id"], row["field"]): row["raw_value"].replace(" ", "")
        for row in found["interactions__rejected_values"].to_pylist()
    }
    assert rejected == {
        (1, "duration"): deep,
        (1, "new_field"): deep,
        (2, "provider_names"): f'["Dr.A",{deep}]',
        (2, "initial_session_extras"): f'{{"a":"x","b":{objects}}}',
        (3, "name"): objects,
        (3, "last_touch_session_extras"): msgspec.json.encode(objects).decode(),
    }
    interactions = found["interactions"].to_pylist()
    assert (interactions[0]["name"], interactions[0]["other"]) == ("Zoë", limit)
    extras = found["interactions__session_extras"].to_pylist()
    assert [(row["key"], row["value"]) for row in extras if not row["is_cleared"]] == [("a", "x")]


@pytest.mark.parametrize("body", ["[" * 5_000, '{"interactions": [' + "[" * 5_000, "[" * 5_000 + "]" * 5_000])
def test_deeply_nested_document_that_is_no_page_is_refused(body: str) -> None:
    """The client requests such a page again and then fails its customer; the run continues."""
    with pytest.raises(ValueError, match=r"page|nested"):
        parse_page(body.encode())


@pytest.mark.parametrize("odd", ["null", "7", '"x"', "[]"])
def test_entry_that_is_no_interaction_is_row_without_fields(odd: str) -> None:
    """The other rows of the page are read, and the sweep fails because one row has no id."""
    page = parse_page(f'{{"interactions": [{{"id": 1}}, {odd}], "count": 2}}'.encode())
    assert page.interactions is not None
    assert [row.id for row in page.interactions] == [1, None]


def test_page_of_many_objects_is_refused_before_it_fills_the_memory() -> None:
    """Braces in a text are no objects."""
    with pytest.raises(TooManyObjectsError):
        parse_page(b'{"interactions": [' + b"{}," * 100_000 + b'{}], "count": 1}')
    page = parse_page(b'{"interactions": [{"id": 1, "name": "' + b"{}," * 100_000 + b'"}], "count": 1}')
    assert page.interactions is not None
    assert len(page.interactions) == 1


@pytest.mark.parametrize("given", [None, 7, "7", "n/a", 2**70, 8])
def test_row_belongs_to_customer_who_was_asked_for(given: Any) -> None:
    """With another customer, or none, a row would be in nobody's counts."""
    page = build({"id": 1, "customer_id": given})
    assert page["interactions"][0]["customer_id"] == 7
    rejected = page["interactions__rejected_values"][0]
    assert rejected["raw_value"] == (None if given in (None, 7, "7") else json.dumps(given))


def test_fields_beyond_most_columns_are_stored_as_rejected() -> None:
    """A table of Postgres has 1,600 columns at most; columns that exist are filled in later rows as well."""
    builder = PageTables("17", {"known": "bigint"})
    many = {f"field_{number:04}": number for number in range(2_000)}
    page = builder.build([build_row({"id": 1, "known": 5, **many}), build_row({"id": 2, "known": 6})], 7)
    added = [name for name in page["interactions"].column_names if name.startswith("field_")]
    assert added == [f"field_{number:04}" for number in range(tables.MOST_ADDED_COLUMNS - 1)]
    assert page["interactions"].column("known").to_pylist() == [5, 6]
    first, second = page["interactions__rejected_values"].to_pylist()
    assert (first["interaction_id"], first["field"], second["is_cleared"]) == (1, "*", True)
    rest = {name: number for name, number in many.items() if name not in added}
    assert json.loads(first["raw_value"]) == rest
    later = builder.build([build_row({"id": 3, "field_0001": 8, "field_1999": 9})], 7)
    assert later["interactions"].column("field_0001").to_pylist() == [8]
    assert later["interactions__rejected_values"].to_pylist()[0]["raw_value"] == '{"field_1999":9}'


def test_text_longer_than_any_warehouse_takes_is_rejected() -> None:
    """Snowflake has 16 MB at most; so the raw value is null as well."""
    long, longer = "ä" * 8_000_000, "ä" * 8_000_001
    page = build({"id": 1, "name": long}, {"id": 2, "name": longer}, {"id": 3, "initial_session_extras": {"a": longer}})
    assert [row["name"] for row in page["interactions"]] == [long, None, None]
    assert [(row["field"], row["raw_value"], row["reason"]) for row in page["interactions__rejected_values"]] == [
        ("name", None, "text of more than 16 MB"),
        ("initial_session_extras", None, "an entry: text of more than 16 MB"),
        ("", None, None),
    ]


def test_conflicting_names_of_unknown_fields_get_suffix() -> None:
    """A name that would become another column's gets a suffix, and no value is lost."""
    page = build({"id": 1, "ID": 5, "New": 1, "NEW": 2, "_DLT_LOAD_ID": "x", " ": 3})
    row = page["interactions"][0]
    added = {name: value for name, value in row.items() if value is not None and name != "customer_id"}
    assert sorted(str(value) for value in added.values()) == ["1", "1", "2", "3", "5", "x"]
    assert row["id"] == 1
    assert len(added) == 6


def test_all_five_tables_exist_without_rows() -> None:
    """A first run creates the tables even if the API has no row."""
    empty = tables.empty_tables()
    assert {name: len(table) for name, table in empty.items()} == dict.fromkeys(
        (
            "interactions",
            "interactions__provider_names",
            "interactions__session_extras",
            "interactions__rejected_values",
            "sweeps",
        ),
        0,
    )


def test_every_column_has_description() -> None:
    """Descriptions and classes of personal data are part of dlt's schema."""
    for name in tables.empty_tables():
        for column in column_hints(name).values():
            assert column["description"]
    assert column_hints("interactions")["email"]["x-personal-data"] == "direct"


def test_pages_are_joined_into_batches() -> None:
    """No row is lost between batches, and a column that only some pages have is null elsewhere."""
    builder = PageTables("17", {})
    pages = [builder.build([build_row({"id": number})], 7) for number in range(4)]
    pages.append(builder.build([build_row({"id": 4, "new_field": "x"})], 7))
    pages.insert(2, builder.build_sweeps([{"sweep_id": "a", "customer_id": 1}]))
    pages.append(builder.build_sweeps([{"sweep_id": "b", "customer_id": 1}]))
    batches = list(tables.batched(iter(pages), 2, 10**6))
    assert [len(batch.get("interactions", ())) for batch in batches] == [2, 2, 1]
    assert sum(len(batch["sweeps"]) for batch in batches if "sweeps" in batch) == 2
    assert batches[-1]["interactions"].column("new_field").to_pylist() == ["x"]
    assert list(tables.batched(iter([builder.build_sweeps([{"sweep_id": "a", "customer_id": 1}])]), 2, 10**6))
    assert list(tables.batched(iter([]), 2, 10**6)) == []


def test_batch_of_long_rows_has_fewer_of_them() -> None:
    """A loader holds a batch in memory, however long the rows are."""
    builder = PageTables("17", {})
    pages = [builder.build([build_row({"id": number, "notes": "x" * 1_000})], 7) for number in range(4)]
    batches = list(tables.batched(iter(pages), 10, 2_500))
    assert [len(batch["interactions"]) for batch in batches] == [2, 2]


# Parts of times and numbers; most combinations are invalid, and some are accepted by one parser and not by another.
TIMES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", "\n"]),
        st.sampled_from(["2024-05-06", "2024-02-30", "20240506", "2024-127", "0000-01-01", "0001-01-01", "9999-12-31"]),
        st.sampled_from(["T", "t", " ", "X", ""]),
        st.sampled_from(["10:30:00", "10:30", "10", "24:00:00", "23:59:60", "103000", "1:2:3", ""]),
        st.sampled_from(["", ".1", ".123456", ".1234560", ".1234567", ",5", "."]),
        st.sampled_from(["Z", "z", "", "+00:00", "+0530", "-14", "+14:00", "+24:00", "ZZ", " UTC"]),
    ),
)
NUMBERS = st.sampled_from(
    ["1", "+1", "-0", "007", "1.0", "1.", ".5", "1e3", "1_000", "NaN", "Infinity", "\u0663", "\uff11", "true"]
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([values.UnstorableNumber("NaN"), values.UnstorableNumber("1e999999999"), values.DeepValue("[]")]),
    st.text(st.characters(), max_size=5),
    st.sampled_from(["a\0b", "\ud800", [], {"a": 1}]),
    NUMBERS,
    TIMES,
)
KINDS = [(kind, True) for kind in ("text", "bool", "bigint", "double", "decimal", "timestamp")] + [("timestamp", False)]


@example(kind=("timestamp", False), raw=["0000-01-01T00:00:00Z"])
@example(kind=("timestamp", True), raw=["0001-01-01T00:00:00+14:00"])
@example(
    kind=("decimal", False), raw=[Decimal("1E-9"), Decimal("-0.0"), Decimal("99999999999999999999999999999.999999999")]
)
@example(kind=("decimal", False), raw=[Decimal("1E-10")])
@example(kind=("decimal", False), raw=[Decimal("9.999999999999958056960000E-24")])
@example(kind=("decimal", False), raw=[Decimal("1E+29")])
@given(
    kind=st.sampled_from(KINDS),
    raw=st.lists(ODD, min_size=1, max_size=3)
    | st.lists(TIMES, min_size=1, max_size=3)
    | st.lists(st.decimals(allow_nan=False, allow_infinity=False) | st.none(), min_size=1, max_size=3),
)
def test_column_conversion_equals_conversion_of_each_value(kind: tuple[str, bool], raw: list[Any]) -> None:
    """Arrow parses, rounds and wraps more than requested, and none of that may show."""
    data_type, has_timezone = kind
    expected, refused = [], []
    for place, value in enumerate(raw):
        try:
            expected.append(values.convert(value, data_type, has_timezone=has_timezone))
        except values.ConversionError:
            expected.append(None)
            refused.append(place)
    array, rejections = build_array(raw, data_type, has_timezone=has_timezone)
    assert array is not None
    assert array.to_pylist() == expected
    assert [place for place, *_ in rejections] == refused


@example(raw=["0000-01-01T00:00:00Z"])
@given(raw=st.lists(TIMES | st.sampled_from(["2024-05-06T10:30:00Z", None]), min_size=1, max_size=3))
def test_pagination_reads_same_times_as_tables(raw: list[Any]) -> None:
    """A cursor taken from another time could skip rows."""
    for is_local in (True, False):
        assert cursor._seconds(raw, is_local=is_local) == [cursor._second(text, is_local=is_local) for text in raw]
