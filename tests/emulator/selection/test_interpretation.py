"""Each switch of `Interpretation`, with the expected answers written by hand."""

import gzip
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from liine_source.emulator import ABSENT, Emulator, Interpretation, create_emulator, running_emulator
from tests.emulator.calls import INTERACTIONS, LOGIN, ask, get, get_token, log_in, send

# The autumn clock change of New York in 2025: 01:30 occurs at 05:30 and at 06:30 UTC.
STARTS = [
    (1, "2025-11-02T01:10:00Z", "2025-11-02T05:10:00Z"),
    (2, "2025-11-02T01:30:00Z", "2025-11-02T05:30:00Z"),
    (3, "2025-11-02T01:20:00Z", "2025-11-02T06:20:00Z"),
    (4, "2025-11-02T01:30:00Z", "2025-11-02T06:30:00Z"),
    (5, "2025-11-02T23:30:00Z", "2025-11-03T04:30:00Z"),
]


def create_autumn_emulator(**interpretation: Any) -> Emulator:
    """Create an emulator with five rows around a clock change."""
    emulator = create_emulator(interactions=0, customers=1, interpretation=Interpretation(**interpretation))
    for row_id, start, start_tz in STARTS:
        emulator.insert(
            1001, id=row_id, start_time=start, start_time_tz=start_tz, updated_at=f"{start_tz[:-1]}.000000Z"
        )
    return emulator


def list_ids(emulator: Emulator, *pairs: tuple[str, object]) -> list[int]:
    return [row["id"] for row in ask(emulator, ("customer_id", 1001), *pairs)["interactions"]]


def test_every_switch_has_a_test() -> None:
    """A new switch needs an entry in this list and a test below."""
    assert {field.name for field in fields(Interpretation)} == {
        "cursor", "cursor_comparison", "cursor_clock", "order_clock", "short_page_every", "short_page_rows",
        "limit_cap", "limit_echo", "count", "count_cap", "count_lag", "dates_clock", "end_date",
        "updated_date_clock", "updated_at", "token_prefix",
        "login_accepts", "token_validity", "valid_until_milliseconds", "slash", "fields", "nulls",
        "vocabulary", "types", "date_header", "date_skew", "gzip",
    }  # fmt: skip


@pytest.mark.parametrize(("clock", "ids"), [("local", [5, 4, 2, 3, 1]), ("utc", [5, 4, 3, 2, 1])])
def test_order_clock(clock: Any, ids: list[int]) -> None:
    """In the repeated hour the two clocks sort differently; among equal starts the higher id comes first."""
    emulator = create_autumn_emulator(order_clock=clock)
    assert list_ids(emulator) == ids
    assert [row["id"] for row in emulator.truth()] == ids


@pytest.mark.parametrize(
    ("cursor", "clock", "expected"),
    [
        ("last", "local", "2025-11-02T01:30:00Z"),
        ("last", "utc", "2025-11-02T05:30:00Z"),
        ("first", "local", "2025-11-02T23:30:00Z"),
        ("first", "utc", "2025-11-03T04:30:00Z"),
        ("null", "local", None),
    ],
)
def test_cursor_returned(cursor: Any, clock: Any, expected: str | None) -> None:
    """`pagination_timestamp` is the start of the page's first or last row on either clock, or null."""
    emulator = create_autumn_emulator(cursor=cursor, cursor_clock=clock)
    assert ask(emulator, ("customer_id", 1001), ("limit", 3))["pagination_timestamp"] == expected


def test_cursor_absent() -> None:
    """The answer has no key `pagination_timestamp`."""
    assert "pagination_timestamp" not in ask(create_autumn_emulator(cursor="absent"), ("customer_id", 1001))


