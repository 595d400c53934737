"""Personal data: what each setting does to a value, and that no marker planted anywhere is found anywhere else."""

import hashlib
import hmac
import io
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dlt
import duckdb
import psycopg2
import pytest
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from liine_source import (
    ConfigurationError,
    LiineError,
    backfill,
    cli,
    dlt_settings,
    liine,
    loading,
    notices,
    privacy,
    raise_for_failures,
    runs,
    sync,
    tables,
)
from liine_source import failures as failures_module
from liine_source import query as queries
from liine_source import settings as settings_module
from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from liine_source.rows import row_of
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from tests.slow.victim import victim
from tests.test_sync import settings, small
from tests.warehouse import Place, query

SECRET = "0123456789abcdef0123456789abcdef"
OLD_SECRET = "fedcba98fedcba98fedcba98fedcba98"
KEY = privacy.Key(SECRET.encode(), "1")
PERSONAL = [described for described in FIELDS if described.personal_data != "none"]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> privacy.Key:
    """A key in dlt's secrets."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET)
    return KEY


def digest(text: str) -> str:
    """What stands in a column, written out once more."""
    return "1:" + hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def treated(
    mode: str, value: dict[str, Any], fields: dict[str, str] | None = None, key: privacy.Key = KEY
) -> dict[str, Any]:
    """The fields of a row after it was treated."""
    row = row_of({"id": 1, **value})
    (found,) = privacy.Treated(privacy.checked(mode, fields, key)).rows([row], 5)
    known = {name: getattr(found, name) for name in value if name in FIELDS_BY_NAME}
    return known | {"unknown": found.unknown}


@pytest.mark.parametrize(
    ("field", "spellings", "normalised"),
    [
        ("phone_number", ["19195550123", "+1 919-555-0123", "(919) 555-0123", " 1-919-555-0123 "], "+19195550123"),
        ("phone_number", ["4930901820", "+49 30 901820"], "+4930901820"),
        ("phone_number", ["123"], "123"),
        ("email", ["Zoe@Example.COM ", "zoe@example.com"], "zoe@example.com"),
        ("name", ["ZOË  O'Mockery", "Zoe\u0308 o'mockery "], "zoë o'mockery"),
        ("lead_id", ["20123456", " 20123456", 20123456, Decimal("20123456.0")], "20123456"),
        ("ehr_pms_patient_id", ["PMS-0A"], "PMS-0A"),
        (
            "initial_landing_url",
            ["https://u:p@Clinic.example/a?name=Zoe#x", "https://clinic.example/a"],
            "https://clinic.example/a",
        ),
    ],
)
def test_one_person_has_one_hash_however_it_is_written(field: str, spellings: list[Any], normalised: str) -> None:
    """HMAC-SHA-256 of the normalised value, after the key's id."""
    assert {treated("hash", {field: value})[field] for value in spellings} == {digest(normalised)}


def test_what_is_nobodys_is_not_hashed_into_one_person() -> None:
    """The reference's word for an invalid number, and nothing at all."""
    assert treated("hash", {"phone_number": "Unknown", "email": " "})["phone_number"] == "unknown"
    assert treated("hash", {"email": " "})["email"] is None


def test_hashing_leaves_measures_and_drops_what_is_open() -> None:
    """Numbers stay numbers and listed words stay; free text, extras and fields that nobody knows are gone."""
    given = {
        "agent_id": 7,
        "revenue": 12.5,
        "appointment_status": "Attended",
        "messaging_skill_1": True,
        "initial_division": "Implants",
        "provider_names": ["Dr. A", None, "Dr. A"],
        "initial_keyword": "pain in my tooth",
        "initial_session_extras": {"a": "b"},
        "sara_lead_id_reason": "Matched by name",
        "spam_likely_reason": "robot",
        "call_type": "New Lead",
        "customer_id": 5,
        "new field": "x",
    }
    found = treated("hash", given)
    assert isinstance(found["agent_id"], int)
    assert found["agent_id"] not in (7, None)
    assert found["provider_names"] == [digest("dr. a"), None, digest("dr. a")]
    assert found["initial_division"] == digest("Implants")
    kept = ("revenue", "appointment_status", "messaging_skill_1", "call_type", "customer_id")
    assert {name: found[name] for name in kept} == {name: given[name] for name in kept}
    gone = ("initial_keyword", "initial_session_extras", "sara_lead_id_reason", "spam_likely_reason", "unknown")
    assert {name: found[name] for name in gone} == dict.fromkeys(gone)


