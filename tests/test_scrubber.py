"""What a recording may not hold: markers planted in every place that is somebody's business."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import vcr

from liine_source import errors
from liine_source.auth import LiineCredentials
from liine_source.client import LiineClient, RetryPolicy
from liine_source.spec.fields import FIELDS
from tests.record import record
from tests.scripted_api import answer, scripted_api

CUSTOMER = 777001
COOKIE = "Set-Cookie: session=MARKER-cookie"
LOGIN = b'{"token": "bearer MARKER-token", "valid_until": "2099-01-01T00:00:00Z", "MARKER-more": "MARKER-more"}'


def marked(number: int) -> dict[str, Any]:
    """A row with a marker in every personal field, of every shape, and in fields that nobody knows."""
    shapes = {"list": ["MARKER-item"], "object": {"MARKER-key": "MARKER-value", "deep": {"MARKER-k": ["MARKER-v"]}}}
    row: dict[str, Any] = {field.name: shapes.get(field.shape, f"MARKER-{field.name}") for field in FIELDS}
    times = {"start_time": "2024-05-01T10:00:00Z", "start_time_tz": "2024-05-01T15:00:00Z", "updated_at": None}
    return row | times | {"id": 777100 + number, "customer_id": CUSTOMER, "MARKER-new": "MARKER-new", "duration": 58}


PAGE = json.dumps({"interactions": [marked(1), marked(2)], "count": 2, "limit": 20, "MARKER-x": "MARKER-x"}).encode()
PAGES = {
    "plain": answer(PAGE, headers=(COOKIE, "X-Trace: MARKER-trace")),
    "compressed": answer(gzip.compress(PAGE), headers=(COOKIE, "Content-Encoding: gzip")),
}
FAILURES = {
    "error": answer(b'{"error": "no patient MARKER-name"}', "400 Bad Request"),
    "HTML": answer(b"<html>MARKER-name</html>"),
}


def recorded(path: Path, page: bytes) -> str:
    """The text of a cassette of two pages, from an API full of markers."""
    credentials = LiineCredentials(username="MARKER-user", password="MARKER-password")
    with scripted_api(answer(LOGIN, headers=(COOKIE,)), page) as api:
        client = LiineClient(credentials, api.base_url, retry=RetryPolicy(attempts=1))
        try:
            record(client, CUSTOMER, 2, 20, path)
        finally:
            assert "MARKER-password" in api.requests[0]
    return path.read_text()


def leaks(text: str) -> list[str]:
    """Markers in a cassette, as they are or packed."""
    packed = ["MARKER", base64.b64encode(b"MARKER").decode()[:6], "7771", str(CUSTOMER), "127.0.0.1", "!!binary"]
    return [word for word in packed if word in text]


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_personal_is_recorded(kind: str, tmp_path: Path) -> None:
    """No token, password, cookie, address, personal field or unknown field is in the file, plain or packed."""
    text = recorded(tmp_path / "cassette.yaml", PAGES[kind])
    assert leaks(text) == []
    # What tells nobody's business stays, or the recording would be of no use.
    assert '"duration": 58' in text
    assert "2024-05-01T10:00:00Z" in text


@pytest.mark.parametrize("kind", FAILURES)
def test_no_failure_is_recorded_in_its_own_words(kind: str, tmp_path: Path) -> None:
    """An error may quote what was asked for."""
    path = tmp_path / "cassette.yaml"
    with pytest.raises(errors.ApiError):
        recorded(path, FAILURES[kind])
    assert leaks(path.read_text()) == []


def test_filter_values_are_not_recorded(tmp_path: Path) -> None:
    """A filter may be a phone number; the connector's own parameters stay."""
    from tests.record import recorder  # noqa: PLC0415  beside its only use
    from tests.scrubber import Scrubber  # noqa: PLC0415

    credentials = LiineCredentials(username="MARKER-user", password="MARKER-password")
    path = tmp_path / "cassette.yaml"
    with scripted_api(answer(LOGIN), PAGES["plain"]) as api, recorder(Scrubber()).use_cassette(str(path)):
        pairs = [("customer_id", str(CUSTOMER)), ("search", "MARKER-name"), ("limit", "20")]
        LiineClient(credentials, api.base_url).page(pairs, "Customer")
    assert leaks(path.read_text()) == []
    assert "limit=20" in path.read_text()


def test_a_scrubbed_recording_can_be_replayed(tmp_path: Path) -> None:
    """The same row has the same stand-in on every page, and the client reads it as it read the real one."""
    path = tmp_path / "cassette.yaml"
    recorded(path, PAGES["plain"])
    client = LiineClient(LiineCredentials(username="u", password="p"), retry=RetryPolicy(attempts=1))
    pairs = [("customer_id", "1"), ("limit", "20"), ("include_is_spam_likely", "true")]
    with vcr.VCR(record_mode="none", match_on=["method", "path", "query"]).use_cassette(str(path)):
        first = client.page(pairs, "Customer 1")
        second = client.page([*pairs, ("pagination_timestamp", "2024-05-01T15:00:01Z")], "Customer 1")
    assert [row.id for row in first.rows] == [row.id for row in second.rows]
    assert len({row.id for row in first.rows}) == 2
    assert first.rows[0].start_time == "2024-05-01T10:00:00Z"
