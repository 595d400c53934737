"""What somebody may do to the tables between two runs: made again, refused with the SQL that helps, or left alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from liine_source.emulator import Emulator, running_emulator
from liine_source.spec.tables import SWEEPS, column_names
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, query, spoil

PAGE = Path(__file__).parents[2] / "docs" / "changed-tables.md"
DESTINATIONS = {"duckdb": "DuckDB", "postgres": "Postgres", "snowflake": "Snowflake stand-in"}
Result = Literal["created again", "refused, with the SQL", "nothing: it stays"]
AGAIN: Result = "created again"
REFUSED: Result = "refused, with the SQL"
STAYS: Result = "nothing: it stays"

SETTINGS = {
    "SOURCES__LIINE__STORE_RUN_HISTORY": "true",
    "SOURCES__LIINE__PERSONAL_DATA_KEY": "3f9a1c7e5b2d8046a1e9c3b7d5f20864",
}
TABLE = "liine.interactions"
NAMES = "liine.interactions__provider_names"
# Advice that would be wrong for each of these.
BAD_ADVICE = ("Traceback", "run again", "can be reached", "--repair")


@dataclass(frozen=True)
class Change:
    """What somebody does, what the next sync does about it, and the name that its output gives.

    `sql` is what they run, on each destination or on some. `probe` is SQL of theirs whose result must stay the same.
    """

    what: str
    result: Result
    sql: str | dict[str, str]
    named: str = ""
    probe: dict[str, str] = field(default_factory=dict)
    is_noticed_by_verify: bool = True

    def statements(self, destination: str) -> list[str] | None:
        """Return what they run; None where that is not possible there."""
        sql = self.sql if isinstance(self.sql, str) else self.sql.get(destination)
        if sql is None:
            return None
        return [sql] if "$$" in sql else [part for part in sql.split(";") if part.strip()]


def only(sql: str, *destinations: str) -> dict[str, str]:
    """The same SQL on some destinations."""
    return dict.fromkeys(destinations, sql)


def dropped(table: str, **others: Any) -> Change:
    """A table that is dropped."""
    return Change(f"table `{table}` dropped", AGAIN, f"drop table liine.{table}", table, **others)


def without(table: str, column: str, result: Result = AGAIN) -> Change:
    """A column that is dropped."""
    sql = f"alter table liine.{table} drop column {column}"
    if table == "interactions" and column in {"id", "customer_id", "start_time", "updated_at"}:
        # DuckDB drops no column with an index; Postgres drops the index, too.
        sql = f"alter table liine.{table} drop column {column}"
    return Change(f"`{table}.{column}` dropped", result, sql, f"{table}.{column}" if result == AGAIN else column)


def renamed(table: str, column: str, result: Result = AGAIN) -> Change:
    """A column that is renamed."""
    sql = f"alter table liine.{table} rename column {column} to my_{column}"
    return Change(f"`{table}.{column}` renamed", result, sql, f"{table}.{column}" if result == AGAIN else column)


def retyped(column: str, kind: str, using: str = "", table: str = "interactions", **others: str) -> Change:
    """A column that gets another type; Snowflake changes few types, so there it is dropped and added."""
    change = f"alter table liine.{table} alter column {column} type {kind}"
    sql = only(f"{change} using {using}" if using else change, "duckdb", "postgres")
    add = f"alter table liine.{table} drop column {column}; alter table liine.{table} add column {column} {kind}"
    return Change(
        f"`{table}.{column}` changed to `{kind}`", REFUSED, {**sql, "snowflake": add, **others}, f"{table}.{column}"
    )


NOTES = f"create table {{dataset}}.notes (interaction_id bigint references {TABLE} (id) {{action}}, note varchar)"
FILL = f"insert into {{dataset}}.notes select id, 'mine' from {TABLE}"  # noqa: S608  ours
COUNT_NOTES = "select count(*) as n, count(interaction_id) as kept from public.notes"


def referring(action: str) -> Change:
    """A foreign key of another table, which deleting and inserting rows would violate, or spread."""
    sql = f"{NOTES};{FILL}".format(dataset="public", action=action)
    return Change(
        f"foreign key on `interactions.id` {action}".strip(), STAYS, {"postgres": sql}, probe={"postgres": COUNT_NOTES}
    )


FUNCTION = "$$ begin insert into public.log values (new.id); return new; end $$"
TRIGGER = f"""create table public.log (id bigint);
create function public.note() returns trigger language plpgsql as {FUNCTION};
create trigger note after insert or update on {TABLE} for each row execute function public.note()"""

CHANGES = [
    dropped("interactions"),
    dropped("interactions__provider_names"),
    dropped("interactions__session_extras"),
    dropped("interactions__rejected_values"),
    dropped("sweeps"),
    dropped("_dlt_pipeline_state"),
    dropped("_dlt_version"),
    dropped("_dlt_loads"),
    Change(
        "all three tables of dlt dropped",
        AGAIN,
        "drop table liine._dlt_loads; drop table liine._dlt_version; drop table liine._dlt_pipeline_state",
        "_dlt_loads",
    ),
    Change("table `_liine_inventory` dropped", STAYS, "drop table liine._liine_inventory"),
    Change("tables `runs` and `run_steps` dropped", STAYS, "drop table liine.runs; drop table liine.run_steps"),
    Change("`runs.status` dropped", STAYS, "alter table liine.runs drop column status"),
    Change("table `interactions` renamed", AGAIN, f"alter table {TABLE} rename to my_interactions", "interactions"),
    without("interactions", "agent"),
    renamed("interactions", "agent"),
    without("interactions", "customer_id"),
    without("interactions", "start_time"),
    without("interactions", "updated_at"),
    without("interactions", "vanished_at"),
    without("interactions", "phone_number"),
    without("interactions", "_dlt_load_id"),
    without("interactions__provider_names", "position"),
    without("interactions__provider_names", "is_cleared"),
    without("interactions__provider_names", "_dlt_load_id"),
    without("interactions__session_extras", "key"),
    without("sweeps", "status"),
    without("sweeps", "customer_id"),
    without("sweeps", "_dlt_load_id"),
    without("interactions", "id", REFUSED),
    renamed("interactions", "id", REFUSED),
    without("interactions__provider_names", "interaction_id", REFUSED),
    without("_dlt_pipeline_state", "state", REFUSED),
    without("_dlt_version", "schema", REFUSED),
    without("_dlt_loads", "status", REFUSED),
    without("_liine_inventory", "is_lost", REFUSED),
    retyped("name", "varchar(10)", "name::varchar(10)", duckdb=""),
    # In Snowflake an integer has 38 digits.
    retyped(
        "duration",
        "integer",
        snowflake=f"alter table {TABLE} drop column duration; alter table {TABLE} add column duration number(9, 0)",
    ),
    retyped("duration", "varchar"),
    retyped("city", "bigint", "null"),
    retyped("has_audio", "varchar"),
    retyped("updated_at", "varchar"),
    retyped("updated_at", "timestamp"),
    retyped("start_time", "date"),
    retyped("revenue", "numeric(6,0)"),
    retyped("revenue", "double precision"),
    retyped("id", "integer", snowflake=""),
    retyped("id", "varchar", snowflake=""),
    retyped("interaction_id", "varchar", table="interactions__provider_names", snowflake=""),
    retyped("expected", "varchar", table="sweeps"),
    retyped("state", "varchar(40)", "state::varchar(40)", table="_dlt_pipeline_state", duckdb="", snowflake=""),
    Change(
        "`interactions.state` set to not null",
        REFUSED,
        f"update {TABLE} set state = coalesce(state, '-'); alter table {TABLE} alter column state set not null",  # noqa: S608  ours
        "interactions.state",
    ),
    Change(
        "own column that is not null and has no default",
        REFUSED,
        f"alter table {TABLE} add column mine varchar; update {TABLE} set mine = '-';"  # noqa: S608  ours
        f"alter table {TABLE} alter column mine set not null",
        "interactions.mine",
    ),
    Change(
        "`interactions` replaced by a view",
        REFUSED,
        f"alter table {TABLE} rename to my_interactions; create view {TABLE} as select * from liine.my_interactions",  # noqa: S608  ours
        "interactions is a view",
    ),
    Change(
        "foreign key from a child table to `interactions`",
        REFUSED,
        {"postgres": f"alter table {NAMES} add constraint mine foreign key (interaction_id) references {TABLE} (id)"},
        "mine",
    ),
    Change(
        "foreign key on `interactions.id`",
        REFUSED,
        {"duckdb": f"alter table {TABLE} add primary key (id); {NOTES}; {FILL}".format(dataset="liine", action="")},
        "notes",
        probe={"duckdb": "select count(*) as n from liine.notes"},
    ),
    referring(""),
    referring("on delete cascade"),
    referring("on delete set null"),
    referring("deferrable initially deferred"),
    Change(
        "own column on `interactions`, with values",
        STAYS,
        f"alter table {TABLE} add column mine varchar; update {TABLE} set mine = 'checked'",  # noqa: S608  ours
        probe=dict.fromkeys(DESTINATIONS, f"select count(*) as n from {TABLE} where mine = 'checked'"),  # noqa: S608  ours
    ),
    Change(
        "own columns on the other tables",
        STAYS,
        f"alter table {NAMES} add column mine varchar; alter table liine.sweeps add column mine varchar",
        probe=dict.fromkeys(DESTINATIONS, f"select count(mine) as n from {NAMES}"),  # noqa: S608  ours
    ),
    Change("own index", STAYS, only(f"create index mine on {TABLE} (agent)", "duckdb", "postgres")),
    Change(
        "own unique index on a child table",
        STAYS,
        only(f"create unique index mine on {NAMES} (interaction_id, position)", "duckdb", "postgres"),
    ),
    Change("own primary key on `id`", STAYS, only(f"alter table {TABLE} add primary key (id)", "duckdb", "postgres")),
    Change("our index on `id` dropped", STAYS, {"postgres": "drop index liine.interactions_id"}),
    Change(
        "own view",
        STAYS,
        f"create view liine.mine as select id, city from {TABLE}",  # noqa: S608  ours
        probe=dict.fromkeys(DESTINATIONS, "select count(*) > 0 as has_rows from liine.mine"),
    ),
    Change(
        "own materialized view",
        STAYS,
        {"postgres": f"create materialized view liine.mine as select id, agent from {TABLE}"},  # noqa: S608  ours
        probe={"postgres": "select count(*) as n from liine.mine"},
    ),
    Change("own table in the dataset", STAYS, "create table liine.mine (id bigint)"),
    Change(
        "own trigger",
        STAYS,
        {"postgres": TRIGGER},
        probe={"postgres": "select count(*) as n from pg_trigger where tgname = 'note'"},
    ),
    Change(
        "own grant",
        STAYS,
        {"postgres": f"grant select on {TABLE} to public"},
        probe={"postgres": f"select has_table_privilege('pg_monitor', '{TABLE}', 'select') as granted"},
    ),
    Change(
        "own check that holds", STAYS, {"postgres": f"alter table {TABLE} add constraint mine check (duration >= 0)"}
    ),
]
BY_NAME = {change.what: change for change in CHANGES}


def place(destination: str, request: pytest.FixtureRequest) -> Place:
    """Return where a sync loads to."""
    found: Place = Path("warehouse.duckdb") if destination == "duckdb" else request.getfixturevalue(destination)
    return found


def do(where: Place, statements: list[str]) -> None:
    for statement in statements:
        spoil(where, statement)


def advised(text: str) -> list[str]:
    """Return the statements of a message."""
    return re.findall(r"^    ([A-Z].*;)$", text, re.MULTILINE)


def wrong(where: Place, api: Emulator) -> list[str]:
    """Return what differs from the API, except for columns of others."""
    return [text for text in differences(where, api.truth()) if not text.endswith((": mine", ": my_agent"))]


def try_changes(where: Place, destination: str, changes: list[Change], api: Emulator, *, is_whole: bool = True) -> None:
    """Sync, make the changes, and sync again; what it advises is done, and nothing else.

    Unless `is_whole`, no command follows that sync.
    """
    assert run("sync", api=api, **SETTINGS).returncode == 0
    for change in changes:
        do(where, change.statements(destination) or [])
    probes = [change.probe[destination] for change in changes if destination in change.probe]
    before = [query(where, probe) for probe in probes]
    is_refused = any(change.result == REFUSED for change in changes)
    is_missing = any(change.result == AGAIN for change in changes)
    for command in ("verify", "status"):
        done = run(command, api=api, **SETTINGS)
        assert done.returncode == (2 if is_refused else 1 if is_missing else 0), (command, done)
        assert all(bad not in done.stdout + done.stderr for bad in BAD_ADVICE), (command, done)
        named = [change.named for change in changes if change.result == (REFUSED if is_refused else AGAIN)]
        assert all(name in done.stderr for name in named), (command, done)
    api.advance(timedelta(days=2))
    api.change(api.truth()[0]["id"], name="Somebody with a long name", city=None, state=None)
    first = run("sync", api=api, **SETTINGS)
    if is_refused:
        assert first.returncode == 2
        statements = advised(first.stderr)
        assert statements, first.stderr
        do(where, statements)
        first = run("sync", api=api, **SETTINGS)
    assert first.returncode == 0, first
    assert wrong(where, api) == []
    created = [change.named for change in changes if change.result == AGAIN]
    assert all(name in first.stdout for name in created), first.stdout
    assert is_missing or is_refused or "again" not in first.stdout, first.stdout
    assert [query(where, probe) for probe in probes] == before
    if is_whole:
        second = run("sync", api=api, **SETTINGS)
        assert (second.returncode, "again" in second.stdout) == (0, False), second
        for command in ("verify", "status", "plan", "check"):
            assert run(command, api=api, **SETTINGS).returncode == 0
        assert wrong(where, api) == []


def cases() -> Iterator[Any]:
    """Each change on each destination."""
    for destination, change in ((one, other) for one in DESTINATIONS for other in CHANGES):
        if change.statements(destination):
            family = "faults" if destination == "duckdb" else destination
            yield pytest.param(destination, change, id=f"{destination}-{change.what}", marks=pytest.mark.slow(family))


@pytest.mark.parametrize(("destination", "change"), [*cases()])
def test_each_change(destination: str, change: Change, request: pytest.FixtureRequest) -> None:
    """Alone, on a dataset of two customers."""
    with running_emulator(interactions=40, customers=2, seed=4) as api:
        # The commands that follow are the same code everywhere.
        try_changes(place(destination, request), destination, [change], api, is_whole=destination == "duckdb")


@pytest.mark.slow("faults")
@pytest.mark.parametrize("column", [*column_names(SWEEPS)])
def test_column_of_sweeps_created_again(column: str) -> None:
    """It is null in the rows of earlier runs, which then prove nothing, and no command fails because of it."""
    where = Path("warehouse.duckdb")
    with running_emulator(interactions=40, customers=2, seed=4) as api:
        for _ in range(2):
            assert run("sync", api=api, **SETTINGS).returncode == 0
        spoil(where, f"alter table liine.sweeps drop column {column}")
        for command in ("sync", "status"):
            done = run(command, api=api, **SETTINGS)
            assert done.returncode == 0, (command, done)
        assert wrong(where, api) == []


# Those that one sync mends or leaves, and those that it names all together; the order is that in which they are made.
TOGETHER = {
    "mended or left": (
        "table `interactions__provider_names` dropped",
        "table `_dlt_loads` dropped",
        "`interactions.agent` renamed",
        "`interactions.customer_id` dropped",
        "`interactions._dlt_load_id` dropped",
        "`interactions__session_extras.key` dropped",
        "`sweeps.customer_id` dropped",
        "own column on `interactions`, with values",
        "own view",
        "own primary key on `id`",
        "foreign key on `interactions.id` on delete cascade",
        "own trigger",
    ),
    "refused": (
        "`interactions.duration` changed to `integer`",
        "`interactions.updated_at` changed to `timestamp`",
        "`interactions.state` set to not null",
        "`interactions__provider_names.interaction_id` dropped",
        "`_dlt_version.schema` dropped",
        "own column that is not null and has no default",
        "foreign key on `interactions.id`",
    ),
}


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@pytest.mark.parametrize("names", TOGETHER.values(), ids=[*TOGETHER])
def test_changes_at_once(destination: str, names: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    """One sync makes all again that was dropped and leaves what is others', or names all that it refuses."""
    changes = [BY_NAME[name] for name in names if BY_NAME[name].statements(destination)]
    with running_emulator(interactions=40, customers=1, seed=4) as api:
        try_changes(place(destination, request), destination, changes, api, is_whole=False)


