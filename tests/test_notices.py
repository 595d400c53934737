"""What those who watch are told: counts, ids and sentences of ours, and nothing of a row."""

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

from liine_source import ConfigurationError, notices, runs, sync, verify
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import LoginRefusedError
from tests import command_line
from tests.command_line import run, run_process
from tests.test_sync import settings


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """A hook on this machine, to which dlt's setting points; returns what it gets."""
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


def test_slack_is_told_of_failures_and_new_columns(slack: list[dict[str, Any]]) -> None:
    """Which customer and why, which column; not of what goes well, nor of a column twice, nor a value."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        assert slack == []
        api.advance(timedelta(days=2))
        for row in api.truth():
            api.change(row["id"], brand_new="Canary Person", name="Canary Person")
        sync(**settings(api))
        sync(**settings(api))
        assert [told["text"] for told in slack] == [
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


def test_slack_is_told_of_verifications_and_erasures_that_fail(slack: list[dict[str, Any]]) -> None:
    """Of customers that differ, and of what could not be begun."""
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        sync(**settings(api))
        assert [found.missing for found in verify(**settings(api))] == [0, 0]
        assert slack == []
        api.advance(timedelta(days=2))
        api.faults = Faults(refused_customers=(second,))
        verify(**settings(api))
        assert len(slack) == 1
        assert f"customers {first}, {second}" in slack[0]["text"]
        slack.clear()
        with pytest.raises(ConfigurationError):
            runs.purge(lead_ids=["Canary"], **settings(api))
    assert "Erasing needs a key" in slack[0]["text"]
    assert "Canary" not in json.dumps(slack)


class _Drips(BaseHTTPRequestHandler):
    """Answers a byte at a time, and never to the end."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        pass


def test_a_hook_without_end_holds_no_run_up(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Whether it never answers or never stops: it is not waited for longer than its patience, here next to none."""
    monkeypatch.setattr(notices, "_PATIENCE", 0.05)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        dripping = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _Drips))
        dripping.daemon_threads = True
        threading.Thread(target=dripping.serve_forever, daemon=True).start()
        stack.callback(dripping.shutdown)
        api = stack.enter_context(running_emulator(interactions=20, customers=1))
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        for port in (silent.getsockname()[1], dripping.server_port):
            monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:{port}/T0/secret-hook")
            assert not sync(**settings(api)).is_complete
    assert caplog.text.count("Slack could not be told (") == 2


@pytest.mark.parametrize("hook", ["http://hooks..example/T0/secret-hook", "nonsense"])
def test_a_hook_that_is_none_fails_no_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    """What was loaded is loaded."""
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", hook)
    with running_emulator(interactions=20, customers=1) as api:
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        assert not sync(**settings(api)).is_complete
    assert "Slack could not be told" in caplog.text
    assert hook not in caplog.text


def test_settings_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nobody knows then whether Slack is to be told."""
    Path(".dlt").mkdir()
    Path(".dlt/secrets.toml").write_text("[broken")
    ended = run_process("sync")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)


def test_a_hook_that_fails_fails_no_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The log says that, and not where the hook is."""
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", "http://127.0.0.1:9/T0/secret-hook")
    with running_emulator(interactions=20, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        assert not sync(**settings(api)).is_complete
    assert "Slack could not be told" in caplog.text
    assert "secret-hook" not in caplog.text
    # What dlt's trace writes down, but for secrets.
    told = [trace for trace in get_resolved_traces().resolved_traces if "secret-hook" in str(trace.value)]
    assert told
    assert all(is_secret_hint(trace.hint) for trace in told)


def test_lines_of_json_on_request() -> None:
    """One for the beginning, each sweep, each error and the end; none unless asked for."""
    with running_emulator(interactions=60, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        assert run_process("sync", "--json", api=api).stderr == ""
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


def test_an_error_is_a_line_of_json_too() -> None:
    """One alone, with the code that the command ends with, whatever it was that failed."""
    with running_emulator(interactions=20, customers=1) as api:
        for arguments, password, code in (["sync"], "x", 1), (["check"], "x", 1), (["sync", "--dataset", ""], None, 2):
            given = {"SOURCES__LIINE__CREDENTIALS__PASSWORD": password} if password else {}
            given |= {} if password else {"SOURCES__LIINE__PAGE_SIZE": "0"}
            done = run("--log-format", "json", *arguments, api=api, **given)
            errors = [line for line in map(json.loads, done.stderr.splitlines()) if line["level"] == "error"]
            assert (done.returncode, [line["exit_code"] for line in errors]) == (code, [code])


@pytest.mark.parametrize("log_format", ["", "json"])
def test_the_daily_script_ends_as_the_command_does(log_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """0, 1 for a customer that was not read, 2 for a wrong setting; a sentence, and no traceback."""
    with running_emulator(interactions=20, customers=1) as api:
        for name, value in (command_line.settings(api) | {"LIINE_LOG_FORMAT": log_format}).items():
            monkeypatch.setenv(name, value)
        assert run_daily()[0] == 0
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        code, told = run_daily()
        assert (code, "403" in told) == (1, True)
        monkeypatch.setenv("SOURCES__LIINE__PAGE_SIZE", "0")
        code, told = run_daily()
        assert (code, "page_size must be 1 to 1000" in told) == (2, True)
    if log_format:
        assert all(map(json.loads, told.splitlines()))


def run_daily() -> tuple[int, str]:
    """Return the exit code of `pipelines/daily.py`, and what it wrote to standard error."""
    script = Path(__file__).parents[1] / "pipelines" / "daily.py"
    with command_line.captured() as (_, err):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as ended:
            return int(str(ended.code)), err.getvalue()
    return 0, err.getvalue()


def test_monitoring_asks_for_an_age() -> None:
    """Code 1 where a customer of the warehouse or of the settings is not proven, or older; 2 for no duration."""
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
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        run("sync", api=api)
        failed = run("status", "--max-age", "1d", api=api)
        assert (failed.returncode, f"within 1d: {one}." in failed.stderr) == (1, True)
    assert run("status", "--max-age", "soon").returncode == 2