@pytest.mark.parametrize("described", PERSONAL, ids=lambda described: described.name)
def test_a_value_that_is_not_what_its_field_says_is_not_kept(described: Any) -> None:
    """A name in a column of numbers or of listed words would otherwise stay, or be told as rejected."""
    for mode in ("hash", "drop"):
        for value in ("Zoë O'Mockery", {"name": "Zoë O'Mockery"}, ["Zoë O'Mockery"]):
            assert "mockery" not in str(treated(mode, {described.name: value})[described.name]).lower()


def test_fields_are_excepted_by_name() -> None:
    """In either direction, a field that nobody knows yet too."""
    fields = {"initial_division": "keep", "new field": "keep", "email": "drop", "initial_keyword": "hash"}
    known = {"initial_division": "Implants", "email": "a@example.com", "initial_keyword": "crown"}
    given = {**known, "new field": 1, "another": 2}
    found = treated("hash", given, fields)
    assert (found["initial_division"], found["email"]) == ("Implants", None)
    assert (found["initial_keyword"], found["unknown"]) == (digest("crown"), {"new field": 1})
    assert treated("keep", {"email": "a@example.com", "name": "A"}, {"email": "hash"})["name"] == "A"
    assert treated("drop", {"lead_id": "5", "name": "A"}, {"lead_id": "hash"}) | {"unknown": 0} == {
        "lead_id": digest("5"),
        "name": None,
        "unknown": 0,
    }


# Text about nobody, as the classes judge it: what a visitor's address or an account's own settings say.
OPEN_TEXT = {
    *(
        f"{touch}_{name}"
        for touch in ("initial", "last_touch")
        for name in ("marketing_channel", "location", "utm_source", "utm_medium", "utm_campaign", "utm_content")
    ),
    "tracking_number",
}
# Text of a list, where the list is the reference's and the API may have more words.
LISTED = {"interaction_type", "direction", "status", "call_type", "call_status", "outcome", "intent_level"}


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_text_of_class_none_stays_whatever_it_says(mode: str) -> None:
    """Channels rest on it, and analysts need a new word of a list; each is dropped where its name is given."""
    texts = {field for field in FIELDS if (field.data_type, field.personal_data) == ("text", "none")}
    assert {field.name for field in texts if not (field.is_open or field.values)} == OPEN_TEXT
    assert {field.name for field in texts if field.values} == LISTED
    given = dict.fromkeys(sorted(OPEN_TEXT | LISTED), "Zoë O'Mockery")
    assert treated(mode, given) == {**given, "unknown": None}
    assert treated(mode, given, dict.fromkeys(given, "drop")) == dict.fromkeys([*given, "unknown"])


def test_a_new_key_shows_before_each_hash_but_not_in_a_number() -> None:
    """So an agent's number is another one under it, and the hashes of its row tell under which key it was made."""
    row = {"agent_id": 7, "call_id": "c"}
    old, new = treated("hash", row), treated("hash", row, key=privacy.Key(SECRET[::-1].encode(), "2"))
    assert (old["call_id"][:2], new["call_id"][:2]) == ("1:", "2:")
    assert old["agent_id"] != new["agent_id"]
    assert all(0 <= found["agent_id"] < 2**63 for found in (old, new))