def test_cursor_that_fits_no_row() -> None:
    """The cursor is near the last row's start but never equal to it, and the same page gives the same cursor."""
    emulator = create_autumn_emulator(cursor="neither")
    for limit, (_, start, _) in zip([1, 2, 3, 4, 5], [STARTS[place] for place in (4, 3, 1, 2, 0)], strict=True):
        given = ask(emulator, ("customer_id", 1001), ("limit", limit))["pagination_timestamp"]
        assert 1 <= abs(datetime.fromisoformat(given) - datetime.fromisoformat(start)).total_seconds() <= 7200
        assert given == ask(emulator, ("customer_id", 1001), ("limit", limit))["pagination_timestamp"]


@pytest.mark.parametrize(
    ("comparison", "clock", "order", "cursor", "ids"),
    [
        ("strict", "local", "local", "2025-11-02T01:30:00Z", [3, 1]),
        ("inclusive", "local", "local", "2025-11-02T01:30:00Z", [4, 2, 3, 1]),
        ("strict", "utc", "utc", "2025-11-02T06:20:00Z", [2, 1]),
        ("inclusive", "utc", "utc", "2025-11-02T06:20:00Z", [3, 2, 1]),
        ("strict", "local", "utc", "2025-11-02T01:30:00Z", [3, 1]),
        ("inclusive", "local", "utc", "2025-11-02T01:20:00Z", [3, 1]),
        ("strict", "utc", "local", "2025-11-02T06:30:00Z", [2, 3, 1]),
        ("inclusive", "utc", "local", "2025-11-02T06:30:00Z", [4, 2, 3, 1]),
    ],
)
def test_cursor_comparison(comparison: Any, clock: Any, order: Any, cursor: str, ids: list[int]) -> None:
    """A cursor excludes or includes its own second, on either clock and with either sort order."""
    emulator = create_autumn_emulator(cursor_comparison=comparison, cursor_clock=clock, order_clock=order)
    assert list_ids(emulator, ("pagination_timestamp", cursor)) == ids


def test_short_pages() -> None:
    """Every third page except the last is short and still holds the newest remaining rows."""
    emulator = create_emulator(interactions=0, customers=1, short_page_every=3, short_page_rows=1)
    for number in range(40):
        emulator.insert(1001, id=number + 1, start_time_tz=f"2025-06-01T10:{number:02d}:00Z")
    pages: list[list[int]] = []
    cursor: list[tuple[str, object]] = []
    while not pages or pages[-1]:
        pages.append(list_ids(emulator, ("limit", 10), *cursor))
        cursor = [("pagination_timestamp", f"2025-06-01T06:{pages[-1][-1] - 1:02d}:00Z")] if pages[-1] else []
    assert [len(page) for page in pages] == [10, 10, 1, 10, 9, 0]
    assert [row_id for page in pages for row_id in page] == list(range(40, 0, -1))


def test_short_pages_of_random_length() -> None:
    """Without `short_page_rows` a short page has from one row up to one less than a full page."""
    emulator = create_emulator(interactions=200, customers=1, short_page_every=1)
    lengths = {len(list_ids(emulator, ("limit", 5))) for _ in range(60)}
    assert lengths == {1, 2, 3, 4}


@pytest.mark.parametrize(("echo", "expected"), [("requested", (2, 3)), ("effective", (2, 2))])
def test_limit_cap(echo: Any, expected: tuple[int, int]) -> None:
    """A lower cap shortens the page, and `limit_echo` decides which limit the answer gives."""
    answer = ask(create_autumn_emulator(limit_cap=2, limit_echo=echo), ("customer_id", 1001), ("limit", 3))
    assert (len(answer["interactions"]), answer["limit"]) == expected
    assert (answer["count"], answer["num_pages"]) == (5, 3)


