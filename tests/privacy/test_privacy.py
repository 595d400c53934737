"""Personal data: what each mode does to a value, that no planted marker leaks, and erasure."""

import hashlib
import hmac
import io
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
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

from liine_source import (
    ConfigurationError,
    LiineError,
    backfill,
    cli,
    erase,
    error_translation,
    liine,
    raise_for_failures,
    status,
    sync,
    verify,
)
from liine_source import settings as settings_module
from liine_source.api import query as queries
from liine_source.api.records import build_row
from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from liine_source.errors import AlteredTableError, NoRowsFoundError
from liine_source.load import dlt_settings, tables
from liine_source.load import pipeline as loading
from liine_source.monitoring import json_log
from liine_source.privacy import masking, normalization
from liine_source.privacy.keys import Key
from liine_source.privacy.masking import Masker
from liine_source.privacy.policy import validate_policy
from liine_source.privacy.suppression import SuppressionEntry, SuppressionList
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from liine_source.spec.tables import CHILD_TABLES, INTERACTION_TABLES
from tests.commands.test_sync import settings, small
from tests.slow.victim import victim
from tests.support.warehouse import Place, differences, query, spoil

SECRET = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
OLD_SECRET = "b8d40c6f2e917a35d1f08c4e6b7a9253"
KEY = Key(SECRET.encode(), "1")
PERSONAL = [described for described in FIELDS if described.personal_data != "none"]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Key:
    """Set a key in dlt's secrets."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET)
    return KEY


def digest(*parts: str) -> str:
    """Return the hash that a column should hold of a kind and a value, computed independently."""
    text = "\0".join(("liine-source", "value", *parts))
    return "1:" + hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def erased_digest(*parts: str) -> str:
    """Return the hash of an erased person's kind of identifier, customer and identifier, computed independently."""
    text = "\0".join(("liine-source", "erased", *parts))
    return "1:" + hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def masked(mode: str, value: dict[str, Any], fields: dict[str, str] | None = None, key: Key = KEY) -> dict[str, Any]:
    """Return the fields of a row after masking."""
    row = build_row({"id": 1, **value})
    (found,) = Masker(validate_policy(mode, fields, key)).mask([row], 5)
    known = {name: getattr(found, name) for name in value if name in FIELDS_BY_NAME}
    return known | {"unknown": found.unknown}


def test_policy_is_described_without_names_of_unknown_fields() -> None:
    """`sweeps` stores the description, and a field that is not in the reference may be named after a person."""
    fields = {"revenue": "drop", "lead_id": "keep", "zoe_omockery": "keep"}
    assert validate_policy("hash", fields, KEY).description == "hash, lead_id keep, revenue drop, other fields keep"


@pytest.mark.parametrize(
    ("field", "values", "kind", "normalised"),
    [
        (
            "phone_number",
            ["19195550123", "+1 919-555-0123", "(919) 555-0123", " 1-919-555-0123 "],
            "phone_number",
            "+19195550123",
        ),
        ("phone_number", ["4930901820", "+49 30 901820"], "phone_number", "+4930901820"),
        ("phone_number", ["123"], "phone_number", "123"),
        ("email", ["Zoe@Example.COM ", "zoe@example.com"], "email", "zoe@example.com"),
        ("name", ["ZOË  O'Mockery", "Zoe\u0308 o'mockery "], "lead_name", "zoë o'mockery"),
        ("lead_id", ["20123456", " 20123456", 20123456, Decimal("20123456.0")], "lead_id", "20123456"),
        ("ehr_pms_patient_id", ["PMS-0A"], "patient_id", "PMS-0A"),
        ("salient_interaction", ["c-1"], "call_id", "c-1"),
        (
            "initial_landing_url",
            ["https://u:p@Clinic.example/a?name=Zoe#x", "https://clinic.example/a"],
            "url",
            "https://clinic.example/a",
        ),
    ],
)
def test_same_person_has_same_hash_in_every_notation(field: str, values: list[Any], kind: str, normalised: str) -> None:
    """The hash is HMAC-SHA-256 of the kind of value and the normalised value, after the key's id."""
    assert {masked("hash", {field: value})[field] for value in values} == {digest(kind, normalised)}


def test_placeholder_and_blank_values_are_not_hashed() -> None:
    """The reference's word for an invalid number stays, and blank text becomes null."""
    assert masked("hash", {"phone_number": "Unknown", "email": " "})["phone_number"] == "unknown"
    assert masked("hash", {"email": " "})["email"] is None


def test_hash_mode_keeps_measures_and_drops_free_text() -> None:
    """Numbers and listed words stay; free text, session extras and unknown fields are dropped."""
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
    found = masked("hash", given)
    assert isinstance(found["agent_id"], int)
    assert found["agent_id"] not in (7, None)
    assert found["provider_names"] == [digest("employee_name", "dr. a"), None, digest("employee_name", "dr. a")]
    assert found["initial_division"] == digest("division", "Implants")
    kept = ("revenue", "appointment_status", "messaging_skill_1", "call_type", "customer_id")
    assert {name: found[name] for name in kept} == {name: given[name] for name in kept}
    dropped = ("initial_keyword", "initial_session_extras", "sara_lead_id_reason", "spam_likely_reason", "unknown")
    assert {name: found[name] for name in dropped} == dict.fromkeys(dropped)


