"""The dataset knows its keys: another key under the same id is refused before any request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, backfill, build_pipeline, erase, liine, sync, verify
from liine_source.emulator import Emulator, Faults, running_emulator
from liine_source.extract import state as state_module
from liine_source.extract.state import SourceState
from liine_source.load import key_checks
from liine_source.load.key_checks import check_keys, require_searchable, store_check_values
from liine_source.privacy.keys import Key
from liine_source.privacy.suppression import SuppressionEntry
from liine_source.settings import Settings, resolve_settings
from liine_source.spec.tables import PERSONAL_DATA_KEYS
from liine_source.warehouse import catalog, key_store, queries
from tests.commands.test_sync import settings
from tests.support.command_line import run
from tests.support.warehouse import Place, on_duckdb_and_postgres, query, spoil

SECRET = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
OTHER_SECRET = "b8d40c6f2e917a35d1f08c4e6b7a9253"
KEY = "SOURCES__LIINE__PERSONAL_DATA_KEY"
OLD_KEYS = "SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS"
ANOTHER_KEY = "key with the id 1 in personal_data_key is not the one"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a key in dlt's secrets."""
    monkeypatch.setenv(KEY, SECRET)


def small() -> Any:
    """Return an emulator of one customer."""
    return running_emulator(interactions=40, customers=1)


@contextmanager
def refused(api: Emulator, match: str) -> Iterator[None]:
    """Expect an error that quotes no key, before any request."""
    api.forget_requests()
    with pytest.raises(ConfigurationError, match=match) as caught:
        yield
    assert api.requests == []
    assert not any(secret in str(caught.value) for secret in (SECRET, OTHER_SECRET))


def stored_keys(place: Place) -> list[tuple[str, str]]:
    """Return the rows of `personal_data_keys`."""
    rows = query(place, "select key_id, check_value from liine.personal_data_keys")
    return sorted((row["key_id"], row["check_value"]) for row in rows)


def check_value(key_id: str, secret: str = SECRET) -> tuple[str, str]:
    """Return the row of a key."""
    return key_id, Key(secret.encode(), key_id).check_value


def prefixes(place: Place) -> set[str]:
    """Return the ids of the keys under which rows are hashed."""
    rows = query(place, "select lead_id from liine.interactions where lead_id is not null")
    return {row["lead_id"].partition(":")[0] for row in rows}


