"""What the API may send that it should not, to one of two customers: what `liine sync` makes of it, and afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liine_source.emulator import Emulator, running_emulator
from liine_source.emulator.http.service import Answer
from liine_source.spec.tables import INTERACTION_TABLES, INTERACTIONS
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, query, spoil

PAGE = Path(__file__).parents[2] / "docs" / "odd-answers.md"
DESTINATIONS = {"duckdb": "DuckDB", "postgres": "Postgres", "snowflake": "Snowflake stand-in"}
SETTINGS = {
    "SOURCES__LIINE__MAX_ANSWER_MB": "1",
    "SOURCES__LIINE__MAX_WINDOW_PAGES": "20",
    "SOURCES__LIINE__MAX_WINDOW_ROWS": "5000",
    "SOURCES__LIINE__PAGE_SIZE": "20",
    "SOURCES__LIINE__PERSONAL_DATA_KEY": "3f9a1c7e5b2d8046a1e9c3b7d5f20864",
}
MARK = "put the odd value here"
# Ids of rows that are no interactions begin here.
INVENTED = 1_000_000_000_000
STORED = "row loaded, value stored as rejected"
READ = "loaded as it is"
FAILED = "this customer fails"

Body = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """What the answers about one customer hold; `change` gets each page, and `raw` replaces the mark in its text.

    `named` is what the output names. `lost` are the fields of the odd row that are null until it is right again.
    """

    what: str
    result: str
    change: Callable[[Body, dict[str, str]], Body]
    raw: str = ""
    named: str = ""
    field: str = ""


def value(what: str, field: str, raw: str, result: str = STORED, **others: str) -> Trial:
    """An odd value in a field of the customer's newest row."""

    def change(page: Body, _: dict[str, str]) -> Body:
        for row in page["interactions"]:
            if row["id"] == page["odd"]:
                row[field] = MARK
        return page

    return Trial(what, result, change, raw, field=field, **others)


def whole(what: str, change: Callable[[Body, dict[str, str]], Any], result: str = FAILED, **others: str) -> Trial:
    """An odd page."""
    return Trial(what, result, lambda page, asked: change(page, asked) or page, **others)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def ignored_cursor(moment: str) -> Callable[[Body, dict[str, str]], Any]:
    """Rows of one impossible time, the same ones for every cursor."""

    def change(page: Body, _: dict[str, str]) -> None:
        rows = [row | {"start_time": moment, "start_time_tz": moment} for row in page["first"]]
        page.update(interactions=rows, count=10_000)

    return change


def invented(page: Body, asked: dict[str, str]) -> None:
    """Rows that nobody has asked for, older with each cursor."""
    before = asked.get("pagination_timestamp", "2026-01-01T00:00:00")
    number = int(before[:4])
    rows = [
        row
        | {
            "id": INVENTED + number * 1_000_000 + place,
            "start_time": f"{number - 1:04}-06-01T00:00:{place:02}",
            "start_time_tz": f"{number - 1:04}-06-01T00:00:{place:02}Z",
        }
        for place, row in enumerate(page["first"])
    ]
    page.update(interactions=rows, count=None)


TRIALS = [
    value("a field nested 1,200 levels deep", "city", nested(1_200)),
    value("session extras as text, nested 5,000 levels deep", "initial_session_extras", f'"{nested(5_000)}"'),
    value("an unknown field nested 1,200 levels deep", "a_new_field", nested(1_200)),
    value("an integer beyond 64 bits", "duration", str(2**70)),
    value("an integer of 5,000 digits", "duration", "7" * 5_000),
    value("`1E99999999` as a number", "duration", "1E99999999"),
    value("`1E99999999` as revenue", "revenue", "1E99999999"),
    value("`1E99999999` as a patient's id", "patient_id", "1E99999999"),
    value("an integer of 5,000 digits as a lead's id", "lead_id", "7" * 5_000),
    value("NaN in a text", "name", '"NaN"', READ),
    value("a start of the year 9999", "start_time", '"9999-12-31T23:59:59"', READ),
    value("a start of the year 1", "start_time", '"0001-01-01T00:00:00"', READ),
    value("a start with time zone of the year 9999", "start_time_tz", '"9999-12-31T23:59:59Z"', READ),
    value("a start that is no time", "start_time", '"soon"'),
    value("`null` as start", "start_time", "null", READ),
    value("an update of the year 9999", "updated_at", '"9999-12-31T23:59:59Z"', READ),
    value("`1E99999999` as the row's id", "id", "1E99999999", FAILED, named="no usable id"),
    value("`null` as the row's id", "id", "null", FAILED, named="no usable id"),
    whole("`null` in the list of rows", lambda page, _: page["interactions"].append(None), named="no usable id"),
    whole("a count of 5,000 digits", lambda page, _: page.update(count="7" * 5_000), READ),
    whole("a count of 10^12", lambda page, _: page.update(count=10**12), named="max_window_rows"),
    whole("rows of the year 1, the same for every cursor", ignored_cursor("0001-01-01T00:00:00Z")),
    whole("rows of the year 9999, the same for every cursor", ignored_cursor("9999-12-31T23:59:59Z")),
    whole("invented pages without end", invented, named="max_window_"),
    whole("a page of 2 MB, 1 allowed", lambda page, _: page.update(more="x" * 2_000_000), named="max_answer_mb"),
    whole("an error in place of a page", lambda page, _: page.clear()),
]