@pytest.mark.parametrize("described", PERSONAL, ids=lambda described: described.name)
def test_value_of_undocumented_form_is_masked(described: Any) -> None:
    """A name in a column of numbers or listed words would otherwise stay, or be stored as rejected."""
    for mode in ("hash", "drop"):
        for value in ("Zoë O'Mockery", {"name": "Zoë O'Mockery"}, ["Zoë O'Mockery"]):
            assert "mockery" not in str(masked(mode, {described.name: value})[described.name]).lower()


def test_single_field_can_override_mode() -> None:
    """The override may be stricter or laxer than the mode, and may name an unknown field."""
    fields = {"initial_division": "keep", "new field": "keep", "email": "drop", "initial_keyword": "hash"}
    known = {"initial_division": "Implants", "email": "a@example.com", "initial_keyword": "crown"}
    given = {**known, "new field": 1, "another": 2}
    found = masked("hash", given, fields)
    assert (found["initial_division"], found["email"]) == ("Implants", None)
    assert (found["initial_keyword"], found["unknown"]) == (digest("keyword", "crown"), {"new field": 1})
    assert masked("keep", {"email": "a@example.com", "name": "A"}, {"email": "hash"})["name"] == "A"
    assert masked("drop", {"lead_id": "5", "name": "A"}, {"lead_id": "hash"}) | {"unknown": 0} == {
        "lead_id": digest("lead_id", "5"),
        "name": None,
        "unknown": 0,
    }


# Text of class `none`: it comes from the address of a page or from an account's own settings.
OPEN_TEXT = {
    *(
        f"{touch}_{name}"
        for touch in ("initial", "last_touch")
        for name in ("marketing_channel", "location", "utm_source", "utm_medium", "utm_campaign", "utm_content")
    ),
    "tracking_number",
}
# Text with values listed in the reference; the API may have more.
LISTED = {"interaction_type", "direction", "status", "call_type", "call_status", "outcome", "intent_level"}


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_text_of_class_none_is_kept(mode: str) -> None:
    """Reports need channels and new listed words; each field can be dropped by name."""
    texts = {field for field in FIELDS if (field.data_type, field.personal_data) == ("text", "none")}
    assert {field.name for field in texts if not (field.is_open or field.values)} == OPEN_TEXT
    assert {field.name for field in texts if field.values} == LISTED
    given = dict.fromkeys(sorted(OPEN_TEXT | LISTED), "Zoë O'Mockery")
    assert masked(mode, given) == {**given, "unknown": None}
    assert masked(mode, given, dict.fromkeys(given, "drop")) == dict.fromkeys([*given, "unknown"])


def test_new_key_prefixes_hashes_but_not_numbers() -> None:
    """An agent's number changes with the key too; the prefixes in its row show which key was used."""
    row = {"agent_id": 7, "call_id": "c"}
    old, new = masked("hash", row), masked("hash", row, key=Key(SECRET[::-1].encode(), "2"))
    assert (old["call_id"][:2], new["call_id"][:2]) == ("1:", "2:")
    assert old["agent_id"] != new["agent_id"]
    assert all(0 <= found["agent_id"] < 2**63 for found in (old, new))


@pytest.mark.parametrize("secret", ["tiny-secret", "k" * 40])
def test_guessable_key_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """The error does not quote the key, and nothing is requested; `test_keys` has the rules."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", secret)
    with small() as api:
        with pytest.raises(ConfigurationError, match="personal_data_key: the key with the id 1") as caught:
            sync(**settings(api, personal_data="hash"))
        assert api.requests == []
    assert secret not in str(caught.value)


def test_dataset_has_one_masking_mode(key: Key) -> None:
    """Plain rows would otherwise stay among hashed ones; a new key is no other mode."""
    with small() as api:
        sync(**settings(api))
        with pytest.raises(ConfigurationError, match="other settings of personal_data"):
            sync(**settings(api, personal_data="hash"))
        sync(dataset="hashed", **settings(api, personal_data="hash"))
        assert sync(dataset="hashed", **settings(api, personal_data="hash", personal_data_key_id="2")).is_complete


def test_dataset_has_one_masking_mode_for_all_run_keys(postgres: str, key: Key) -> None:
    """This holds even if another customer's backfill recorded the mode and a person was erased since."""
    with small() as api:
        given = settings(api)
        first, second = api.customer_ids
        backfill(**{**given, "customer_ids": [first]})
        erase(lead_ids=[api.truth(first)[0]["lead_id"]], is_dry_run=False, **{**given, "customer_ids": [first]})
        other = {**given, "customer_ids": [second], "personal_data": "hash"}
        for run in (sync, backfill):
            with pytest.raises(ConfigurationError, match="other settings of personal_data"):
                run(**other)


