"""What comes from outside is printed as text, in every table, message and log, whatever the terminal's encoding."""

import io
import json
import logging
import pickle
import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
from rich.console import Console

from liine_source import console
from liine_source.commands.check import CustomerAccess
from liine_source.commands.plan import CustomerPlan
from liine_source.commands.probe import Probe
from liine_source.commands.reset import CustomerReset, Reset
from liine_source.commands.status import CustomerStatus
from liine_source.commands.sync_report import CustomerSync, SyncReport
from liine_source.dbt_runner import ChannelLeads, DbtBuild
from liine_source.destinations import Location
from liine_source.emulator import running_emulator
from liine_source.errors import DestinationError, LiineError, SyncFailedError
from liine_source.monitoring import alerts
from liine_source.monitoring.json_log import JsonFormatter, TextFormatter
from liine_source.privacy.erasure import ErasedLead, Erasure
from liine_source.probing.verdict import settle
from liine_source.verification.comparison import CustomerVerification
from liine_source.verification.inventory import Loss
from tests.support.command_line import run, run_process

HOSTILE = "[/red] :bomb: 中\x1b[2J\r\n| forged\u2028\u202e\ud800\\"
PRINTED = r"[/red] :bomb: 中\x1b[2J\r\n| forged\u2028\u202e\ud800" + "\\"
ERROR = DestinationError(HOSTILE)
STATUS = CustomerStatus(1, 2, None, 3, 0, True, datetime(2024, 1, 2, tzinfo=UTC), HOSTILE, HOSTILE)
REPORT = SyncReport(
    destination=HOSTILE,
    location=HOSTILE,
    dataset=HOSTILE,
    customers=[CustomerSync(1, errors=[ERROR]), CustomerSync(2, windows=1, restored=[HOSTILE], status=HOSTILE)],
    rows={HOSTILE: 1, "interactions__rejected_values": 1},
    unknown_fields=[HOSTILE],
    dropped={HOSTILE: 2},
)
VERIFICATIONS = [
    CustomerVerification(1, errors=[ERROR]),
    CustomerVerification(2, unloaded_tables=[HOSTILE]),
    CustomerVerification(3, lost=[Loss(HOSTILE, HOSTILE, 1, 0)]),
]
# What is printed, and how often it holds the hostile text.
PRINTERS: dict[str, tuple[Callable[[], None], int]] = {
    "check": (lambda: console.print_access([CustomerAccess(1, error=HOSTILE)], "/dlt"), 1),
    "plan": (lambda: console.print_plan([CustomerPlan(1, error=HOSTILE)]), 1),
    "sync": (lambda: console.print_report(REPORT), 8),
    "summary": (lambda: console.print_summary("sync", REPORT), 2),
    "verify": (lambda: console.print_verification(VERIFICATIONS), 4),
    "status": (lambda: console.print_status([STATUS], Location("duckdb", HOSTILE, HOSTILE)), 4),
    "dbt": (lambda: console.print_dbt_build(DbtBuild(1, [HOSTILE])), 1),
    "channels": (lambda: console.print_marts([ChannelLeads(HOSTILE, 1, 1, Decimal(1))], None), 1),
    "line": (lambda: console.print_line(HOSTILE), 1),
    "error": (lambda: console.print_error(str(ERROR)), 1),
}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("name", PRINTERS)
def test_outside_text_is_printed_as_text(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither markup nor a control sequence of a name is obeyed, and none that cannot be encoded ends the command."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    for channel in ("stdout", "stderr"):
        monkeypatch.setattr(sys, channel, stream)
    console.accept_any_text()
    for channel in ("out", "err"):
        monkeypatch.setattr(console, channel, Console(file=stream, width=2000))
    print_it, times = PRINTERS[name]
    print_it()
    stream.flush()
    text = written.getvalue().decode(encoding)
    assert text.count(PRINTED.encode(encoding, "backslashreplace").decode(encoding)) == times
    assert {char for char in text if not char.isprintable()} <= {"\n"}


def log_record(error: Exception | None = None) -> logging.LogRecord:
    """A record that quotes a hostile name."""
    info = (type(error), error, None) if error else None
    return logging.LogRecord("liine_source", logging.ERROR, "", 1, "Table %s", (HOSTILE,), info)


def test_log_has_one_line_for_each_record() -> None:
    """A name with a line end forges no line, and an exception's text, which may quote a row, is left out."""
    for record, end in (log_record(), ""), (log_record(ValueError("Canary Person")), " (ValueError)"):
        line = TextFormatter().format(record)
        assert line.endswith(f" ERROR Table {PRINTED}{end}")
        assert line.isprintable()
        fields = json.loads(JsonFormatter().format(record))
        assert (fields["message"], "\n" in JsonFormatter().format(record)) == (f"Table {HOSTILE}", False)
        assert "Canary" not in line + str(fields)


def test_message_of_error_is_escaped_everywhere() -> None:
    """Schedulers and scripts print errors themselves; the list of a failed sync still has a line for each."""
    assert str(ERROR) == PRINTED
    assert str(pickle.loads(pickle.dumps(ERROR))) == PRINTED  # noqa: S301  our own
    lines = str(SyncFailedError([(7, ERROR), (8, LiineError("b"))])).split("\n")
    assert lines == ["2 customer(s) could not be read completely:", f"- {PRINTED}", "- b"]


def test_committed_sync_ends_well_whatever_field_names_it_meets() -> None:
    """The name of an unknown field ended a run that had committed with a traceback."""
    name = "[/red] 中\x1b[2J\n"
    with running_emulator(interactions=20, customers=1) as api:
        for row in api.truth():
            api.change(row["id"], **{name: "x"})
        done = run_process("sync", api=api, PYTHONIOENCODING="latin-1")
        again = run("--log-format", "text", "sync", api=api)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert r"loaded as columns: [/red] \u4e2d\x1b[2J\n" in done.stdout
    assert all(line.isprintable() for line in (again.stdout + again.stderr).split("\n"))
    assert again.returncode == 0


def test_slack_gets_no_mentions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack finds `<!channel>` and links even in text without markup."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", "http://127.0.0.1:9/T0")
    monkeypatch.setattr(requests, "post", lambda _, json, **__: sent.append(json))
    alerts.notify_failure("liine", "Table <!channel> & <https://a.example|b>")
    assert sent[0]["text"].endswith("Table &lt;!channel&gt; &amp; &lt;https://a.example|b&gt;")