@pytest.mark.parametrize(("secret", "told"), [("tiny-secret", "too short"), (SECRET, "")])
def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str, told: str) -> None:
    """And not quoted."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", secret)
    with small() as api:
        if not told:
            assert sync(**settings(api, personal_data="hash")).is_complete
            return
        with pytest.raises(ConfigurationError, match=told) as caught:
            sync(**settings(api, personal_data="hash"))
        assert api.requests == []
    assert secret not in str(caught.value)


def test_a_dataset_has_one_form(key: privacy.Key) -> None:
    """Rows loaded as they are would otherwise stay among hashed ones, unnoticed; a new key is no other form."""
    with small() as api:
        sync(**settings(api))
        with pytest.raises(ConfigurationError, match="other settings of personal_data"):
            sync(**settings(api, personal_data="hash"))
        sync(dataset="hashed", **settings(api, personal_data="hash"))
        assert sync(dataset="hashed", **settings(api, personal_data="hash", personal_data_key_id="2")).is_complete


def test_a_dataset_has_one_form_whichever_unit_of_work_loaded_it(postgres: str, key: privacy.Key) -> None:
    """Also where only backfills of another customer have told of it, and a person was erased since."""
    with small() as api:
        given = settings(api)
        first, second = api.customer_ids
        runs.backfill(**{**given, "customer_ids": [first]})
        runs.purge(lead_ids=[api.truth(first)[0]["lead_id"]], is_dry_run=False, **{**given, "customer_ids": [first]})
        other = {**given, "customer_ids": [second], "personal_data": "hash"}
        for run in (sync, runs.backfill):
            with pytest.raises(ConfigurationError, match="other settings of personal_data"):
                run(**other)


def test_what_is_dropped_is_counted(key: privacy.Key) -> None:
    """By field; fields that the reference does not have under one name."""
    with small() as api:
        row = api.truth()[0]
        api.change(row["id"], brand_new="x", spam_likely_reason="robot")
        dropped = sync(**settings(api, personal_data="drop")).dropped
        truth = api.truth()
    assert dropped["fields not in the reference"] == 1
    assert dropped["spam_likely_reason"] == sum(row["spam_likely_reason"] is not None for row in truth)
    assert dropped["name"] == sum(row["name"] is not None for row in truth)


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("https://clinic.example/a", 0),
        ("HTTPS://Clinic.example:443/a/?#", 0),
        ("https://clinic.example/a?name=Zoe", 1),
        ("https://clinic.example/a#zoe", 1),
        ("https://zoe@clinic.example/a", 1),
        ("https://zoe:p@clinic.example/a?x=1#y", 1),
        ("no address", 1),
        ({"url": "https://clinic.example/a"}, 1),
    ],
)
def test_what_an_address_loses_is_counted(address: Any, count: int) -> None:
    """Once for each address, where a user, a query or a fragment was there; where it is kept, nothing is."""
    row = row_of({"id": 1, "initial_landing_url": address, "last_touch_referrer_url": None})
    rows = privacy.Treated(privacy.checked("hash", {}, KEY))
    rows.rows([row], 5)
    assert rows.dropped == ({"initial_landing_url": 1} if count else {})
    kept = privacy.Treated(privacy.checked("hash", {"initial_landing_url": "keep"}, KEY))
    kept.rows([row_of({"id": 1, "initial_landing_url": address})], 5)
    assert kept.dropped == {}


# The canary


def marker(name: str) -> str:
    """A text that nobody else would write."""
    return f"Canary-{name}-7f3a9c"


class Canary:
    """Plants markers in an emulator, and looks for them."""

    def __init__(self, api: Emulator, mode: str) -> None:
        self.api = api
        self.mode = mode
        self.given = settings(api, personal_data=mode, page_size=20)
        self.markers = {described.name: marker(described.name) for described in PERSONAL}
        ids = [row["id"] for row in api.truth()]
        for name, text in self.markers.items():
            described = next(one for one in FIELDS if one.name == name)
            whole: Any = {"list": [text], "object": {text: text, "n": {text: text}}}.get(described.shape, text)
            for at, value in enumerate((whole, {text: text}, [text])):
                api.change(ids[at], **{name: value})
        for at in range(6):
            api.change(ids[at], **{"brand new": marker("unknown"), "brand_list": [marker("unknown")]})
            api.change(ids[at], call_type={"who": marker("misplaced")}, duration=marker("misplaced"))
        self.page = f"https://clinic.example/{marker('path')}"
        url = f"{self.page}?q={marker('query')}#{marker('fragment')}"
        self.visit = ids[4]
        api.change(self.visit, initial_landing_url=url, last_touch_referrer_url=url)
        others = ("unknown", "misplaced", "path", "query", "fragment", "filter")
        self.texts = {*self.markers.values(), *map(marker, others)}
        # What never may show, in whatever mode.
        self.secrets = {api.password, SECRET, OLD_SECRET, marker("hook"), marker("filter")}
        issue = api._tokens.issue

        def issued(*given: Any) -> Any:
            token, until = issue(*given)
            self.secrets.add(token)
            return token, until

        api._tokens = SimpleNamespace(
            issue=issued,
            is_valid=api._tokens.is_valid,
            revoke=api._tokens.revoke,
            revoke_all=api._tokens.revoke_all,
        )

    @property
    def everything(self) -> set[str]:
        """All texts and secrets, tokens so far included."""
        return self.texts | self.secrets

    def found(self, where: str, content: bytes | str, texts: set[str]) -> list[str]:
        """Which of the texts stand in `content`, whatever the case of letters."""
        plain = (content.decode("utf-8", "replace") if isinstance(content, bytes) else content).lower()
        return [f"{text} in {where}" for text in sorted(texts) if text.lower() in plain]

    def in_files(self, folder: Path, texts: set[str]) -> list[str]:
        """Look into every file, its name too."""
        told = []
        for path in (one for one in folder.rglob("*") if one.is_file()):
            told += self.found(f"file {path.name}", path.read_bytes(), texts) + self.found("a name", str(path), texts)
        return told

    def in_warehouse(self, place: Place) -> list[str]:
        """Look into every column of every table."""
        told = []
        for table in query(place, "select table_schema as s, table_name as t from information_schema.tables"):
            if not table["s"].startswith(("pg_", "information_schema")):
                name = f'"{table["s"]}"."{table["t"]}"'
                rows = str(query(place, f"select * from {name}"))  # noqa: S608  a catalogue's
                told += self.found(name, rows, self.everything)
        return told

    def in_hashes(self, place: Place) -> list[str]:
        """Look whether an address was hashed with what it should have lost: no text would show it."""
        names = ("initial_landing_url", "last_touch_referrer_url")
        (held,) = query(place, f"select {', '.join(names)} from liine.interactions where id = {self.visit}")  # noqa: S608  ours
        cut = digest(self.page.lower())
        return [f"{marker('query')} in the hash of {name}" for name in names if held[name] != cut]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, ours and dlt's at DEBUG."""
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    loggers = [logging.getLogger(name) for name in ("liine_source", "dlt", "")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
    for logger in loggers[:2]:
        logger.setLevel(logging.DEBUG)
    yield told
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def failures(canary: Canary, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseException]:
    """Runs that fail in one way each: at the login, at the API, at the load, at a setting, at a broken page."""
    api, given = canary.api, canary.given
    filters = {"ehr_pms_patient_id_search": [marker("filter")]}
    wrong = {"username": "somebody", "password": api.password + "x"}

    def broken(*_: Any) -> Any:
        raise duckdb.ConversionException(f"Could not convert string '{canary.markers['name']}' to INT32")

    ways: list[tuple[dict[str, Any], Faults, tuple[Any, str] | None]] = [
        ({"credentials": wrong}, Faults(), None),
        ({}, Faults(bursts=(Burst(status=500),)), None),
        ({}, Faults(refused_customers=tuple(api.customer_ids)), None),
        ({}, Faults(bursts=(Burst(kind="truncated_json"),)), None),
        ({"filters": filters}, Faults(bursts=(Burst(status=400),)), None),
        ({"filters": {"ehr_pms_patient_id_search": marker("filter")}}, Faults(), None),
        ({}, Faults(), (tables.PageTables, "build")),
    ]
    for number, (more, faults, patched) in enumerate(ways):
        api.faults = faults
        with monkeypatch.context() as patch:
            if patched:
                patch.setattr(*patched, broken)
            try:
                raise_for_failures(sync(dataset=f"failed_{number}", **{**given, **more}))
            except LiineError as error:
                yield error
        api.faults = Faults()
    if canary.mode == "keep":
        for row in api.truth():
            # The warehouse quotes one of them.
            api.change(row["id"], name=canary.markers["name"])
        with refusing_names(place):
            try:
                raise_for_failures(backfill(is_anew=True, **given))
            except LiineError as error:
                yield error


@contextmanager
def refusing_names(place: Place) -> Iterator[None]:
    """Have the warehouse take no name meanwhile; its error quotes the name, or the row."""
    change = "alter table liine.interactions"
    if isinstance(place, Path):
        statements = "alter name type integer using null", "alter name type varchar"
    else:
        statements = "add constraint nobody check (name is null) not valid", "drop constraint nobody"
    execute(place, f"{change} {statements[0]}")
    yield
    execute(place, f"{change} {statements[1]}")


def execute(place: Place, statement: str) -> None:
    """Run a statement that answers nothing."""
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as connection:
            connection.execute(statement)
        return
    assert isinstance(place, str)
    with closing(psycopg2.connect(place)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


# With the exit code of each.
COMMANDS = {
    "check": 0,
    "plan --json": 0,
    "--log-format json sync": 0,
    "backfill --since 2024-01-01 --anew --json": 0,
    "verify": 0,
    "status --json": 0,
    f"purge --phone {marker('phone_number')} --patient-id {marker('ehr_pms_patient_id')}": 0,
    "sync --customer-id 999999": 1,
}


def printed(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `liine` prints, with the settings in its environment, to people and to machines."""
    told = io.StringIO()
    given = canary.given
    handlers = list(logging.getLogger("liine_source").handlers)
    with monkeypatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        for name in ("customer_ids", "base_url", "personal_data"):
            patch.setenv(f"SOURCES__LIINE__{name.upper()}", str(given[name]))
        for name, value in given["credentials"].items():
            patch.setenv(f"SOURCES__LIINE__CREDENTIALS__{name.upper()}", value)
        for command, code in COMMANDS.items():
            patch.setattr(sys, "argv", ["liine", *command.split()])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code == code, command
    logging.getLogger("liine_source").handlers[:] = handlers
    return told.getvalue()


def own_pipeline(canary: Canary, folder: Path) -> None:
    """Load by a pipeline of one's own, whose folder stays, and dlt's trace in it."""
    place = dlt.destinations.duckdb(str(folder / "mine_too.duckdb"))
    dlt.pipeline("mine", str(folder / "mine"), destination=place, dataset_name="liine").run(liine(**canary.given))


def in_a_line_of_json(text: str) -> str:
    """What `--log-format json` writes where somebody logs an exception of another's."""
    error = duckdb.ConversionException(text)
    told = (type(error), error, None)
    return notices.JsonLines().format(logging.LogRecord("", logging.ERROR, "", 0, "A task failed.", None, told))


def killed(canary: Canary, folder: Path) -> list[str]:
    """Kill runs at three points, look at what they left, and let one live; return what is wrong."""
    with victim() as process:
        left = []
        for point in (30, 60, 90):
            ended = process.run("sync", folder, kill_at=point, dataset="killed", **canary.given)
            assert ended["killed"]
            left += canary.in_files(folder / "dlt", canary.everything)
    if canary.mode != "keep":
        return left + ([] if sync(dataset="killed", **canary.given).is_complete else ["not complete"])
    # Rows stay until the next run; then they must be gone.
    found = [text for text in left if text.split(" in ")[0] in canary.secrets] + ([] if left else ["killed too late"])
    found += [] if sync(dataset="killed", **canary.given).is_complete else ["not complete"]
    return found + canary.in_files(folder / "dlt", canary.everything)


def leaks(place: Place, mode: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Sync, fail in each way, and sync again; return where markers were found that should not be there."""
    monkeypatch.setenv("SOURCES__LIINE__KEEP_RUN_RESULTS", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS", f'{{"0": "{OLD_SECRET}"}}')
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:9/{marker('hook')}")
    with small() as api:
        canary = Canary(api, mode)
        report = sync(**canary.given)
        told = [str(report.load_ids), str(report.unknown_fields), str(report.dropped)]
        in_warehouse = canary.in_warehouse(place)
        found = canary.in_hashes(place) if mode == "hash" else []
        sync(dataset="filtered", **canary.given, filters={"ehr_pms_patient_id_search": [marker("filter")]})
        raised = list(failures(canary, place, monkeypatch))
        told += ["".join(traceback.format_exception(error)) for error in raised]
        told += [in_a_line_of_json(canary.markers["name"])]
        found += [] if len(raised) == 7 + (mode == "keep") else ["fewer failures than tried"]
        assert any("." in secret for secret in canary.secrets), "no token was seen"
        api.advance(timedelta(days=9))
        found += [] if sync(**canary.given).is_complete else ["not complete"]
        if isinstance(place, Path):
            # The same whichever the destination is.
            own_pipeline(canary, folder)
            if mode == "keep":
                found += canary.found("what is printed", printed(canary, monkeypatch), canary.everything)
        found += canary.found("errors", "\n".join(told), canary.everything)
        found += canary.found("log", logged.getvalue(), canary.everything)
        found += canary.in_files(folder / "dlt", canary.everything) + canary.in_files(folder, canary.secrets)
        in_warehouse += canary.in_warehouse(place)
        if mode != "keep":
            return found + in_warehouse + canary.in_files(folder / "mine", canary.everything)
        kept = {text.split(" in ")[0] for text in in_warehouse if '"liine"."interactions"' in text}
        found += [] if {canary.markers["name"], canary.markers["email"]} <= kept else ["not kept"]
        where = [(*text.split(" in "), text) for text in in_warehouse]
        return found + [text for secret, table, text in where if secret in canary.secrets or "_st" in table]


@pytest.mark.parametrize(
    ("warehouse", "mode"),
    [
        ("duckdb", "keep"),
        *(
            pytest.param(place, mode, marks=pytest.mark.slow("privacy"))
            for place, mode in (
                ("duckdb", "hash"),
                ("duckdb", "drop"),
                ("postgres", "keep"),
                ("postgres", "hash"),
                ("postgres", "drop"),
            )
        ),
    ],
    indirect=["warehouse"],
)
def test_no_marker_gets_anywhere(
    warehouse: Place, mode: str, key: privacy.Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not into logs, errors, what is printed or dlt's folder in any mode; in `hash` and `drop` into no table either."""
    assert leaks(warehouse, mode, logged, monkeypatch, tmp_path) == []


@pytest.mark.slow("privacy")
@pytest.mark.parametrize(
    ("warehouse", "mode"),
    [(place, mode) for place in ("duckdb", "postgres") for mode in ("keep", "hash", "drop")],
    indirect=["warehouse"],
)
def test_a_killed_run_leaves_no_marker_in_files(warehouse: Place, mode: str, key: privacy.Key, tmp_path: Path) -> None:
    """In `keep` rows may lie in dlt's folder until the next run, in the other modes not even these."""
    with small() as api:
        assert killed(Canary(api, mode), tmp_path) == []


def _as_it_is(value: Any, *_: Any) -> Any:
    return value


@contextmanager
def _untranslated() -> Iterator[None]:
    """As if dlt's and the warehouse's own errors were let through."""
    try:
        yield
    except Exception as error:
        raise LiineError(str(error)) from error


@configspec
class _PlainKeys(BaseConfiguration):
    """The secrets, of a type that dlt writes down."""

    personal_data_key: str | None = None
    personal_data_old_keys: dict[str, str] | None = None


PAGES = {name for name, normalized in privacy._NORMALIZED.items() if normalized is privacy._page}
WHOLE_PAGES = {**privacy._NORMALIZED, **dict.fromkeys(PAGES, privacy._trimmed)}

SAFEGUARDS: dict[str, tuple[str, Any, str, Any]] = {
    "values are treated": ("hash", privacy.Treated, "rows", lambda self, rows, customer_id: list(rows)),
    "fields that nobody knows are dropped": ("hash", privacy.Treated, "_allowed", lambda self, unknown: unknown),
    "open values are dropped": ("hash", privacy, "_dropped", _as_it_is),
    "misplaced values are dropped": ("hash", privacy, "_as_documented", lambda described, value: value),
    "values that fit nowhere are not kept": ("drop", privacy.Treated, "keeps_raw_values", True),
    "texts are hashed": ("hash", privacy.Key, "digest", lambda self, text: text),
    "addresses lose query and fragment": ("hash", privacy, "_NORMALIZED", WHOLE_PAGES),
    "filters are kept as a fingerprint": ("keep", queries, "_slow_digits", _as_it_is),
    "secrets are of a secret type": ("keep", settings_module, "_Secrets", _PlainKeys),
    "errors are told in our words": ("keep", failures_module, "_retold", _untranslated),
    "dlt logs no error": ("keep", failures_module, "_muted", nullcontext),
    "a line of JSON quotes no exception": ("keep", notices, "JsonLines", logging.Formatter),
}


@pytest.mark.slow("privacy")
@pytest.mark.parametrize("name", SAFEGUARDS)
def test_without_any_one_safeguard_a_marker_is_found(
    name: str, key: privacy.Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So each of them is needed, and the test above can fail."""
    mode, owner, attribute, without = SAFEGUARDS[name]
    monkeypatch.setattr(owner, attribute, without)
    privacy._normalized.cache_clear()
    found = leaks(Path("warehouse.duckdb"), mode, logged, monkeypatch, tmp_path)
    privacy._normalized.cache_clear()
    assert any(text.split(" in ")[0] in {SECRET, OLD_SECRET} or "canary" in text.lower() for text in found), name


@pytest.mark.slow("privacy")
def test_where_the_folder_is_not_emptied_a_marker_of_a_killed_run_stays(
    key: privacy.Key, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The next run clears what a killed one left."""
    monkeypatch.setattr(loading, "_emptied", lambda pipeline: None)
    with small() as api:
        assert killed(Canary(api, "keep"), tmp_path) != []


@pytest.mark.slow("privacy")
def test_without_emptied_staging_a_marker_is_found(
    key: privacy.Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor dropped: what `loading` does, and the setting that dlt has for it, both switched off."""
    monkeypatch.setattr(dlt_settings, "refuse_leftovers", lambda _: None)
    monkeypatch.setattr(loading, "_drop_staging", lambda _: None)
    with dlt.config.values({"load.truncate_staging_dataset": False}):
        found = leaks(Path("warehouse.duckdb"), "keep", logged, monkeypatch, tmp_path)
    assert [text for text in found if '"liine_stg_' in text] != []


def test_a_pipeline_of_ones_own_treats_values_alike(key: privacy.Key, logged: io.StringIO) -> None:
    """No marker in its warehouse, nor in a log."""
    with small() as api:
        canary = Canary(api, "hash")
        pipeline = dlt.pipeline("mine", destination=dlt.destinations.duckdb("mine_too.duckdb"), dataset_name="liine")
        pipeline.run(liine(**canary.given))
        assert canary.in_warehouse(Path("mine_too.duckdb")) == []
        assert canary.found("log", logged.getvalue(), canary.texts | canary.secrets) == []


OWN = """
import json, sys
import dlt
from liine_source import liine
place = dlt.destinations.duckdb("mine_too.duckdb")
dlt.pipeline("mine", "mine", destination=place, dataset_name="liine").run(liine(**json.loads(sys.argv[1])))
"""


def test_a_pipeline_of_ones_own_writes_no_filter_down(key: privacy.Key) -> None:
    """Not into dlt's trace either, which has all other settings that dlt found in a file, but for secrets."""
    Path(".dlt").mkdir()
    filters = f'ehr_pms_patient_id_search = ["{marker("filter")}"]'
    Path(".dlt", "config.toml").write_text(f"[sources.liine]\npage_size = 987\n[sources.liine.filters]\n{filters}\n")
    with small() as api:
        ended = subprocess.run([sys.executable, "-c", OWN, json.dumps(settings(api))], check=False)  # noqa: S603  our own
        assert ended.returncode == 0
        assert ("ehr_pms_patient_id_search", marker("filter")) in [*api.requests[-1].params]
    trace = Path("mine", "mine", "trace.pickle").read_bytes()
    assert b"page_size" in trace
    assert [
        path for path in Path("mine").rglob("*") if path.is_file() and marker("filter").encode() in path.read_bytes()
    ] == []


# Erasing one person


def persons(place: Place) -> int:
    """How many rows there are."""
    return int(query(place, "select count(*) as n from liine.interactions")[0]["n"])


@pytest.mark.parametrize("mode", ["hash", pytest.param("keep", marks=pytest.mark.slow("privacy"))])
def test_an_erased_person_never_comes_back(warehouse: Place, key: privacy.Key, mode: str) -> None:
    """Counted first; then gone from every table, and absent after a sync, a backfill and a repair."""
    with running_emulator(interactions=600, customers=2, seed=3) as api:
        given = settings(api, personal_data=mode)
        sync(**given)
        truth = api.truth()
        person = next(row for row in truth if row["provider_names"] and row["phone_number"])
        other = next(row for row in truth if row["customer_id"] != person["customer_id"])
        api.change(other["id"], touch_updated_at=False, lead_id=person["lead_id"])
        only = {**given, "customer_ids": [person["customer_id"]]}
        theirs = {
            row["id"]
            for row in truth
            if row["customer_id"] == person["customer_id"]
            and (row["lead_id"] == person["lead_id"] or row["phone_number"] == person["phone_number"])
        }
        spoken = f"+{person['phone_number'][:1]} ({person['phone_number'][1:4]}) {person['phone_number'][4:]}"
        asked: dict[str, Any] = {"lead_ids": [person["lead_id"]], "phones": [spoken], **only}
        before = persons(warehouse)
        counted = runs.purge(**asked)
        assert (counted.interactions, counted.is_dry_run, persons(warehouse)) == (len(theirs), True, before)
        assert counted.child_rows > 0
        runs.purge(is_dry_run=False, **asked)
        assert persons(warehouse) == before - len(theirs)
        # Liine calls one of the rows otherwise; it is a row of the person's all the same.
        api.change(min(theirs), lead_id="99999999", phone_number="19195550199")
        api.advance(timedelta(days=3))
        sync(**given)
        runs.backfill(is_anew=True, **given)
        left = [row for row in api.truth() if row["id"] not in theirs]
        held = query(warehouse, "select id from liine.interactions")
        assert {row["id"] for row in held} == {row["id"] for row in left}
        assert other["id"] in {row["id"] for row in held}
        for child in tables.CHILDREN:
            ids = {row["interaction_id"] for row in query(warehouse, f"select interaction_id from liine.{child}")}  # noqa: S608  names of ours
            assert not ids & theirs
        found = runs.verify(repair=True, **given)
        assert [customer.missing for customer in found] == [0, 0]
        assert persons(warehouse) == len(left)
        written = [query(warehouse, f"select * from liine.{table}") for table in ("erasures", "erased_identifiers")]  # noqa: S608  names of ours
        records = str(written)
        assert person["lead_id"] not in records
        assert person["phone_number"] not in records
        assert [row["interactions"] for row in written[0]] == [len(theirs)]


@pytest.mark.parametrize("told", [7, "7", 7.0, None])
def test_an_erased_person_is_known_whatever_a_row_says_of_its_customer(told: Any) -> None:
    """Whom the row is of is known from what was asked for; ids count by their value, not by their spelling."""
    erased = privacy.Suppressed([("id", digest("7:12")), ("lead_id", digest("7:34"))], {"1": KEY})
    assert erased.has(row_of({"id": Decimal("12.0"), "customer_id": told}), 7)
    assert erased.has(row_of({"id": 1, "lead_id": " 34", "customer_id": told}), 7)
    assert not erased.has(row_of({"id": 1, "lead_id": "34", "customer_id": told}), 8)


def test_an_erased_person_stays_away_from_a_pipeline_of_ones_own(warehouse: Place, key: privacy.Key) -> None:
    """One that has loaded the dataset before, as the README shows it, and knows of no erasure."""
    kind = "duckdb" if isinstance(warehouse, Path) else "postgres" if isinstance(warehouse, str) else "snowflake"
    place = dlt.destinations.duckdb(str(warehouse)) if kind == "duckdb" else kind
    with small() as api:
        given = settings(api)
        own = dlt.pipeline("clinic", destination=place, dataset_name="liine")
        own.run(liine(**given))
        person = api.truth()[0]
        theirs = {row["id"] for row in api.truth() if row["lead_id"] == person["lead_id"]}
        assert runs.purge(lead_ids=[person["lead_id"]], is_dry_run=False, **given).interactions == len(theirs)
        api.advance(timedelta(days=3))
        for row in theirs:
            api.change(row, outcome="Booked")
        own.run(liine(**given))
        left = {row["id"] for row in api.truth()} - theirs
        assert {row["id"] for row in query(warehouse, "select id from liine.interactions")} == left
        found = runs.status()
        assert [(customer.is_proven, customer.watermark is None) for customer in found] == [(True, False)] * 2
        assert [customer.missing for customer in runs.verify(**given)] == [0, 0]


def test_erasing_twice_finds_nothing_more(key: privacy.Key) -> None:
    """A second request is answered, and does no harm."""
    with small() as api:
        given = settings(api)
        sync(**given)
        lead = api.truth()[0]["lead_id"]
        assert runs.purge(lead_ids=[lead], is_dry_run=False, **given).interactions > 0
        assert runs.purge(lead_ids=[lead], is_dry_run=False, **given).interactions == 0


def test_without_the_key_nothing_is_loaded_after_an_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could tell whom to leave out; an old key may lie beside a new one."""
    with small() as api:
        given = settings(api)
        sync(**given)
        lead = api.truth()[0]["lead_id"]
        with pytest.raises(ConfigurationError, match="Erasing needs a key"):
            runs.purge(lead_ids=[lead], **given)
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET)
        with pytest.raises(ConfigurationError, match="needs a lead id"):
            runs.purge(**given)
        gone = runs.purge(lead_ids=[lead], is_dry_run=False, **given).interactions
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET[::-1])
        rotated = {**given, "personal_data_key_id": "2"}
        api.forget_requests()
        with pytest.raises(ConfigurationError, match="under the key 1"):
            sync(**rotated)
        assert api.requests == []
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS", f'{{"1": "{SECRET}"}}')
        assert runs.backfill(is_anew=True, **rotated).is_complete
        with closing(duckdb.connect("warehouse.duckdb", read_only=True)) as connection:
            (held,) = connection.execute("select count(*) from liine.interactions").fetchall()[0]
        assert held == len(api.truth()) - gone


def test_a_page_of_erased_persons_alone_stops_no_run(warehouse: Place, key: privacy.Key) -> None:
    """A page that only they are on brings nothing, and the next ones come."""
    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api, page_size=5)
        sync(**given)
        leads = {row["lead_id"] for row in api.truth()[:20]}
        runs.purge(lead_ids=sorted(leads), is_dry_run=False, **given)
        assert runs.backfill(is_anew=True, **given).is_complete
        left = {row["id"] for row in api.truth() if row["lead_id"] not in leads}
        assert {row["id"] for row in query(warehouse, "select id from liine.interactions")} == left