def test_dropped_values_are_counted(key: Key) -> None:
    """Dropped values are counted by field, and all unknown fields under one name."""
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
def test_parts_removed_from_addresses_are_counted(address: Any, count: int) -> None:
    """An address counts once if it loses a user, query or fragment, and not at all if it is kept."""
    row = build_row({"id": 1, "initial_landing_url": address, "last_touch_referrer_url": None})
    rows = Masker(validate_policy("hash", {}, KEY))
    rows.mask([row], 5)
    assert rows.dropped == ({"initial_landing_url": 1} if count else {})
    kept = Masker(validate_policy("hash", {"initial_landing_url": "keep"}, KEY))
    kept.mask([build_row({"id": 1, "initial_landing_url": address})], 5)
    assert kept.dropped == {}


# Markers in every place


def marker(name: str) -> str:
    """Return a text that occurs nowhere else."""
    return f"Canary-{name}-7f3a9c"


class Canary:
    """Plants markers in an emulator and searches for them."""

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
        # Texts that may not show in any mode.
        self.secrets = {api.password, SECRET, OLD_SECRET, marker("hook"), marker("filter")}
        issue = api._tokens.issue

        def issue_and_remember(*arguments: Any) -> Any:
            token, until = issue(*arguments)
            self.secrets.add(token)
            return token, until

        api._tokens = SimpleNamespace(
            issue=issue_and_remember,
            is_valid=api._tokens.is_valid,
            revoke=api._tokens.revoke,
            revoke_all=api._tokens.revoke_all,
        )

    @property
    def everything(self) -> set[str]:
        """Return all texts and secrets, including the tokens issued so far."""
        return self.texts | self.secrets

    def found(self, where: str, content: bytes | str, texts: set[str]) -> list[str]:
        """Return which of the texts are in `content`, regardless of case."""
        plain = (content.decode("utf-8", "replace") if isinstance(content, bytes) else content).lower()
        return [f"{text} in {where}" for text in sorted(texts) if text.lower() in plain]

    def in_files(self, folder: Path, texts: set[str]) -> list[str]:
        """Search every file and its name."""
        leaked = []
        for path in (one for one in folder.rglob("*") if one.is_file()):
            leaked += self.found(f"file {path.name}", path.read_bytes(), texts) + self.found("a name", str(path), texts)
        return leaked

    def in_warehouse(self, place: Place) -> list[str]:
        """Search every column of every table."""
        leaked = []
        for table in query(place, "select table_schema as s, table_name as t from information_schema.tables"):
            if not table["s"].startswith(("pg_", "information_schema")):
                name = f'"{table["s"]}"."{table["t"]}"'
                rows = str(query(place, f"select * from {name}"))  # noqa: S608  a catalogue's
                leaked += self.found(name, rows, self.everything)
        return leaked

    def in_hashes(self, place: Place) -> list[str]:
        """Check that addresses were hashed without their query and fragment, which no search for text shows."""
        names = ("initial_landing_url", "last_touch_referrer_url")
        (held,) = query(place, f"select {', '.join(names)} from liine.interactions where id = {self.visit}")  # noqa: S608  ours
        expected = digest("url", self.page.lower())
        return [f"{marker('query')} in the hash of {name}" for name in names if held[name] != expected]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Capture the whole log, of this project and of dlt at DEBUG."""
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("liine_source", "dlt", "")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
    for logger in loggers[:2]:
        logger.setLevel(logging.DEBUG)
    yield log
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def failures(canary: Canary, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseException]:
    """Run and fail at the login, the API, a setting, a broken page and the load; yield the errors."""
    api, given = canary.api, canary.given
    filters = {"ehr_pms_patient_id_search": [marker("filter")]}
    wrong = {"username": "somebody", "password": api.password + "x"}

    def broken(*_: Any) -> Any:
        raise duckdb.ConversionException(f"Could not convert string '{canary.markers['name']}' to INT32")

    cases: list[tuple[dict[str, Any], Faults, tuple[Any, str] | None]] = [
        ({"credentials": wrong}, Faults(), None),
        ({}, Faults(bursts=(Burst(status=500),)), None),
        ({}, Faults(refused_customers=tuple(api.customer_ids)), None),
        ({}, Faults(bursts=(Burst(kind="truncated_json"),)), None),
        ({"filters": filters}, Faults(bursts=(Burst(status=400),)), None),
        ({"filters": {"ehr_pms_patient_id_search": marker("filter")}}, Faults(), None),
        ({}, Faults(), (tables.PageTables, "build")),
    ]
    for number, (more, faults, patched) in enumerate(cases):
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
            # The warehouse's error quotes one of the names.
            api.change(row["id"], name=canary.markers["name"])
        with refusing_names(place):
            try:
                raise_for_failures(backfill(restart=True, **given))
            except LiineError as error:
                yield error


@contextmanager
def refusing_names(place: Place) -> Iterator[None]:
    """Make the warehouse refuse names within the block; its error quotes the name or the row."""
    if isinstance(place, Path):
        # The rows have one name in common, which the load brings.
        execute(place, "update liine.interactions set name = id::varchar")
        statements = "create unique index nobody on liine.interactions (name)", "drop index liine.nobody"
    else:
        change = "alter table liine.interactions"
        statements = (
            f"{change} add constraint nobody check (name is null) not valid",
            f"{change} drop constraint nobody",
        )
    execute(place, statements[0])
    yield
    execute(place, statements[1])


def execute(place: Place, statement: str) -> None:
    """Run a statement without a result."""
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as connection:
            connection.execute(statement)
        return
    assert isinstance(place, str)
    with closing(psycopg2.connect(place)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


# With their exit codes; {customer} has a row with each marker.
COMMANDS = {
    "check": 0,
    "plan --json": 0,
    "probe --yes": 0,
    "--log-format json sync": 0,
    "-v sync": 0,
    "backfill --since 2024-01-01 --restart --json": 0,
    "verify": 0,
    "status --json": 0,
    # No phone number, and not repeated.
    f"erase --phone {marker('phone_number')}": 2,
    f"erase --patient-id {marker('ehr_pms_patient_id')} --customer-id {{customer}}": 0,
    f"erase --patient-id {marker('ehr_pms_patient_id')}": 2,
    f"erase --patient-id {marker('name')} --customer-id {{customer}}": 1,
    f"erase --identifiers {marker('name')}": 2,
    "erasures export erasures.json": 0,
    "erasures import erasures.json --dataset other": 0,
    "sync --customer-id 999999": 1,
}


def printed(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what `liine` prints as text and as JSON, with its settings in the environment."""
    output = io.StringIO()
    given = canary.given
    handlers = list(logging.getLogger("liine_source").handlers)
    with monkeypatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
        for name in ("customer_ids", "base_url", "personal_data"):
            patch.setenv(f"SOURCES__LIINE__{name.upper()}", str(given[name]))
        for name, value in given["credentials"].items():
            patch.setenv(f"SOURCES__LIINE__CREDENTIALS__{name.upper()}", value)
        for command, code in COMMANDS.items():
            arguments = command.replace("{customer}", str(canary.api.truth()[0]["customer_id"])).split()
            patch.setattr(sys, "argv", ["liine", *arguments])
            with pytest.raises(SystemExit) as exit_info:
                cli.main()
            assert exit_info.value.code == code, command
    logging.getLogger("liine_source").handlers[:] = handlers
    return output.getvalue() + Path("erasures.json").read_text()