def test_other_key_under_same_id_is_refused(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command requests or writes anything with it; under an id of its own it is a new key."""
    with small() as api:
        given = settings(api, personal_data="hash")
        sync(**given)
        assert stored_keys(warehouse) == [check_value("1")]
        loaded = query(warehouse, "select * from liine.interactions order by id")
        lead = api.truth()[0]["lead_id"]
        # Rows are not hashed as these settings say, or phone numbers were normalized for another country.
        for other in (settings(api), {**given, "phone_country": "GB"}):
            with refused(api, "other settings of personal_data"):
                erase(lead_ids=[lead], **other)
        monkeypatch.setenv(KEY, OTHER_SECRET)
        runs: list[Callable[[], object]] = [
            lambda: sync(**given),
            lambda: backfill(restart=True, **given),
            lambda: verify(repair=True, **given),
            lambda: erase(lead_ids=[lead], is_dry_run=False, **given),
        ]
        for action in runs:
            with refused(api, ANOTHER_KEY):
                action()
        assert query(warehouse, "select * from liine.interactions order by id") == loaded
        rotated = {**given, "personal_data_key_id": "2"}
        monkeypatch.setenv(OLD_KEYS, f'{{"1": "{OTHER_SECRET[::-1]}"}}')
        with refused(api, "key with the id 1 in personal_data_old_keys is not the one"):
            sync(**rotated)
        monkeypatch.setenv(OLD_KEYS, f'{{"1": "{SECRET}"}}')
        assert backfill(restart=True, **rotated).is_complete
        assert (stored_keys(warehouse), prefixes(warehouse)) == (
            [check_value("1"), check_value("2", OTHER_SECRET)],
            {"2"},
        )


def test_command_with_other_key_exits_with_2() -> None:
    """The message says which setting to change; no request is made."""
    store_check_values(build_pipeline(), [Key(SECRET.encode(), "1")])
    with small() as api:
        done = run("sync", api=api, **{KEY: OTHER_SECRET})
        assert api.requests == []
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert ANOTHER_KEY in done.stderr
    assert "personal_data_key_id" in done.stderr


def test_custom_pipeline_stores_and_compares_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check value is in the dataset before any row, for every pipeline that loads into it."""
    place = dlt.destinations.duckdb("warehouse.duckdb")
    with small() as api:
        given = settings(api, personal_data="hash")
        pipeline = dlt.pipeline("clinic", destination=place, dataset_name="liine")
        pipeline.extract(liine(**given))
        assert stored_keys(Path("warehouse.duckdb")) == [check_value("1")]
        assert not catalog.column_types(pipeline)
        monkeypatch.setenv(KEY, OTHER_SECRET)
        api.forget_requests()
        with pytest.raises(PipelineStepFailed, match=ANOTHER_KEY):
            dlt.pipeline("another", destination=place, dataset_name="liine").run(liine(**given))
        assert api.requests == []


def test_folder_of_files_refuses_other_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no table of keys; dlt's state has the check value."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(Path.cwd() / "lake"))
    with small() as api:
        given = settings(api, personal_data="hash")
        sync("filesystem", **given)
        monkeypatch.setenv(KEY, OTHER_SECRET)
        with refused(api, ANOTHER_KEY):
            sync("filesystem", **given)


RIGHT, WRONG, OLD = check_value("1"), ("1", "0" * 16), check_value("0", OTHER_SECRET)
GONE = "under the key {}, but its check value is gone from personal_data_keys"
HASHED: dict[str, Any] = {"personal_data": "hash"}
NUMBERS: dict[str, Any] = {"personal_data_fields": {"agent_id": "hash"}}


class Case(NamedTuple):
    """What a dataset has, the settings, and the error, or the ids of the keys that remain to be stored.

    `hashed` are the ids under which the rows are hashed; of hashes that are numbers alone the ids do not show.
    """

    expected: str | list[str]
    stored: tuple[tuple[str, str], ...] = ()
    noted: tuple[tuple[str, str], ...] = ()
    hashed: str = ""
    erased: str = ""
    options: dict[str, Any] = HASHED


CASES = {
    "an empty dataset": Case(["1"]),
    "the same key": Case([], stored=(RIGHT, OLD)),
    "another key": Case(ANOTHER_KEY, stored=(WRONG,)),
    "another key, known from the state": Case(ANOTHER_KEY, noted=(WRONG,)),
    "the same key, known from the state": Case(["1"], noted=(RIGHT,), hashed="1"),
    "an old key, known from the state": Case(["1", "0"], noted=(OLD,)),
    "two keys under one id": Case(ANOTHER_KEY, stored=(RIGHT, WRONG)),
    "another old key": Case("key with the id 0 in personal_data_old_keys is not", stored=(RIGHT, ("0", "f" * 16))),
    "a new key": Case(["1"], stored=(OLD,), hashed="0"),
    "hashes without a check value": Case(GONE.format(1), hashed="1"),
    "hashes without a check value of their own": Case(GONE.format(1), stored=(OLD,), hashed="01"),
    "text in clear": Case(["1"], hashed="1", options={}),
    "numbers without a check value": Case(GONE.format(1), hashed="any", options=NUMBERS),
    "numbers under some key": Case(["1"], stored=(OLD,), hashed="any", options=NUMBERS),
    "erased identifiers without a check value": Case(GONE.format(0), erased="0", options={}),
    "erased identifiers without a key": Case("under the key 9", erased="9", options={}),
    "erased identifiers": Case([], stored=(RIGHT, OLD), erased="0", options={}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_keys_are_compared_with_the_dataset(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that hashed something is accepted only if a check value shows that it is the same."""
    monkeypatch.setenv(OLD_KEYS, f'{{"0": "{OTHER_SECRET}"}}')
    monkeypatch.setattr(key_checks, "_is_database", lambda _: True)
    monkeypatch.setattr(key_checks, "_find_tables", lambda _: {"personal_data_keys", "erased_identifiers"})
    monkeypatch.setattr(key_store, "read_check_values", lambda _: set(case.stored))
    monkeypatch.setattr(
        key_store, "has_hashes", lambda _, fields, key_id: key_id in case.hashed or case.hashed == "any"
    )
    entries = [SuppressionEntry("id", f"{key_id}:{'a' * 64}") for key_id in case.erased]
    monkeypatch.setattr(queries, "erased_identifiers", lambda _: entries)
    state, pipeline = SourceState(), cast("dlt.Pipeline", None)
    for key_id, value in case.noted:
        state.note_key_check(key_id, value)
    if isinstance(case.expected, str):
        with pytest.raises(ConfigurationError, match=case.expected):
            check_keys(pipeline, resolved(**case.options), state)
    else:
        checked = check_keys(pipeline, resolved(**case.options), state)
        assert [key.key_id for key in checked.unstored] == case.expected


def resolved(**options: Any) -> Settings:
    """Return settings without an API."""
    return resolve_settings(customer_ids=[1], credentials={"username": "u", "password": "p"}, **options)


def test_hashes_are_found_by_their_key() -> None:
    """Only in columns that are hashed: plain text may look like a hash."""
    pipeline = build_pipeline()
    rows = """
        create schema liine;
        create table liine.interactions (lead_id text, email text, agent_id bigint);
        create table liine.interactions__provider_names (provider_name text);
        insert into liine.interactions values ('0:aa', '1:bb', null);
        insert into liine.interactions__provider_names values ('2:cc');
        create table liine.personal_data_keys (key_id text, check_value text);
        insert into liine.personal_data_keys values ('0', ''), ('1', ''), ('2', '');
    """
    spoil(Path("warehouse.duckdb"), rows)
    hashed, drop_lead = resolved(**HASHED), {"lead_id": "drop"}
    fields = hashed.policy.hashed_fields
    assert [key_store.has_hashes(pipeline, fields, key_id) for key_id in "0123"] == [True, True, True, False]
    numbers = resolved(**NUMBERS).policy.hashed_fields
    assert not key_store.has_hashes(pipeline, numbers, "1")
    spoil(Path("warehouse.duckdb"), "update liine.interactions set agent_id = 5")
    assert key_store.has_hashes(pipeline, numbers, "1")
    # An identifier is hashed under the key 0, which is not set.
    with pytest.raises(ConfigurationError, match="hashed under the key 0, and without it nobody can be found"):
        require_searchable(pipeline, hashed)
    require_searchable(pipeline, resolved(**HASHED, personal_data_fields=drop_lead))
    require_searchable(pipeline, resolved())


@on_duckdb_and_postgres
def test_second_of_two_first_runs_is_refused(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both found no key; the one that stores its check value later writes no row."""
    first, second = Key(SECRET.encode(), "1"), Key(OTHER_SECRET.encode(), "1")
    pipeline = build_pipeline()
    add = key_store.add_check_value

    def add_after_another(pipeline: dlt.Pipeline, key: Key) -> None:
        add(pipeline, first)
        add(pipeline, key)

    with monkeypatch.context() as patch:
        patch.setattr(key_store, "add_check_value", add_after_another)
        with pytest.raises(ConfigurationError, match=ANOTHER_KEY):
            store_check_values(pipeline, [second])
    assert stored_keys(warehouse) == [check_value("1")]
    store_check_values(pipeline, [first])
    assert stored_keys(warehouse) == [check_value("1")]
    assert not catalog.column_types(pipeline)


def test_failed_first_run_does_not_bind_the_key() -> None:
    """Nothing was hashed, so a mistyped key may still be corrected."""
    with small() as api:
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        pipeline = build_pipeline()
        with pytest.raises(PipelineStepFailed):
            pipeline.run(liine(**settings(api, personal_data="hash")))
    assert not catalog.column_types(pipeline, PERSONAL_DATA_KEYS)


def test_earlier_hashes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 2 hashed without the kind of value: its hashes and erased identifiers would meet nothing."""
    with small() as api:
        given = settings(api, personal_data="hash")
        with monkeypatch.context() as patch:
            patch.setattr(state_module, "STATE_VERSION", 2)
            sync(**given)
        runs: list[Callable[[], object]] = [
            lambda: sync(**given),
            lambda: erase(lead_ids=["1"], **given),
        ]
        for action in runs:
            with refused(api, "loaded by an earlier version"):
                action()


@pytest.mark.slow("privacy")
def test_erased_person_does_not_return_with_other_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for a dataset that was loaded in clear, and without a key, before the erasure."""
    place = Path("warehouse.duckdb")
    with small() as api:
        given = settings(api)
        monkeypatch.delenv(KEY)
        sync(**given)
        monkeypatch.setenv(KEY, SECRET)
        lead = api.truth()[0]["lead_id"]
        erase(lead_ids=[lead], **given)
        assert not query(place, "select 1 from information_schema.tables where table_name = 'personal_data_keys'")
        erase(lead_ids=[lead], is_dry_run=False, **given)
        assert stored_keys(place) == [check_value("1")]
        monkeypatch.setenv(KEY, OTHER_SECRET)
        with refused(api, ANOTHER_KEY):
            backfill(restart=True, **given)
        monkeypatch.setenv(KEY, SECRET)
        backfill(restart=True, **given)
        assert {"lead_id": lead} not in query(place, "select lead_id from liine.interactions")


@pytest.mark.slow("privacy")
@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"], indirect=True)
def test_dropped_table_of_keys_opens_no_way(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt's state restores it; without that, no key is accepted as long as rows are hashed."""
    with small() as api:
        given = settings(api, personal_data="hash")
        sync(**given)
        spoil(warehouse, "drop table liine.personal_data_keys")
        monkeypatch.setenv(KEY, OTHER_SECRET)
        with refused(api, ANOTHER_KEY):
            sync(**given)
        monkeypatch.setenv(KEY, SECRET)
        assert sync(**given).is_complete
        assert stored_keys(warehouse) == [check_value("1")]
        spoil(warehouse, "drop table liine.personal_data_keys")
        spoil(warehouse, "delete from liine._dlt_pipeline_state")
        for secret in (OTHER_SECRET, SECRET):
            monkeypatch.setenv(KEY, secret)
            with refused(api, "under the key 1, but its check value is gone from personal_data_keys"):
                sync(**given)
        # Under a new id it hashes everything again, and nobody was erased under the old one.
        assert sync(**{**given, "personal_data_key_id": "2"}).is_complete
        assert prefixes(warehouse) == {"2"}


@pytest.mark.slow("privacy")
def test_person_cannot_be_sought_without_old_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows under the old key may be the person's; once they are hashed again, the old key is not needed."""
    with small() as api:
        given = settings(api, personal_data="hash")
        sync(**given)
        monkeypatch.setenv(KEY, OTHER_SECRET)
        rotated = {**given, "personal_data_key_id": "2"}
        api.advance(timedelta(days=1))
        sync(**rotated)
        lead = api.truth()[0]["lead_id"]
        with refused(api, "hashed under the key 1, and without it nobody can be found"):
            erase(lead_ids=[lead], **rotated)
        backfill(restart=True, **rotated)
        assert erase(lead_ids=[lead], **rotated).interactions > 0