class OddApi:
    """Lets an emulator answer oddly about its first customer, while `is_odd`."""

    def __init__(self, api: Emulator, trial: Trial) -> None:
        self.is_odd = True
        self.odd_id = next(row["id"] for row in api.truth() if row["customer_id"] == api.customer_ids[0])
        self._customer, self._trial, self._answer = str(api.customer_ids[0]), trial, api.interactions
        self._first: list[Any] = []
        api.interactions = self.interactions

    def interactions(self, pairs: Any) -> Answer:
        pairs = [*pairs]
        answer, asked = self._answer(pairs), dict(pairs)
        if not self.is_odd or self._customer not in asked.values() or answer.status != 200:
            return answer
        page = msgspec.json.decode(answer.body)
        self._first = self._first or [dict(row) for row in page["interactions"]]
        changed = self._trial.change(page | {"odd": self.odd_id, "first": self._first}, asked)
        sent = msgspec.json.encode({name: part for name, part in changed.items() if name not in {"odd", "first"}})
        return Answer(answer.status, sent.replace(f'"{MARK}"'.encode(), self._trial.raw.encode()))


def place(destination: str, request: pytest.FixtureRequest) -> Place:
    """Return where a sync loads to."""
    found: Place = Path("warehouse.duckdb") if destination == "duckdb" else request.getfixturevalue(destination)
    return found


def cases() -> Iterator[Any]:
    """Each trial on each destination."""
    for destination in DESTINATIONS:
        for trial in TRIALS:
            family = "faults" if destination == "duckdb" else destination
            yield pytest.param(destination, trial, id=f"{destination}-{trial.what}", marks=pytest.mark.slow(family))


@pytest.mark.parametrize(("destination", "trial"), [*cases()])
def test_odd_answer_stops_no_other_customer(destination: str, trial: Trial, request: pytest.FixtureRequest) -> None:
    """Every sync loads the other customer; when the API is right again, the next one ends equal to it."""
    where = place(destination, request)
    with running_emulator(interactions=60, customers=2, seed=4) as api:
        odd = OddApi(api, trial)
        for _ in range(2):
            done = run("sync", api=api, **SETTINGS)
            assert done.returncode == (1 if trial.result == FAILED else 0), done
            if trial.result == FAILED:
                assert f"Customer {api.customer_ids[0]}" in done.stdout + done.stderr
                assert f"Customer {api.customer_ids[1]}" not in done.stdout + done.stderr
            assert trial.named in done.stdout + done.stderr
            loaded = query(where, "select id, customer_id from liine.interactions")
            for customer in api.customer_ids:
                expected = {row["id"] for row in api.truth() if row["customer_id"] == customer}
                found = {row["id"] for row in loaded if row["customer_id"] == customer}
                if customer != api.customer_ids[0] or trial.result != FAILED:
                    assert found == expected, done
        if trial.result == STORED:
            stored = f"select field from liine.interactions__rejected_values where interaction_id = {odd.odd_id}"  # noqa: S608  ours
            assert [row["field"] for row in query(where, stored)] == [trial.field]
        # Rows that the API has once returned stay, until `liine verify` has missed them twice and marks them.
        for table in INTERACTION_TABLES:
            key = "id" if table == INTERACTIONS else "interaction_id"
            spoil(where, f"delete from liine.{table} where {key} >= {INVENTED}")  # noqa: S608  ours
        odd.is_odd = False
        api.change(odd.odd_id, agent="Somebody else")
        done = run("sync", api=api, **SETTINGS)
        assert done.returncode == 0, done
        assert differences(where, api.truth()) == []


# So that `make test` meets one of each kind; `cases` has all.
QUICK = ("an integer of 5,000 digits as a lead's id", "`null` in the list of rows", "invented pages without end")


@pytest.mark.parametrize("what", QUICK)
def test_odd_answer_on_duckdb(what: str, request: pytest.FixtureRequest) -> None:
    """The same, for one trial of each kind."""
    test_odd_answer_stops_no_other_customer("duckdb", next(trial for trial in TRIALS if trial.what == what), request)


def test_page_lists_trials() -> None:
    """docs/odd-answers.md has the trials that are run."""
    rows = [f"| {trial.what} | {trial.result} | {' | '.join(['equal'] * len(DESTINATIONS))} |" for trial in TRIALS]
    written = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert written[2:] == rows