def run_custom_pipeline(canary: Canary, folder: Path) -> None:
    """Load with a custom pipeline, whose folder stays and holds dlt's trace."""
    place = dlt.destinations.duckdb(str(folder / "mine_too.duckdb"))
    dlt.pipeline("mine", str(folder / "mine"), destination=place, dataset_name="liine").run(liine(**canary.given))


def format_json_log(text: str) -> str:
    """Return what `--log-format json` writes if somebody logs a foreign exception."""
    error = duckdb.ConversionException(text)
    exc_info = (type(error), error, None)
    record = logging.LogRecord("", logging.ERROR, "", 0, "A task failed.", None, exc_info)
    return json_log.JsonFormatter().format(record)


def kill_runs(
    canary: Canary, folder: Path, points: Sequence[float] = (0.2, 0.35, 0.5, 0.55), dataset: str = "killed"
) -> list[str]:
    """Kill runs at several points, search what they left, and complete one; return what is wrong."""
    with victim() as process:
        leaked = []
        whole = process.run("sync", folder, dataset=f"{dataset}_whole", **canary.given)
        for fraction in points:
            point = int(whole["points"] * fraction)
            ended = process.run("sync", folder, kill_at=point, dataset=dataset, **canary.given)
            assert ended["killed"]
            leaked += canary.in_files(folder / "dlt", canary.everything)
    if canary.mode != "keep":
        return leaked + ([] if sync(dataset=dataset, **canary.given).is_complete else ["not complete"])
    # Rows may stay until the next run, which has to remove them.
    found = [text for text in leaked if text.split(" in ")[0] in canary.secrets]
    found += [] if leaked else ["killed too late"]
    try:
        found += [] if sync(dataset=dataset, **canary.given).is_complete else ["not complete"]
    except LiineError:
        found += ["not complete"]
    return found + canary.in_files(folder / "dlt", canary.everything)


