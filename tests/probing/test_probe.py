"""`liine probe` as a user meets it: the plan, the bound on requests, and an output without rows and values."""

import json
from pathlib import Path
from typing import Any

import pytest

from liine_source.commands import probe as commands_probe
from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from liine_source.probing.transport import SlashTrial, judge_paths
from liine_source.spec.fields import FIELDS
from tests.support.command_line import run

CANARY = "Canary-7"


def test_plan_is_printed_before_any_request() -> None:
    """Without `--yes` nothing is sent, and the exit code is 0."""
    with running_emulator(interactions=50, customers=1) as api:
        done = run("probe", api=api, COLUMNS="80")
        as_json = json.loads(run("probe", "--json", api=api).stdout)
        assert (done.returncode, done.stderr, api.requests) == (0, "", [])
    assert "At most 60 requests in all, retries and redirects included, for one customer." in done.stdout
    assert "Nothing was sent. Add --yes to start." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert (as_json["is_dry_run"], as_json["requests"], as_json["verdicts"]) == (True, 0, [])


def test_verdicts_are_printed_as_table_or_json() -> None:
    """Each point has its question, verdict, evidence in numbers and reason; the table fits 80 columns."""
    with running_emulator(interactions=300, customers=2) as api:
        done = run("probe", "--yes", api=api, COLUMNS="80")
        sent = len(api.requests)
        asked = {dict(request.params).get("customer_id") for request in api.requests if request.method == "GET"}
        chosen = json.loads(run("probe", "--yes", "--json", "--customer-id", "1002", api=api).stdout)
        assert asked == {"1001"}
        assert dict(api.requests[-2].params)["customer_id"] == "1002"
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        0,
        "At most 60 requests for one customer, which only read. No row is kept.",
    )
    assert f"points settled with {sent} requests, which only read." in done.stdout
    assert max(map(len, done.stdout.splitlines()[:-2])) <= 80
    verdicts = chosen["verdicts"]
    assert {verdict["question"] for verdict in verdicts} == set(range(1, 19))
    assert all(verdict["evidence"] and verdict["reason"] for verdict in verdicts)
    assert all(bool(verdict["finding"]) == (verdict["verdict"] == "settled") for verdict in verdicts)


@pytest.mark.parametrize("most", [10, 23, 60])
def test_no_more_requests_are_sent_than_allowed(most: int) -> None:
    """Retries, redirects and logins count; what could not be asked is undecided."""
    # Each third answer is retried, and each request to this path is redirected.
    faults = Faults(bursts=(Burst(status=500, every=3),), token_lapses=1)
    with running_emulator(faults=faults, interactions=700, customers=1, slash="redirect_to_no_slash") as api:
        done = run("probe", "--yes", "--json", "--max-requests", str(most), api=api)
        assert len(api.requests) <= most
        found = json.loads(done.stdout)
    assert (done.returncode, found["requests"], found["max_requests"]) == (0, len(api.requests), most)
    verdicts = {verdict["topic"]: verdict["verdict"] for verdict in found["verdicts"]}
    assert "undecided" in verdicts.values()
    # The last page, without which no row counts, has requests of its own.
    assert verdicts["rows of the cursor's own second"] == ("undecided" if most == 10 else "settled")


@pytest.mark.parametrize("most", ["9", "101", "-1"])
def test_bound_outside_its_range_is_refused(most: str) -> None:
    """It exits with 2 before any request."""
    with running_emulator(interactions=5, customers=1) as api:
        done = run("probe", "--yes", "--max-requests", most, api=api)
        assert api.requests == []
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "Error: --max-requests must be 10 to 100.")


def test_docs_show_what_is_printed() -> None:
    """The sample in docs/probe.md is the output for the emulator that it names."""
    with running_emulator(interactions=10_000, customers=3) as api:
        printed = run("probe", "--yes", api=api, COLUMNS="100").stdout
    page = Path(__file__).parents[2] / "docs" / "probe.md"
    assert f"$ liine probe --yes\n{printed}```" in page.read_text(encoding="utf-8")