@pytest.mark.parametrize(
    ("interpretation", "expected"),
    [
        ({"count_cap": 3}, 3),
        ({"count_cap": 9}, 5),
        ({"count_lag": 1}, 4),
        ({"count_lag": 9}, 0),
        ({"count_lag": 1, "count_cap": 3}, 3),
        ({"count_lag": 1, "count": "page"}, 1),
        ({"count_lag": 1, "count_cap": 3, "count": "null"}, None),
    ],
)
def test_count_that_is_capped_or_behind(interpretation: dict[str, Any], expected: int | None) -> None:
    """The count is too low, but no row is missing."""
    answer = ask(create_autumn_emulator(**interpretation), ("customer_id", 1001), ("limit", 2))
    assert (answer["count"], len(answer["interactions"])) == (expected, 2)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ("total", {"count": 5, "num_pages": 3}),
        ("remaining", {"count": 4, "num_pages": 2}),
        ("page", {"count": 2, "num_pages": 1}),
        ("null", {"count": None, "num_pages": None}),
        ("absent", {}),
    ],
)
def test_count(count: Any, expected: dict[str, int | None]) -> None:
    """The second page shows what `count` counts; `num_pages` is computed from it."""
    emulator = create_autumn_emulator(count=count)
    answer = ask(emulator, ("customer_id", 1001), ("limit", 2), ("pagination_timestamp", "2025-11-02T23:30:00Z"))
    assert {name: answer[name] for name in ("count", "num_pages") if name in answer} == expected


@pytest.mark.parametrize(
    ("clock", "end", "parameter", "day", "ids"),
    [
        ("local", "day", "start_date", "2025-11-03", []),
        ("utc", "day", "start_date", "2025-11-03", [5]),
        ("local", "day", "end_date", "2025-11-02", [5, 4, 2, 3, 1]),
        ("utc", "day", "end_date", "2025-11-02", [4, 2, 3, 1]),
        ("local", "midnight", "end_date", "2025-11-02", []),
        ("utc", "midnight", "end_date", "2025-11-03", [4, 2, 3, 1]),
    ],
)
def test_dates(clock: Any, end: Any, parameter: str, day: str, ids: list[int]) -> None:
    """Dates mean local or UTC days, and `end_date` means the whole day or its first second."""
    assert list_ids(create_autumn_emulator(dates_clock=clock, end_date=end), (parameter, day)) == ids


def test_first_and_last_second_of_a_day() -> None:
    """A day includes its first second and excludes the first second of the next, also for `updated_date`."""
    emulator = create_emulator(interactions=0, customers=1, dates_clock="utc")
    for row_id, start in enumerate(["2025-06-01T23:59:59Z", "2025-06-02T00:00:00Z", "2025-06-03T00:00:00Z"], 1):
        emulator.insert(1001, id=row_id, start_time_tz=start, updated_at=f"{start[:-1]}.000000Z")
    assert list_ids(emulator, ("start_date", "2025-06-02"), ("end_date", "2025-06-02")) == [2]
    assert list_ids(emulator, ("updated_date", "2025-06-02")) == [3, 2]


@pytest.mark.parametrize(("clock", "ids"), [("utc", [5]), ("local", [])])
def test_updated_date(clock: Any, ids: list[int]) -> None:
    """04:30 UTC on the 3rd is still the 2nd in New York."""
    assert list_ids(create_autumn_emulator(updated_date_clock=clock), ("updated_date", "2025-11-03")) == ids


@pytest.mark.parametrize(("updated_at", "lacking"), [("present", set()), ("absent", {1, 2, 3, 4, 5}), ("some", {3})])
def test_updated_at(updated_at: Any, lacking: set[int]) -> None:
    """`updated_date` still selects rows that are sent without `updated_at`."""
    emulator = create_autumn_emulator(updated_at=updated_at)
    assert {row["id"] for row in emulator.truth() if "updated_at" not in row} == lacking
    assert list_ids(emulator, ("updated_date", "2025-11-03")) == [5]


@pytest.mark.parametrize("has_prefix", [True, False])
def test_token_prefix(has_prefix: bool) -> None:
    """A token is sent with or without its scheme; sent back with the scheme it is valid."""
    with running_emulator(interactions=0, customers=1, token_prefix=has_prefix) as api:
        assert log_in(api).json["token"].startswith("bearer ") is has_prefix
        assert get(api).status == 200


