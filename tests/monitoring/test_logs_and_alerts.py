"""Logs and alerts: counts, ids and fixed sentences, and no value of a row."""

import json
import runpy
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from dlt.common.configuration import is_secret_hint
from dlt.common.configuration.utils import get_resolved_traces

from liine_source import ConfigurationError, erase, sync, verify
from liine_source.commands import check as commands_check
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import LoginRefusedError
from liine_source.monitoring import alerts
from liine_source.warehouse import lock_waits
from tests.commands.test_sync import settings
from tests.support import command_line
from tests.support.command_line import run, run_process


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """A local Slack hook that dlt's setting points to; returns the messages that it gets."""
    received: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:{server.server_port}/T0/secret-hook")
        yield received
        server.shutdown()
        thread.join()


def test_slack_gets_failures_and_new_columns(slack: list[dict[str, Any]]) -> None:
    """Alerts name the customer and reason, or the column, once; a success sends none."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        assert slack == []
        api.advance(timedelta(days=2))
        for row in api.truth():
            api.change(row["id"], brand_new="Canary Person", name="Canary Person")
        sync(**settings(api))
        sync(**settings(api))
        assert [message["text"] for message in slack] == [
            "liine-source, dataset liine: new columns of interactions: brand_new."
        ]
        slack.clear()
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        sync(**settings(api))
        assert len(slack) == 1
        assert f"Customer {api.customer_ids[0]}, " in slack[0]["text"]
        assert "403" in slack[0]["text"]
        slack.clear()
        api.faults = Faults(login_failures=99, login_failure_status=401)
        with pytest.raises(LoginRefusedError):
            sync(**settings(api))
        assert "username and password" in slack[0]["text"]
        assert api.password not in json.dumps(slack)
    assert "Canary" not in json.dumps(slack)


STEPS = [
    "Settings: 1 customers at localhost, since the beginning, until now, filters: search, personal data: ",
    "Working folder: ",
    "Connecting to duckdb ",
    "Login: answer 200, ",
    "Customer 1001, ",
    "Read: interactions ",
    "Committed: ",
    "Comparing each customer's rows with the API's count.",
]


@pytest.mark.parametrize(
    "arguments", [["-v", "sync", "--json"], ["sync", "--json", "-v"], ["--log-format", "json", "sync", "--json", "-v"]]
)
def test_verbose_shows_each_step_and_no_value(arguments: list[str]) -> None:
    """Steps go to standard error, as lines or as JSON; none has a text of a row, a filter's value or a secret."""
    with running_emulator(interactions=40, customers=1) as api:
        for row in api.truth():
            api.change(row["id"], name="Canary Person")
        done = run(*arguments, api=api, SOURCES__LIINE__FILTERS='{"search": "Canary Person"}')
        assert done.returncode == 0
        assert json.loads(done.stdout)["rows"]["interactions"] == 40
        lines = done.stderr.splitlines()
        assert not [word for word in ("anary", api.password, "bearer") if word in done.stdout + done.stderr]
    if arguments[0] == "--log-format":
        logged = [json.loads(line) for line in lines]
        assert {"debug", "info"} == {line["level"] for line in logged}
        steps = [line["message"] for line in logged]
    else:
        steps = [line.partition(" ")[2] for line in lines]
    found = [next((at for at, line in enumerate(steps) if line.startswith(step)), -1) for step in STEPS]
    assert -1 not in found
    assert found == sorted(found)
    assert sum(step.startswith("Login") for step in steps) == 1