@pytest.mark.parametrize(
    ("plans", "total"),
    [
        pytest.param([CustomerPlan(1, 50, 2, 3, 6, 1.5, 0.5)], None, id="one customer"),
        pytest.param(
            [CustomerPlan(1, 50, 2, 3, 6, 1.5, 0.5), CustomerPlan(2, 7, 1, 1, 3, 0.25, 0.25)],
            ["total", "57", "3", "4", "9", "1.8", "0.8", "ok"],
            id="two customers",
        ),
        pytest.param(
            [CustomerPlan(1, 50, 2, 3, 6, 1.5, 0.5), CustomerPlan(2, error="refused")],
            ["total", "50", "2", "3", "6", "1.5", "0.5", "1 of 2 customers left out"],
            id="one refused",
        ),
        pytest.param(
            [CustomerPlan(1, 50, 2, 3, 6, 1.5, 0.5), CustomerPlan(2, None, 1, 0, 3, 0.5)],
            ["total", "-", "3", "3", "9", "2.0", "-", "ok"],
            id="no count",
        ),
    ],
)
def test_plan_ends_with_a_total(
    plans: list[CustomerPlan], total: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of several customers ends with their sum, which says whom it leaves out and adds no partial counts."""
    printed = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=printed, width=200))
    console.print_plan(plans)
    rows = [line for line in printed.getvalue().splitlines() if line.startswith("│")]
    last = [cell.strip() for cell in rows[-1].strip("│").split("│")]
    assert last == (total or ["1", "50", "2", "3", "6", "1.5", "0.5", "ok"])


ADVICE = "Customer 1001, 2024-01-01 to 2024-02-01: found 17 of 18 interactions. Run again; it goes on by itself."
MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
LAST = CustomerVerification(1002, 12, 3, lost=[Loss("interactions__provider_names", None, 120, 119)])
CUSTOMERS = [
    CustomerSync(1001, 17, 18, 1, None, "failed", errors=[LiineError(ADVICE), LiineError(ADVICE)]),
    CustomerSync(1002, 82_817, 82_817, 40, "exhaustive", in_api=82_817, in_warehouse=82_817),
]
# The tables that commands print, with what they hold in a bad case.
TABLES: dict[str, Callable[[], None]] = {
    "check": lambda: console.print_access([CustomerAccess(1001, 82_817), CustomerAccess(2, error=ADVICE)], "/dlt"),
    "plan": lambda: console.print_plan(
        [CustomerPlan(1001, 82_817, 40, 90, 181, 92.5, 3.3), CustomerPlan(2, error=ADVICE)]
    ),
    "probe": lambda: console.print_probe(
        Probe(
            is_dry_run=False, max_requests=60, verdicts=[settle(17, "What the rate limit is", "none", ADVICE, ADVICE)]
        )
    ),
    "probe without --yes": lambda: console.print_probe(Probe(is_dry_run=True, max_requests=60, plan=[(ADVICE, 4)])),
    "sync": lambda: console.print_report(
        SyncReport(
            location="duckdb warehouse.duckdb",
            dataset="liine",
            customers=CUSTOMERS,
            rows={"interactions__rejected_values": 82_817, "sweeps": 3},
        )
    ),
    "verify": lambda: console.print_verification([CustomerVerification(1001, errors=[LiineError(ADVICE)]), LAST]),
    "status": lambda: console.print_status(
        [CustomerStatus(1001, 82_817, MOMENT, 40, 12, False, MOMENT, "failed", "exhaustive", in_api=82_818)],
        Location("duckdb", "warehouse.duckdb", "liine"),
    ),
    "reset": lambda: console.print_reset(
        Reset([CustomerReset(1001, MOMENT, 40, 12, 82_817)], drops_rows=False, is_dry_run=True)
    ),
    "erase": lambda: console.print_erasure(
        Erasure(1, 2, 5, 9, leads=[ErasedLead(1001, 5, 2, ("lead_id", "phone_number"))])
    ),
    "channels": lambda: console.print_marts([ChannelLeads("google / organic", 812, 40, Decimal("82817.50"))], None),
}


def printed_words(text: str) -> Counter[str]:
    """Each word, and how often it is there; the name of a column may begin a line of a list."""
    return Counter(word.rstrip(":") for word in re.sub("[\u2500-\u257f]", " ", text).split())


@pytest.mark.parametrize("width", [40, 80, None], ids=["40 columns", "80 columns", "pipe"])
@pytest.mark.parametrize("name", TABLES)
def test_tables_have_every_word(name: str, width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No word is cut, neither by an ellipsis nor at the end of a line; a pipe gets each cell on one line."""
    monkeypatch.delenv("COLUMNS", raising=False)
    texts = []
    for terminal in (2_000, width):
        file = io.StringIO()
        terminals = Console(file=file, width=terminal, force_terminal=True, color_system=None)
        monkeypatch.setattr(console, "out", terminals if terminal else Console(file=file))
        TABLES[name]()
        texts.append(file.getvalue())
    whole, text = texts
    assert not printed_words(whole) - printed_words(text)
    assert "…" not in text
    if width is None:
        assert text == whole
        return
    # Other lines are left to the terminal, so that a command in them can be copied.
    framed = [line for line in text.splitlines() if re.search("[\u2500-\u257f]", line)]
    assert all(len(line) <= width for line in framed)