# Both what the sync advises: to erase again, or to let them return.
LOST_IDENTIFIERS = {
    "table `erased_identifiers` dropped": "drop table liine.erased_identifiers",
    "tables `erased_identifiers` and `erasures` dropped": (
        "drop table liine.erased_identifiers; drop table liine.erasures"
    ),
    "`erased_identifiers` emptied": "delete from liine.erased_identifiers",
    "`erased_identifiers.digest` dropped": "alter table liine.erased_identifiers drop column digest",
}


def losses() -> Iterator[Any]:
    """Each loss on each destination, with each remedy."""
    for destination in DESTINATIONS:
        for name in LOST_IDENTIFIERS:
            for is_given_up in (False, True):
                is_quick = (destination, name, is_given_up) == ("duckdb", next(iter(LOST_IDENTIFIERS)), False)
                family = "faults" if destination == "duckdb" else destination
                marks = () if is_quick else pytest.mark.slow(family)
                remedy = "returned" if is_given_up else "erased again"
                yield pytest.param(destination, name, is_given_up, id=f"{destination}-{name}-{remedy}", marks=marks)


@pytest.mark.parametrize(("destination", "name", "is_given_up"), [*losses()])
def test_erased_persons_do_not_return(
    destination: str, name: str, is_given_up: bool, request: pytest.FixtureRequest
) -> None:
    """Without their identifiers nothing is loaded, until they are erased again, or somebody lets them return."""
    where = place(destination, request)
    with running_emulator(interactions=40, customers=1, seed=4) as api:
        lead = str(next(row["lead_id"] for row in api.truth() if row["lead_id"]))
        of_person = {row["id"] for row in api.truth() if row["lead_id"] == lead}
        erase = ("erase", "--lead-id", lead, "--yes")
        for command in (("sync",), erase):
            assert run(*command, api=api, **SETTINGS).returncode == 0
        do(where, LOST_IDENTIFIERS[name].split(";"))
        api.forget_requests()
        for command in ("sync", "verify", "status"):
            refused = run(command, api=api, **SETTINGS)
            assert (refused.returncode, "erased_identifiers" in refused.stderr) == (2, True), refused
        assert api.requests == []
        must_erase = not is_given_up
        while refused.returncode == 2:
            if must_erase and "`liine erase --allow-none`" in refused.stderr:
                assert run(*erase, "--allow-none", api=api, **SETTINGS).returncode == 0
                must_erase = False
            else:
                assert advised(refused.stderr)
                do(where, advised(refused.stderr))
            refused = run("sync", api=api, **SETTINGS)
        assert refused.returncode == 0, refused
        found = {row["id"] for row in query(where, "select id from liine.interactions")}
        assert found & of_person == (of_person if is_given_up else set())
        assert found | of_person == {row["id"] for row in api.truth()}


def trials() -> str:
    """Return the table of the page: each change, what the next sync does, and where it was tried."""
    rows = [(change.what, change.result, [*filter(change.statements, DESTINATIONS)]) for change in CHANGES]
    rows += [(name, REFUSED, [*DESTINATIONS]) for name in LOST_IDENTIFIERS]
    lines = [
        f"| change between two runs | next sync | {' | '.join(DESTINATIONS.values())} |",
        "|---|---|" + "---|" * len(DESTINATIONS),
    ]
    for what, result, tried in rows:
        lines.append(f"| {what} | {result} | {' | '.join('equal' if one in tried else '' for one in DESTINATIONS)} |")
    return "\n".join(lines)


def test_page_has_all_trials() -> None:
    """The table of the page is that of these tests."""
    assert trials() in PAGE.read_text(), f"replace the table in {PAGE.name} by:\n{trials()}"