@pytest.mark.parametrize("arguments", [["check"], ["-v", "check"], ["check", "-v"]])
def test_wait_is_printed_once(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed without -v too, because it looks like a run that hangs."""

    def wait(**_: Any) -> list[Any]:
        lock_waits.log.warning("Waiting for somebody.")
        return []

    monkeypatch.setattr(commands_check, "check", wait)
    assert run(*arguments).stderr.count("Waiting for somebody.") == 1


def test_slack_gets_failed_verifications_and_erasures(slack: list[dict[str, Any]]) -> None:
    """Alerts name the customers that differ, or the reason why a command did not start."""
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        sync(**settings(api))
        assert [found.missing for found in verify(**settings(api))] == [0, 0]
        assert slack == []
        api.advance(timedelta(days=2))
        api.faults = Faults(refused_customers=(second,))
        verify(**settings(api))
        assert len(slack) == 1
        assert f"Customers {first}, {second}" in slack[0]["text"]
        slack.clear()
        with pytest.raises(ConfigurationError):
            erase(lead_ids=["Canary"], **settings(api))
    assert "Erasing needs a key" in slack[0]["text"]
    assert "Canary" not in json.dumps(slack)


class _EndlessResponse(BaseHTTPRequestHandler):
    """Sends one byte at a time and never finishes."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        pass


def test_unresponsive_slack_hook_does_not_block_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A run waits only until the timeout for a hook that never answers or never finishes."""
    monkeypatch.setattr(alerts, "_TIMEOUT_SECONDS", 0.05)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        endless = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _EndlessResponse))
        endless.daemon_threads = True
        threading.Thread(target=endless.serve_forever, daemon=True).start()
        stack.callback(endless.shutdown)
        api = stack.enter_context(running_emulator(interactions=20, customers=1))
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        for port in (silent.getsockname()[1], endless.server_port):
            monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:{port}/T0/secret-hook")
            assert not sync(**settings(api)).is_complete
    assert caplog.text.count("Slack notification failed (") == 2


@pytest.mark.parametrize("hook", ["http://hooks..example/T0/secret-hook", "nonsense"])
def test_invalid_slack_hook_does_not_fail_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    """The log reports it without its address."""
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", hook)
    with running_emulator(interactions=20, customers=1) as api:
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        assert not sync(**settings(api)).is_complete
    assert "Slack notification failed" in caplog.text
    assert hook not in caplog.text


def test_unreadable_settings_exit_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting of the Slack hook cannot be read either."""
    Path(".dlt").mkdir()
    Path(".dlt/secrets.toml").write_text('[sources.liine.credentials]\npassword = "secret-word')
    done = run_process("sync")
    assert done.returncode == 2
    assert "secrets.toml is not valid TOML, line 2. Correct it" in " ".join(done.stderr.split()).replace(" or ./", " ")
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr


def test_unreachable_slack_hook_does_not_fail_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log reports it without its address."""
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", "http://127.0.0.1:9/T0/secret-hook")
    with running_emulator(interactions=20, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        assert not sync(**settings(api)).is_complete
    assert "Slack notification failed" in caplog.text
    assert "secret-hook" not in caplog.text
    # dlt stores its trace without values that have a secret hint.
    traces = [trace for trace in get_resolved_traces().resolved_traces if "secret-hook" in str(trace.value)]
    assert traces
    assert all(is_secret_hint(trace.hint) for trace in traces)


def test_json_log_is_opt_in() -> None:
    """It has a line for the start, each sweep, each error and the end."""
    with running_emulator(interactions=60, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        assert run_process("sync", "--json", api=api).stderr.startswith("liine sync: ")
        done = run("--log-format", "json", "sync", "--json", api=api)
        names = {row["name"] for row in api.truth() if row["name"]}
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))
    sweeps = {line["customer_id"]: line for line in lines if "customer_id" in line}
    assert sweeps[api.customer_ids[1]]["status"] == "complete"
    assert sweeps[api.customer_ids[0]]["status"] == "failed"
    assert [line["is_complete"] for line in lines if "is_complete" in line] == [False]
    assert [line["level"] for line in lines].count("error") == 1
    assert not [name for name in names if name in done.stderr]


def test_error_is_logged_as_one_json_line() -> None:
    """The line has the exit code of the command, whatever failed."""
    with running_emulator(interactions=20, customers=1) as api:
        for arguments, password, code in (["sync"], "x", 1), (["check"], "x", 1), (["sync", "--dataset", ""], None, 2):
            environment = {"SOURCES__LIINE__CREDENTIALS__PASSWORD": password} if password else {}
            environment |= {} if password else {"SOURCES__LIINE__PAGE_SIZE": "0"}
            done = run("--log-format", "json", *arguments, api=api, **environment)
            errors = [line for line in map(json.loads, done.stderr.splitlines()) if line["level"] == "error"]
            assert (done.returncode, [line["exit_code"] for line in errors]) == (code, [code])


@pytest.mark.parametrize("log_format", ["", "json"])
def test_daily_script_has_exit_codes_of_command(log_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 for success, 1 for a failed customer, 2 for an invalid setting, and no traceback."""
    with running_emulator(interactions=20, customers=1) as api:
        for name, value in (command_line.settings(api) | {"LIINE_LOG_FORMAT": log_format}).items():
            monkeypatch.setenv(name, value)
        assert run_daily()[0] == 0
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        code, output = run_daily()
        assert (code, "403" in output) == (1, True)
        monkeypatch.setenv("SOURCES__LIINE__PAGE_SIZE", "0")
        code, output = run_daily()
        assert (code, "page_size must be 1 to 1000" in output) == (2, True)
    if log_format:
        assert all(map(json.loads, output.splitlines()))


def run_daily() -> tuple[int, str]:
    """Run `pipelines/daily.py`; return its exit code and its standard error."""
    script = Path(__file__).parents[2] / "pipelines" / "daily.py"
    with command_line.captured() as (_, err):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as ended:
            return int(str(ended.code)), err.getvalue()
    return 0, err.getvalue()


def test_status_max_age_sets_exit_code() -> None:
    """1 if a customer is unproven, too old or never loaded, unless a mistyped id; 2 for an invalid duration."""
    with running_emulator(interactions=60, customers=2) as api:
        one = str(api.customer_ids[0])
        run("sync", "--customer-id", one, api=api)
        never = run("status", "--max-age", "2h", api=api)
        assert (never.returncode, f"within 2h: {api.customer_ids[1]}." in never.stderr) == (1, True)
        run("sync", api=api)
        done = run("status", "--max-age", "2h", "--json", api=api)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(row["age_seconds"] >= 0 and row["proof"] == "count" for row in json.loads(done.stdout)["customers"])
        assert run("status", "--max-age", "0m", api=api).returncode == 1
        assert run("sync", "--customer-id", "9999", api=api).returncode == 1
        assert run("status", "--max-age", "2h", api=api).returncode == 0
        assert "9999" in run("status", "--max-age", "2h").stderr
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        run("sync", api=api)
        failed = run("status", "--max-age", "1d", api=api)
        assert (failed.returncode, f"within 1d: {one}." in failed.stderr) == (1, True)
    assert run("status", "--max-age", "soon").returncode == 2
