"""The API reference's sample exchange, replayed through the real client."""

from pathlib import Path

import pytest
import vcr
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException

from liine_source.api.auth import LiineCredentials
from liine_source.api.client import LiineClient, Page, RetryPolicy

SAMPLE = Path(__file__).with_name("cassettes") / "reference_sample.yaml"
FIRST = [("customer_id", "1"), ("limit", "200")]
SECOND = [*FIRST, ("pagination_timestamp", "2021-05-27T04:02:49Z")]


def replay(*queries: list[tuple[str, str]]) -> tuple[list[Page], Cassette]:
    """Return the pages for these queries, from the cassette alone."""
    client = LiineClient(LiineCredentials(username="test", password="Test123!"), retry=RetryPolicy(attempts=1))
    matchers = ["method", "scheme", "host", "path", "query"]
    with vcr.VCR(record_mode="none", match_on=matchers).use_cassette(str(SAMPLE)) as cassette:
        return [client.fetch_page(query, "Customer 1") for query in queries], cassette


def test_sample_exchange_is_parsed() -> None:
    """The reference's login, first page and second pagination request are parsed."""
    (first, second), cassette = replay(FIRST, SECOND)
    assert cassette.all_played
    assert (first.count, first.limit, len(first.rows)) == (1, 100, 1)
    row = first.rows[0]
    assert (row.id, row.start_time, row.start_time_tz) == (23, "2021-05-27T04:08:51Z", "2021-05-27T09:08:51Z")
    assert (second.count, second.limit, second.rows) == (1, 200, [])


def test_sample_cassette_is_labelled_as_hand_written() -> None:
    """The first line says that the cassette is not a recording."""
    assert SAMPLE.read_text().startswith("# Written by hand from the samples of the API's reference")


def test_unrecorded_request_fails() -> None:
    """A replay never sends a request over the network."""
    with pytest.raises(CannotOverwriteExistingCassetteException):
        replay([*FIRST, ("agents", "5")])