def mark_all(api: Emulator) -> None:
    """Set a canary in all fields of all rows that the probe does not need, and in a field that nobody knows."""
    kept = {"id", "customer_id", "start_time", "start_time_tz", "interaction_type"}
    texts: dict[str, Any] = {field.name: CANARY for field in FIELDS if field.name not in kept}
    for row in api.truth():
        api.change(row["id"], **texts, **{CANARY: CANARY})


def test_output_has_no_row_value_or_credential() -> None:
    """Neither rows, texts of errors, the customer's id, user, password nor token are in any output."""
    with running_emulator(interactions=120, customers=1) as api:
        mark_all(api)
        outputs = [run("probe", "--yes", *more, api=api) for more in ([], ["--json"])]
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        outputs.append(run("probe", "--yes", api=api))
        api.faults = Faults()
        rows = api.truth()
    assert [done.returncode for done in outputs] == [0, 0, 1]
    assert "403" in outputs[2].stderr
    secrets = {CANARY, "1001", api.username + '"', "Test123!", "bearer e"}
    secrets |= {str(row["id"]) for row in rows} | {row["start_time"][:10] for row in rows}
    for done in outputs:
        text = done.stdout + done.stderr
        assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("faults", [Faults(rate_limit=20), Faults(bursts=(Burst(status=429, next=2, after=5),))])
def test_rate_limit_is_met(faults: Faults) -> None:
    """An answer with status 429 is counted, and its request sent again."""
    with running_emulator(faults=faults, interactions=60, customers=1) as api:
        done = run("probe", "--yes", "--json", api=api)
    verdict = next(verdict for verdict in json.loads(done.stdout)["verdicts"] if verdict["question"] == 17)
    assert (verdict["verdict"], verdict["finding"]) == ("settled", "met")


def test_login_by_form_only_is_found() -> None:
    """The connector's login is refused, as by a wrong password; the probe tells the two apart."""
    with running_emulator(interactions=5, customers=1, login_accepts="form") as api:
        done = run("probe", "--yes", "--json", api=api)
        refused = run("probe", "--yes", api=api, SOURCES__LIINE__CREDENTIALS__PASSWORD="wrong")
    settled = {v["topic"]: v["finding"] for v in json.loads(done.stdout)["verdicts"] if v["verdict"] == "settled"}
    assert (done.returncode, settled["body of a login"], len(settled)) == (0, "form only", 3)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the API refused user name or password" in refused.stderr


def test_api_that_never_answers_fails() -> None:
    """The error says how many requests were sent; nothing is settled by silence."""
    with running_emulator(faults=Faults(bursts=(Burst(status=500),)), interactions=5, customers=1) as api:
        done = run("probe", "--yes", "--max-requests", "10", api=api)
        assert len(api.requests) <= 10
    assert (done.returncode, done.stdout) == (1, "")
    assert "Probe: no page came with" in done.stderr


@pytest.mark.parametrize(
    ("ends", "finding"),
    [
        (("/call_log/interactions/", "/call_log/interactions"), "both"),
        (("/call_log/interactions/", "/call_log/interactions/"), "redirect to slash"),
        (("/call_log/interactions", "/call_log/interactions"), "redirect to no slash"),
        (("/call_log/interactions/", "not found"), "with slash only"),
        (("/call_log/interactions/", None), ""),
        (("/call_log/interactions/", "/elsewhere"), ""),
    ],
)
def test_path_that_answered_tells_slash(ends: tuple[str, str | None], finding: str) -> None:
    """A path that is not known, or answers that differ, leave it open."""
    assert judge_paths(SlashTrial(*ends)).finding == finding


def test_probe_reads_settings_like_other_commands() -> None:
    """A missing customer exits with 2, also without `--yes`."""
    done = run("probe", SOURCES__LIINE__CREDENTIALS__USERNAME="u", SOURCES__LIINE__CREDENTIALS__PASSWORD="p")
    assert (done.returncode, done.stdout) == (2, "")


def test_dry_run_is_the_default_from_python() -> None:
    """Nothing is sent unless `is_dry_run` is false."""
    with running_emulator(interactions=5, customers=1) as api:
        credentials = {"username": api.username, "password": api.password}
        found = commands_probe.probe(customer_ids=[1001], credentials=credentials, base_url=api.base_url)
        assert (api.requests, found.is_dry_run) == ([], True)