@pytest.mark.parametrize(("accepts", "statuses"), [("both", [200, 200]), ("json", [200, 400]), ("form", [400, 200])])
def test_login_accepts(accepts: Any, statuses: list[int]) -> None:
    """The login accepts JSON, a form or both."""
    with running_emulator(interactions=0, customers=1, login_accepts=accepts) as api:
        form = send(
            api, "POST", LOGIN, "username=test&password=Test123!", content_type="application/x-www-form-urlencoded"
        )
        assert [log_in(api).status, form.status] == statuses


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(True, "2025-12-15T18:02:00.000Z"), (False, "2025-12-15T18:02:00Z")]
)
def test_valid_until(milliseconds: bool, expected: str) -> None:
    """The validity and the format of the expiry can be set."""
    interpretation = Interpretation(token_validity=timedelta(minutes=2), valid_until_milliseconds=milliseconds)
    with running_emulator(interpretation, interactions=0, customers=1) as api:
        assert log_in(api).json["valid_until"] == expected


@pytest.mark.parametrize(
    ("slash", "path", "status", "location"),
    [
        ("both", INTERACTIONS, 200, None),
        ("both", INTERACTIONS[:-1], 200, None),
        ("redirect_to_slash", INTERACTIONS, 200, None),
        ("redirect_to_slash", INTERACTIONS[:-1], 301, "/call_log/interactions/?customer_id=1001&search=a+b"),
        ("redirect_to_no_slash", INTERACTIONS, 301, "/call_log/interactions?customer_id=1001&search=a+b"),
        ("redirect_to_no_slash", INTERACTIONS[:-1], 200, None),
    ],
)
def test_slash(slash: Any, path: str, status: int, location: str | None) -> None:
    """One form of the path may redirect to the other on the same host, with the query."""
    with running_emulator(interactions=0, customers=1, slash=slash) as api:
        reply = get(api, path, search="a b")
        assert (reply.status, reply.headers.get("location")) == (status, location)


@pytest.mark.parametrize(("shape", "fields_of_a_row"), [("documented", 84), ("sample", 75), ("unknown", 86)])
def test_fields(shape: Any, fields_of_a_row: int) -> None:
    """Rows have the documented fields, the sample's, or two unknown ones more."""
    row = create_autumn_emulator(fields=shape).truth()[0]
    assert len(row) == fields_of_a_row
    assert ("updated_at" in row) is (shape != "sample")
    assert (row.get("new_vendor_field"), row.get("new_score")) == (("x", 7) if shape == "unknown" else (None, None))


def test_nulls_omitted() -> None:
    """A field without a value has no key."""
    row = create_autumn_emulator(nulls="omitted").truth()[0]
    assert None not in row.values()
    assert {"id", "start_time", "customer_id"} <= row.keys()


def test_vocabulary() -> None:
    """Rows contain undocumented values, while filters select by the documented ones."""
    emulator = create_emulator(interactions=2_000, customers=1)
    plain = emulator.truth()
    emulator.interpretation = replace(emulator.interpretation, vocabulary="drifted")
    words = {(name, row[name]) for row in emulator.truth() for name in ("status", "intent_level", "call_type")}
    new = {
        ("status", "Answered"), ("status", "Complete"), ("status", "Not Answered"), ("intent_level", "UNDECIDED"),
        ("intent_level", "4th Party"), ("call_type", "New Lead (Chat)"), ("call_type", "Voicemail (Transcribed)"),
    }  # fmt: skip
    assert new <= words
    assert ("status", "Connected") not in words
    answered = ask(emulator, ("customer_id", 1001), ("status", "Answered"), ("include_is_spam_likely", 1))
    assert answered["count"] == sum(row["status"] == "Connected" for row in plain)