def leaks(place: Place, mode: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Sync, fail in each way, and sync again; return where markers leaked."""
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS", f'{{"0": "{OLD_SECRET}"}}')
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:9/{marker('hook')}")
    with small() as api:
        canary = Canary(api, mode)
        report = sync(**canary.given)
        texts = [str(report.load_ids), str(report.unknown_fields), str(report.dropped)]
        in_warehouse = canary.in_warehouse(place)
        found = canary.in_hashes(place) if mode == "hash" else []
        sync(dataset="filtered", **canary.given, filters={"ehr_pms_patient_id_search": [marker("filter")]})
        raised = list(failures(canary, place, monkeypatch))
        texts += ["".join(traceback.format_exception(error)) for error in raised]
        texts += [format_json_log(canary.markers["name"])]
        found += [] if len(raised) == 7 + (mode == "keep") else ["fewer failures than tried"]
        assert any("." in secret for secret in canary.secrets), "no token was seen"
        api.advance(timedelta(days=9))
        found += [] if sync(**canary.given).is_complete else ["not complete"]
        if isinstance(place, Path):
            # This does not depend on the destination.
            run_custom_pipeline(canary, folder)
            if mode == "keep":
                found += canary.found("what is printed", printed(canary, monkeypatch), canary.everything)
        found += canary.found("errors", "\n".join(texts), canary.everything)
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
def test_no_marker_leaks(
    warehouse: Place, mode: str, key: Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No mode leaks into logs, errors, output or dlt's folder; `hash` and `drop` not into tables either."""
    assert leaks(warehouse, mode, logged, monkeypatch, tmp_path) == []


@pytest.mark.slow("privacy")
@pytest.mark.parametrize(
    ("warehouse", "mode"),
    [(place, mode) for place in ("duckdb", "postgres") for mode in ("keep", "hash", "drop")],
    indirect=["warehouse"],
)
def test_killed_run_leaves_no_marker_in_files(warehouse: Place, mode: str, key: Key, tmp_path: Path) -> None:
    """In `keep`, rows may stay in dlt's folder until the next run; in the other modes none may."""
    with small() as api:
        assert kill_runs(Canary(api, mode), tmp_path) == []


def _unchanged(value: Any, *_: Any) -> Any:
    return value


@contextmanager
def _untranslated() -> Iterator[None]:
    """Let errors of dlt and the warehouse through."""
    try:
        yield
    except LiineError:
        raise
    except Exception as error:
        raise LiineError(str(error)) from error


@configspec
class _PlainKeys(settings_module.LiineSettings):
    """The secrets with a type that dlt records in its trace."""

    personal_data_key: str | None = None
    personal_data_old_keys: dict[str, str] | None = None


WHOLE_ADDRESSES = {**normalization._NORMALIZERS, normalization.URL: str.strip}

SAFEGUARDS: dict[str, tuple[str, Any, str, Any]] = {
    "values are masked": ("hash", Masker, "mask", lambda self, rows, customer_id: list(rows)),
    "unknown fields are dropped": ("hash", Masker, "_keep_allowed", lambda self, unknown: unknown),
    "free text is dropped": ("hash", masking, "_drop", _unchanged),
    "undocumented values are dropped": ("hash", masking, "_keep_documented", lambda field, value: value),
    "rejected values are not stored": ("drop", Masker, "keeps_raw_values", True),
    "texts are hashed": ("hash", Key, "digest", lambda self, *parts: parts[-1]),
    "addresses lose query and fragment": ("hash", normalization, "_NORMALIZERS", WHOLE_ADDRESSES),
    "filters are kept as a fingerprint": ("keep", queries, "_slow_digest", _unchanged),
    "secrets are of a secret type": ("keep", settings_module, "LiineSettings", _PlainKeys),
    "errors are translated": ("keep", error_translation, "raise_translated", _untranslated),
    "dlt logs no errors": ("keep", error_translation, "_mute_dlt", nullcontext),
    "JSON log quotes no exception": ("keep", json_log, "JsonFormatter", logging.Formatter),
}


@pytest.mark.slow("privacy")
@pytest.mark.parametrize("name", SAFEGUARDS)
def test_marker_leaks_without_any_one_safeguard(
    name: str, key: Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each safeguard is needed, and `test_no_marker_leaks` can fail."""
    mode, owner, attribute, without = SAFEGUARDS[name]
    monkeypatch.setattr(owner, attribute, without)
    normalization.normalize.cache_clear()
    found = leaks(Path("warehouse.duckdb"), mode, logged, monkeypatch, tmp_path)
    normalization.normalize.cache_clear()
    assert any(text.split(" in ")[0] in {SECRET, OLD_SECRET} or "canary" in text.lower() for text in found), name


@pytest.mark.slow("privacy")
def test_marker_of_killed_run_stays_if_folder_is_not_emptied(
    key: Key, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only the reset before the next run removes the files of a run that was killed at the end of its load."""
    monkeypatch.setattr(loading, "_reset_working_directory", lambda pipeline: None)
    found: list[str] = []
    with small() as api:
        for number, point in enumerate((0.52, 0.54, 0.56, 0.58)):
            found += kill_runs(Canary(api, "keep"), tmp_path, [point], f"killed_{number}")
    assert any("canary" in text.lower() for text in found)


@pytest.mark.slow("privacy")
def test_marker_leaks_if_staging_is_not_emptied(
    postgres: str, key: Key, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither `liine_source.load` drops the staging tables nor does dlt truncate them; DuckDB has none."""
    monkeypatch.setattr(dlt_settings, "refuse_leftovers", lambda _: None)
    monkeypatch.setattr(loading, "_drop_staging", lambda _: None)
    with dlt.config.values({"load.truncate_staging_dataset": False}):
        found = leaks(postgres, "keep", logged, monkeypatch, tmp_path)
    assert [text for text in found if '"liine_stg_' in text] != []


def test_custom_pipeline_masks_values(key: Key, logged: io.StringIO) -> None:
    """Neither its warehouse nor a log has a marker."""
    with small() as api:
        canary = Canary(api, "hash")
        pipeline = dlt.pipeline("mine", destination=dlt.destinations.duckdb("mine_too.duckdb"), dataset_name="liine")
        pipeline.run(liine(**canary.given))
        assert canary.in_warehouse(Path("mine_too.duckdb")) == []
        assert canary.found("log", logged.getvalue(), canary.texts | canary.secrets) == []


SCRIPT = """
import json, sys
import dlt
from liine_source import liine
place = dlt.destinations.duckdb("mine_too.duckdb")
dlt.pipeline("mine", "mine", destination=place, dataset_name="liine").run(liine(**json.loads(sys.argv[1])))
"""


def test_custom_pipeline_does_not_record_filters(key: Key) -> None:
    """dlt's trace has the other settings from a file, except secrets, but no filter."""
    Path(".dlt").mkdir()
    filters = f'ehr_pms_patient_id_search = ["{marker("filter")}"]'
    Path(".dlt", "config.toml").write_text(f"[sources.liine]\npage_size = 987\n[sources.liine.filters]\n{filters}\n")
    with small() as api:
        ended = subprocess.run([sys.executable, "-c", SCRIPT, json.dumps(settings(api))], check=False)  # noqa: S603  our own
        assert ended.returncode == 0
        assert ("ehr_pms_patient_id_search", marker("filter")) in [*api.requests[-1].params]
    trace = Path("mine", "mine", "trace.pickle").read_bytes()
    assert b"page_size" in trace
    assert [
        path for path in Path("mine").rglob("*") if path.is_file() and marker("filter").encode() in path.read_bytes()
    ] == []


# Erasing one person

ERASURES = "select table_name from information_schema.tables where table_name like 'eras%'"


def count_interactions(place: Place) -> int:
    """Return the number of interactions."""
    return int(query(place, "select count(*) as n from liine.interactions")[0]["n"])


@pytest.mark.parametrize("mode", ["hash", pytest.param("keep", marks=pytest.mark.slow("privacy"))])
def test_erased_person_does_not_return(warehouse: Place, key: Key, mode: str) -> None:
    """After a dry run, the person goes from every table and stays away in a sync, backfill and repair."""
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
        formatted = f"+{person['phone_number'][:1]} ({person['phone_number'][1:4]}) {person['phone_number'][4:]}"
        erasure: dict[str, Any] = {"lead_ids": [person["lead_id"]], "phones": [formatted], **only}
        before = count_interactions(warehouse)
        counted = erase(**erasure)
        assert (counted.interactions, counted.is_dry_run, count_interactions(warehouse)) == (len(theirs), True, before)
        assert counted.child_rows > 0
        erase(is_dry_run=False, **erasure)
        assert count_interactions(warehouse) == before - len(theirs)
        # The API changes the identifiers of one row, which is the person's all the same.
        api.change(min(theirs), lead_id="99999999", phone_number="19195550199")
        api.advance(timedelta(days=3))
        sync(**given)
        backfill(restart=True, **given)
        remaining = [row for row in api.truth() if row["id"] not in theirs]
        held = query(warehouse, "select id from liine.interactions")
        assert {row["id"] for row in held} == {row["id"] for row in remaining}
        assert other["id"] in {row["id"] for row in held}
        for child in CHILD_TABLES:
            ids = {row["interaction_id"] for row in query(warehouse, f"select interaction_id from liine.{child}")}  # noqa: S608  names of ours
            assert not ids & theirs
        found = verify(repair=True, **given)
        assert [customer.missing for customer in found] == [0, 0]
        assert count_interactions(warehouse) == len(remaining)
        tables = [query(warehouse, f"select * from liine.{table}") for table in ("erasures", "erased_identifiers")]  # noqa: S608  names of ours
        records = str(tables)
        assert person["lead_id"] not in records
        assert person["phone_number"] not in records
        assert [row["interactions"] for row in tables[0]] == [len(theirs)]


@pytest.mark.parametrize("customer_id", [7, "7", 7.0, None])
def test_erased_person_is_recognised_despite_wrong_customer_in_row(customer_id: Any) -> None:
    """The requested customer counts, not the row's; ids are compared by value."""
    entries = [
        SuppressionEntry("id", erased_digest("interaction_id", "7", "12")),
        SuppressionEntry("lead_id", erased_digest("lead_id", "7", "34")),
    ]
    erased = SuppressionList(entries, {"1": KEY})
    assert erased.has(build_row({"id": Decimal("12.0"), "customer_id": customer_id}), 7)
    assert erased.has(build_row({"id": 1, "lead_id": " 34", "customer_id": customer_id}), 7)
    assert not erased.has(build_row({"id": 1, "lead_id": "34", "customer_id": customer_id}), 8)


def test_erased_person_stays_out_of_custom_pipeline(warehouse: Place, key: Key) -> None:
    """The pipeline loaded the dataset before and has no state of the erasure."""
    kind = "duckdb" if isinstance(warehouse, Path) else "postgres" if isinstance(warehouse, str) else "snowflake"
    place = dlt.destinations.duckdb(str(warehouse)) if kind == "duckdb" else kind
    with small() as api:
        given = settings(api)
        pipeline = dlt.pipeline("clinic", destination=place, dataset_name="liine")
        pipeline.run(liine(**given))
        person = api.truth()[0]
        theirs = {row["id"] for row in api.truth() if row["lead_id"] == person["lead_id"]}
        only = {**given, "customer_ids": [person["customer_id"]]}
        assert erase(lead_ids=[person["lead_id"]], is_dry_run=False, **only).interactions == len(theirs)
        api.advance(timedelta(days=3))
        for row in theirs:
            api.change(row, outcome="Booked")
        pipeline.run(liine(**given))
        remaining = {row["id"] for row in api.truth()} - theirs
        assert {row["id"] for row in query(warehouse, "select id from liine.interactions")} == remaining
        found = status()
        assert [(customer.is_proven, customer.watermark is None) for customer in found] == [(True, False)] * 2
        assert [customer.missing for customer in verify(**given)] == [0, 0]


def test_erasure_that_finds_no_row_fails_unless_allowed(key: Key) -> None:
    """Nothing is stored; where it is allowed, the identifiers are, and no later row of the person is loaded."""
    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api)
        sync(**given)
        place, person, phone = Path("warehouse.duckdb"), api.truth()[0], "19195550199"
        for is_dry_run in (True, False):
            with pytest.raises(NoRowsFoundError, match="Nothing was erased or recorded"):
                erase(phones=[phone], is_dry_run=is_dry_run, **given)
        assert query(place, ERASURES) == []
        assert erase(phones=[phone], allow_none=True, **given).interactions == 0
        assert query(place, ERASURES) == []
        assert erase(phones=[phone], allow_none=True, is_dry_run=False, **given).interactions == 0
        api.advance(timedelta(days=1))
        api.change(person["id"], phone_number=phone, outcome="Booked")
        sync(**given)
        assert {"phone_number": phone} not in query(place, "select phone_number from liine.interactions")


def test_nothing_is_loaded_after_erasure_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the key, erased persons cannot be recognised; an old key may be set beside a new one."""
    with small() as api:
        given = settings(api)
        sync(**given)
        lead = api.truth()[0]["lead_id"]
        with pytest.raises(ConfigurationError, match="Erasing needs a key"):
            erase(lead_ids=[lead], **given)
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET)
        with pytest.raises(ConfigurationError, match="needs a lead id"):
            erase(**given)
        only = {**given, "customer_ids": [api.truth()[0]["customer_id"]]}
        erased = erase(lead_ids=[lead], is_dry_run=False, **only).interactions
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", SECRET[::-1])
        rotated = {**given, "personal_data_key_id": "2"}
        api.forget_requests()
        with pytest.raises(ConfigurationError, match="under the key 1"):
            sync(**rotated)
        assert api.requests == []
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS", f'{{"1": "{SECRET}"}}')
        assert backfill(restart=True, **rotated).is_complete
        with closing(duckdb.connect("warehouse.duckdb", read_only=True)) as connection:
            (held,) = connection.execute("select count(*) from liine.interactions").fetchall()[0]
        assert held == len(api.truth()) - erased


def test_page_of_erased_persons_does_not_stop_run(warehouse: Place, key: Key) -> None:
    """A page with erased persons only loads no row, and the next pages follow."""
    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api, page_size=5)
        sync(**given)
        leads = {row["lead_id"] for row in api.truth()[:20]}
        erase(lead_ids=sorted(leads), is_dry_run=False, **given)
        assert backfill(restart=True, **given).is_complete
        remaining = {row["id"] for row in api.truth() if row["lead_id"] not in leads}
        assert {row["id"] for row in query(warehouse, "select id from liine.interactions")} == remaining


@pytest.mark.parametrize("mode", ["hash", pytest.param("keep", marks=pytest.mark.slow("privacy"))])
def test_erasure_meets_one_person_and_nobody_else(
    warehouse: Place, key: Key, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows under an old key go too; relatives with the same phone, and another customer's patient, stay for ever."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api, personal_data=mode)
        first, second = api.customer_ids
        own, others = ([row["id"] for row in api.truth() if row["customer_id"] == one] for one in (first, second))
        family = {"phone_number": "15156008349"}
        person, relative, stranger = own[:3], own[3:5], others[:2]
        for at, fields in enumerate(({"lead_id": "71", **family}, {"lead_id": "71"}, {"phone_number": "5156008349"})):
            api.change(person[at], **{"lead_id": "72", "ehr_pms_patient_id": "PMS-X1", **fields})
        for row in relative:
            api.change(row, lead_id="73", ehr_pms_patient_id="PMS-X2", **family)
        for row in stranger:
            api.change(row, lead_id="71", ehr_pms_patient_id="PMS-X1", **family)
        sync(**given)
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS", f'{{"1": "{SECRET}"}}')
        monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", OLD_SECRET)
        given["personal_data_key_id"] = "2"
        api.advance(timedelta(days=1))
        api.change(person[0], outcome="Booked")
        sync(**given)
        only = {**given, "customer_ids": [first]}
        counted = erase(phones=["(515) 600-8349"], **only)
        assert (counted.interactions, counted.phone_leads) == (4, 3)
        assert erase(patient_ids=["PMS-X1"], is_dry_run=False, **only).interactions == len(person)
        assert erase(phones=["515-600-8349"], **only).interactions == len(relative)
        for row in (*person, *relative, *stranger):
            api.change(row, outcome="Booked")
        assert backfill(restart=True, **given).is_complete
        remaining = [row for row in api.truth() if row["id"] not in person]
        assert {row["id"] for row in query(warehouse, "select id from liine.interactions")} == {
            row["id"] for row in remaining
        }
        if mode == "keep":
            assert differences(warehouse, remaining) == []


@pytest.mark.parametrize("mode", ["keep", pytest.param("hash", marks=pytest.mark.slow("privacy"))])
def test_stored_row_goes_when_it_gets_an_erased_number(warehouse: Place, key: Key, mode: str) -> None:
    """Neither its new version nor the old one stays; a sync calls nothing lost, and the other rows are all there."""
    with running_emulator(interactions=60, customers=1, seed=3) as api:
        given = settings(api, personal_data=mode)
        sync(**given)
        erase(phones=["19195550199"], allow_none=True, is_dry_run=False, **given)
        late, later = [row["id"] for row in api.truth() if row["provider_names"]][:2]
        api.advance(timedelta(days=1))
        api.change(late, phone_number="(919) 555-0199")
        report = sync(**given)
        assert (report.is_complete, report.erased) == (True, 1)
        assert remaining_ids(warehouse) == {row["id"] for row in api.truth()} - {late}
        api.advance(timedelta(days=1))
        api.change(later, phone_number="919-555-0199")
        kind = "duckdb" if isinstance(warehouse, Path) else "postgres" if isinstance(warehouse, str) else "snowflake"
        place = dlt.destinations.duckdb(str(warehouse)) if kind == "duckdb" else kind
        dlt.pipeline("clinic", destination=place, dataset_name="liine").run(liine(**given))
        assert remaining_ids(warehouse) == {row["id"] for row in api.truth()} - {late, later}
        again = sync(**given)
        assert (again.erased, [customer.restored for customer in again.customers]) == (0, [[]])
        for child in CHILD_TABLES:
            ids = {row["interaction_id"] for row in query(warehouse, f"select interaction_id from liine.{child}")}  # noqa: S608  names of ours
            assert not ids & {late, later}


@pytest.mark.slow("postgres")
def test_deletion_spreads_to_no_table_of_others(postgres: str, key: Key) -> None:
    """A foreign key is named before the rows that refer to an erased person's would go with it, and nothing goes."""
    with running_emulator(interactions=60, customers=1, seed=3) as api:
        given = {**settings(api), "destination": "postgres"}
        sync(**given)
        erase(phones=["19195550199"], allow_none=True, is_dry_run=False, **given)
        key_of_others = "foreign key (id) references liine.interactions (id) on delete cascade"
        refer = f"alter table public.notes add constraint mine {key_of_others}"
        for sql in ("create table public.notes as select id from liine.interactions", refer):
            spoil(postgres, sql)
        before = remaining_ids(postgres)
        late = api.truth()[0]["id"]
        api.advance(timedelta(days=1))
        api.change(late, phone_number="(919) 555-0199")
        with pytest.raises(AlteredTableError, match=r"mine of public\.notes"):
            sync(**given)
        notes = query(postgres, "select id from public.notes")
        assert {row["id"] for row in notes} == remaining_ids(postgres) == before
        spoil(postgres, "alter table public.notes drop constraint mine")
        assert sync(**given).erased == 1
        assert late not in remaining_ids(postgres)


def remaining_ids(place: Place) -> set[int]:
    """Return the ids of the stored interactions."""
    return {row["id"] for row in query(place, "select id from liine.interactions")}


def test_erasure_takes_every_value_of_the_person(warehouse: Place, key: Key) -> None:
    """Also rejected values, session extras, a new field and a page's query; those of others stay."""
    with running_emulator(interactions=40, customers=1, seed=3) as api:
        first = api.truth()[0]
        other = next(row for row in api.truth() if row["lead_id"] != first["lead_id"])
        for row, name in ((first, "Canary"), (other, "Stranger")):
            api.change(
                row["id"],
                duration=f"{name} rejected",
                provider_names=[f"{name} provider"],
                initial_session_extras={"key": f"{name} extra"},
                initial_landing_url=f"https://clinic.example/?name={name}",
                brand_new=f"{name} new",
            )
        given = settings(api)
        sync(**given)
        held = stored_values(warehouse)
        assert (held.count("Canary"), held.count("Stranger")) == (5, 5)
        erase(lead_ids=[first["lead_id"]], is_dry_run=False, **given)
        held = stored_values(warehouse)
        assert (held.count("Canary"), held.count("Stranger")) == (0, 5)


def stored_values(place: Place) -> str:
    """Return all values of the tables of interactions as text."""
    return str([query(place, f"select * from liine.{table}") for table in INTERACTION_TABLES])  # noqa: S608  names of ours
