"""The reference's own sample exchange, replayed through the real client."""

from pathlib import Path

import pytest
import vcr
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException

from liine_source.auth import LiineCredentials
from liine_source.client import LiineClient, Page, RetryPolicy

SAMPLE = Path(__file__).with_name("cassettes") / "reference_sample.yaml"
FIRST = [("customer_id", "1"), ("limit", "200")]
SECOND = [*FIRST, ("pagination_timestamp", "2021-05-27T04:02:49Z")]


def replayed(*queries: list[tuple[str, str]]) -> tuple[list[Page], Cassette]:
    """The pages of these queries, from the cassette alone."""
    client = LiineClient(LiineCredentials(username="test", password="Test123!"), retry=RetryPolicy(attempts=1))
    matchers = ["method", "scheme", "host", "path", "query"]
    with vcr.VCR(record_mode="none", match_on=matchers).use_cassette(str(SAMPLE)) as cassette:
        return [client.page(query, "Customer 1") for query in queries], cassette


def test_the_sample_exchange_is_read() -> None:
    """Login, first page and the second request of the pagination example, as the reference shows them."""
    (first, second), cassette = replayed(FIRST, SECOND)
    assert cassette.all_played
    assert (first.count, first.limit, len(first.rows)) == (1, 100, 1)
    row = first.rows[0]
    assert (row.id, row.start_time, row.start_time_tz) == (23, "2021-05-27T04:08:51Z", "2021-05-27T09:08:51Z")
    assert (second.count, second.limit, second.rows) == (1, 200, [])


def test_the_hand_written_cassette_says_so() -> None:
    """Nobody shall take it for a recording."""
    assert SAMPLE.read_text().startswith("# Written by hand from the samples of the API's reference")


def test_a_request_that_is_not_on_the_cassette_fails() -> None:
    """A replay never reaches for the network."""
    with pytest.raises(CannotOverwriteExistingCassetteException):
        replayed([*FIRST, ("agents", "5")])
