"""A recording has no private data: markers are planted wherever such data may occur."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import vcr

from liine_source import errors
from liine_source.api.auth import LiineCredentials
from liine_source.api.client import LiineClient, RetryPolicy
from liine_source.spec.fields import FIELDS
from scripts.record import record
from tests.support.scripted_api import answer, scripted_api

CUSTOMER = 777001
COOKIE = "Set-Cookie: session=MARKER-cookie"
LOGIN = b'{"token": "bearer MARKER-token", "valid_until": "2099-01-01T00:00:00Z", "MARKER-more": "MARKER-more"}'


def marked_row(number: int) -> dict[str, Any]:
    """Return a row with a marker in every personal field, in every shape, and in unknown fields."""
    shapes = {"list": ["MARKER-item"], "object": {"MARKER-key": "MARKER-value", "deep": {"MARKER-k": ["MARKER-v"]}}}
    row: dict[str, Any] = {field.name: shapes.get(field.shape, f"MARKER-{field.name}") for field in FIELDS}
    times = {"start_time": "2024-05-01T10:00:00Z", "start_time_tz": "2024-05-01T15:00:00Z", "updated_at": None}
    return row | times | {"id": 777100 + number, "customer_id": CUSTOMER, "MARKER-new": "MARKER-new", "duration": 58}


PAGE = json.dumps(
    {"interactions": [marked_row(1), marked_row(2)], "count": 2, "limit": 20, "MARKER-x": "MARKER-x"}
).encode()
PAGES = {
    "plain": answer(PAGE, headers=(COOKIE, "X-Trace: MARKER-trace")),
    "compressed": answer(gzip.compress(PAGE), headers=(COOKIE, "Content-Encoding: gzip")),
}
FAILURES = {
    "error": answer(b'{"error": "no patient MARKER-name"}', "400 Bad Request"),
    "HTML": answer(b"<html>MARKER-name</html>"),
}


def record_pages(path: Path, page: bytes) -> str:
    """Return the text of a cassette of two pages, recorded from an API full of markers."""
    credentials = LiineCredentials(username="MARKER-user", password="MARKER-password")
    with scripted_api(answer(LOGIN, headers=(COOKIE,)), page) as api:
        client = LiineClient(credentials, api.base_url, retry=RetryPolicy(attempts=1))
        try:
            record(client, CUSTOMER, 2, 20, path)
        finally:
            assert "MARKER-password" in api.requests[0]
    return path.read_text()


def leaks(text: str) -> list[str]:
    """Return the markers found in a cassette, plain or encoded."""
    encoded = ["MARKER", base64.b64encode(b"MARKER").decode()[:6], "7771", str(CUSTOMER), "127.0.0.1", "!!binary"]
    return [word for word in encoded if word in text]


@pytest.mark.parametrize("kind", PAGES)
def test_no_personal_data_is_recorded(kind: str, tmp_path: Path) -> None:
    """The file has no token, password, cookie, address, personal or unknown field, plain or encoded."""
    text = record_pages(tmp_path / "cassette.yaml", PAGES[kind])
    assert leaks(text) == []
    # Harmless values stay, or the recording would be useless.
    assert '"duration": 58' in text
    assert "2024-05-01T10:00:00Z" in text


@pytest.mark.parametrize("kind", FAILURES)
def test_error_text_is_not_recorded(kind: str, tmp_path: Path) -> None:
    """An error may quote the request."""
    path = tmp_path / "cassette.yaml"
    with pytest.raises(errors.ApiError):
        record_pages(path, FAILURES[kind])
    assert leaks(path.read_text()) == []


def test_filter_values_are_not_recorded(tmp_path: Path) -> None:
    """A filter may hold a phone number; the connector's own parameters are kept."""
    from scripts.record import recorder  # noqa: PLC0415  beside its only use
    from scripts.scrubber import Scrubber  # noqa: PLC0415

    credentials = LiineCredentials(username="MARKER-user", password="MARKER-password")
    path = tmp_path / "cassette.yaml"
    with scripted_api(answer(LOGIN), PAGES["plain"]) as api, recorder(Scrubber()).use_cassette(str(path)):
        pairs = [("customer_id", str(CUSTOMER)), ("search", "MARKER-name"), ("limit", "20")]
        LiineClient(credentials, api.base_url).fetch_page(pairs, "Customer")
    assert leaks(path.read_text()) == []
    assert "limit=20" in path.read_text()


def test_scrubbed_recording_can_be_replayed(tmp_path: Path) -> None:
    """A row has the same stand-in on every page, and the client parses it like the real one."""
    path = tmp_path / "cassette.yaml"
    record_pages(path, PAGES["plain"])
    client = LiineClient(LiineCredentials(username="u", password="p"), retry=RetryPolicy(attempts=1))
    pairs = [("customer_id", "1"), ("limit", "20"), ("include_is_spam_likely", "true")]
    with vcr.VCR(record_mode="none", match_on=["method", "path", "query"]).use_cassette(str(path)):
        first = client.fetch_page(pairs, "Customer 1")
        second = client.fetch_page([*pairs, ("pagination_timestamp", "2024-05-01T15:00:01Z")], "Customer 1")
    assert [row.id for row in first.rows] == [row.id for row in second.rows]
    assert len({row.id for row in first.rows}) == 2
    assert first.rows[0].start_time == "2024-05-01T10:00:00Z"