def test_loose_types() -> None:
    """Every value can still be parsed and equals the documented one."""
    emulator = create_emulator(interactions=500, customers=1)
    plain = {row["id"]: row for row in emulator.truth()}
    emulator.interpretation = replace(emulator.interpretation, types="loose")
    booleans, numbers, moments = set(), set(), set()
    for row in emulator.truth():
        exact = plain[int(row["id"])]
        assert float(row["id"]) == exact["id"]
        assert str(row["is_new"]).lower() in {"none", "0", "1", "true", "false"}
        start = datetime.fromisoformat(row["start_time"].replace(" ", "T"))
        assert start == datetime.fromisoformat(exact["start_time"])
        assert datetime.fromisoformat(row["updated_at"].replace(" ", "T")) == datetime.fromisoformat(
            exact["updated_at"]
        )
        booleans.add(type(row["is_spam_likely"]))
        numbers.add(type(row["id"]))
        moments.add((len(row["start_time"]), row["start_time"][-1]))
    assert (booleans, numbers) == ({int, str, bool}, {int, str})
    assert moments == {(20, "Z"), (25, "0"), (24, "Z"), (16, "Z")}


def test_broken_types() -> None:
    """Some values cannot be parsed; ids and starts stay valid."""
    rows = create_emulator(interactions=1_500, customers=1, types="broken").truth()
    assert {"n/a"} < {row["duration"] for row in rows}
    assert any(row["has_audio"] == {"a": 1} for row in rows)
    assert any(row["updated_at"] == "soon" for row in rows)
    assert any(row["revenue"] == [] for row in rows)
    assert all(isinstance(row["id"], int) and len(row["start_time"]) == 20 for row in rows)


def test_date_header() -> None:
    """The header shows the emulator's clock plus the skew, or real time, or is absent."""
    with running_emulator(interactions=0, customers=1) as api:
        assert get(api).headers["date"] == "Mon, 15 Dec 2025 18:00:00 GMT"
        api.advance(timedelta(days=1, seconds=5))
        assert log_in(api).headers["date"] == "Tue, 16 Dec 2025 18:00:05 GMT"
        api.interpretation = Interpretation(date_skew=timedelta(hours=-2))
        assert get(api).headers["date"] == "Tue, 16 Dec 2025 16:00:05 GMT"
        api.interpretation = Interpretation(date_header="absent")
        assert "date" not in get(api).headers
        api.interpretation = Interpretation(date_header="real")
        assert abs(parsedate_to_datetime(get(api).headers["date"]) - datetime.now(UTC)) < timedelta(minutes=10)


@pytest.mark.parametrize(
    ("is_on", "accepts", "encoding"),
    [(True, "gzip, deflate", "gzip"), (True, "gzip;q=0", None), (True, "identity", None), (False, "gzip", None)],
)
def test_gzip(is_on: bool, accepts: str, encoding: str | None) -> None:
    """The answer is compressed if the switch is on and the client accepts it; the content is the same."""
    with running_emulator(interactions=50, customers=1, gzip=is_on) as api:
        query = f"{INTERACTIONS}?customer_id=1001&include_is_spam_likely=1"
        reply = send(api, "GET", query, authorization=get_token(api), accept_encoding=accepts)
        assert reply.headers.get("content-encoding") == encoding
        body = gzip.decompress(reply.body) if encoding else reply.body
        assert json.loads(body)["interactions"] == api.truth()


def test_interpretation_keeps_explicit_changes() -> None:
    """What a test sets is sent as it is: any value, no key, or an unknown field."""
    emulator = create_autumn_emulator(nulls="omitted", types="loose")
    emulator.change(2, duration="n/a", updated_at=ABSENT, brand_new=[1, None])
    row = next(row for row in emulator.truth() if row["id"] == 2)
    assert (row["duration"], row["brand_new"], "updated_at" in row) == ("n/a", [1, None], False)
    assert ask(emulator, ("customer_id", 1001))["interactions"] == emulator.truth()
    emulator.change(2, brand_new=ABSENT)
    assert not any("brand_new" in row for row in ask(emulator, ("customer_id", 1001))["interactions"])
