"""Each fault in each phase: the run recovers at once, or reports it and the next healthy run recovers."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liine_source import backfill, sync, verify
from liine_source.api import client
from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from liine_source.errors import LiineError
from tests.commands.test_sync import settings
from tests.support.warehouse import differences

pytestmark = pytest.mark.slow("faults")

WAREHOUSE = Path("warehouse.duckdb")


@dataclass(frozen=True)
class Phase:
    """A run, the folder of its warehouse, and how many requests are made before the fault begins."""

    run: Callable[..., Any]
    folder: str
    after: int


def _repair(**given: Any) -> Any:
    return verify(repair=True, **given)


PHASES = {
    "first request": Phase(sync, "empty", 0),
    "history": Phase(sync, "empty", 30),
    "changes": Phase(sync, "older", 0),
    "lookback": Phase(sync, "older", 10),
    "backfill": Phase(backfill, "stale", 20),
    "verify": Phase(verify, "whole", 20),
    "repair": Phase(_repair, "damaged", 20),
}


def _bursts(**kind: Any) -> dict[str, Callable[[int], Faults]]:
    name = " ".join(str(value) for value in kind.values())
    return {
        f"{name}, intermittent": lambda after: Faults(bursts=(Burst(**kind, after=after, every=3),)),
        f"{name}, permanent": lambda after: Faults(bursts=(Burst(**kind, after=after),)),
    }


# Answers that are well-formed but wrong.
WRONG_ANSWERS: dict[str, dict[str, Any]] = {
    "empty answer": {"kind": "empty"},
    "answer without rows": {"kind": "no_rows"},
    "total too low": {"kind": "wrong_count", "count_off": -1},
    "total of zero": {"kind": "wrong_count", "count_off": -1_000_000},
    "total too high": {"kind": "wrong_count", "count_off": 2},
    "total null": {"kind": "wrong_count", "count_off": None},
}


FAULTS: dict[str, Callable[[int], Faults]] = {
    "none": lambda after: Faults(),
    **_bursts(status=400),
    **_bursts(status=401),
    **_bursts(status=403),
    **_bursts(status=404),
    **_bursts(status=405),
    **_bursts(status=406),
    **_bursts(status=429),
    **_bursts(status=429, retry_after="seconds"),
    **_bursts(status=429, retry_after="date"),
    **_bursts(status=500),
    **_bursts(status=502),
    **_bursts(status=503),
    **_bursts(status=504),
    **_bursts(kind="reset"),
    **_bursts(kind="truncated_body"),
    **_bursts(kind="truncated_json"),
    **_bursts(kind="html"),
    **_bursts(kind="slow", delay=0.3),
    **_bursts(kind="error"),
    # An answer that is always wrong is believed; low counts have a test of their own below.
    **{
        f"{name}, once": lambda after, wrong=wrong: Faults(bursts=(Burst(**wrong, after=after, next=1),))
        for name, wrong in WRONG_ANSWERS.items()
    },
    **{
        f"{name}, intermittent": lambda after, wrong=wrong: Faults(bursts=(Burst(**wrong, after=after, every=5),))
        for name, wrong in WRONG_ANSWERS.items()
    },
    "latency": lambda after: Faults(latency_ms=2),
    "rate limit": lambda after: Faults(rate_limit=50),
    "rate limit without Retry-After": lambda after: Faults(rate_limit=50, rate_limit_retry_after=False),
    "token lapses": lambda after: Faults(token_lapses=1),
    "token lapses, permanent": lambda after: Faults(token_lapses=1_000_000),
    "tokens revoked": lambda after: Faults(revoke_after=after + 1),
    "login fails": lambda after: Faults(login_failures=3),
    "login fails, permanent": lambda after: Faults(login_failures=1_000_000),
    "login refused": lambda after: Faults(login_failures=1_000_000, login_failure_status=401),
    "one customer refused": lambda after: Faults(refused_customers=(1002,)),
    "redirected elsewhere": lambda after: Faults(redirect_to="http://127.0.0.1:9/elsewhere"),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator after all phases' changes, and the folders in which the phases start."""
    with running_emulator(interactions=400, customers=2, seed=5) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
        folders = tmp_path_factory.mktemp("folders")
        patch.setenv("DLT_DATA_DIR", str(folders / "dlt"))
        older, stale, whole, damaged = (folders / name for name in ("older", "stale", "whole", "damaged"))
        (folders / "empty").mkdir()
        older.mkdir()
        patch.chdir(older)
        sync(**settings(running))
        running.advance(timedelta(days=8))
        recent = (running.now - timedelta(days=80)).isoformat()
        for row in [row for row in running.truth() if row["start_time_tz"] > recent][::3]:
            running.change(row["id"], touch_updated_at=False, agent_full_name="Somebody Else")
        patch.chdir(shutil.copytree(older, stale))
        sync(**settings(running, lookback_days=0))
        patch.chdir(shutil.copytree(stale, whole))
        backfill(**settings(running))
        patch.chdir(shutil.copytree(whole, damaged))
        with duckdb.connect(str(WAREHOUSE)) as connection:
            # Each window lacks rows: where the count agrees, stale rows are not looked for.
            connection.execute("delete from liine.interactions where id % 3 = 0")
            connection.execute("update liine.interactions set updated_at = '2020-01-01' where id % 5 = 0")
        running.folders = folders  # type: ignore[attr-defined]
        yield running


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_recovered_from_or_reported(
    fault: str,
    api: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """A run that fails names the customer or the login, and the next one recovers."""
    if "slow" in fault:
        monkeypatch.setattr(client, "Timeouts", partial(client.Timeouts, read=0.1))
        monkeypatch.setattr(client, "RETRY_POLICY", replace(client.RETRY_POLICY, attempts=8))
    outcomes = []
    for name, phase in PHASES.items():
        monkeypatch.chdir(shutil.copytree(api.folders / phase.folder, tmp_path / name))
        api.faults = Faults()
        api.revoke_tokens()
        api.faults = FAULTS[fault](phase.after)
        errors = _errors(phase, api)
        api.faults = Faults()
        if errors:
            assert all(re.search(r"Customer [0-9]+|[Ll]ogin", error) for error in errors), (name, errors)
            assert _errors(phase, api) == [], name
        assert differences(WAREHOUSE, api.truth()) == [], name
        outcomes.append("failed" if errors else "whole ")
    record_property("cases", len(outcomes))
    record_property("shown", f"{fault:38} {'  '.join(outcomes)}")


@pytest.mark.parametrize(
    "counts", [{"count_cap": 150}, {"count_cap": 37}, {"count_lag": 1}], ids=["capped", "capped low", "one behind"]
)
def test_low_count_loses_no_row(
    counts: dict[str, int], api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each phase such a count proves nothing, but is no fault."""
    interpretation = api.interpretation
    for name, phase in PHASES.items():
        monkeypatch.chdir(shutil.copytree(api.folders / phase.folder, tmp_path / name))
        api.interpretation = replace(interpretation, **counts)
        errors = _errors(phase, api)
        api.interpretation = interpretation
        assert errors == [], name
        assert differences(WAREHOUSE, api.truth()) == [], name


def _errors(phase: Phase, api: Emulator) -> list[str]:
    """The errors that a run reports; any other exception fails the test."""
    try:
        result = phase.run(**settings(api, page_size=10))
    except LiineError as error:
        return [str(error)]
    customers = result.customers if hasattr(result, "customers") else result
    return [str(error) for customer in customers for error in customer.errors]
