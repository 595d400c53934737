"""Record a real login and a few pages, scrubbed: `make record CUSTOMER_ID=1234`.

Credentials are read as `liine check` reads them. What is written holds no token, no password and no personal field;
look at the file all the same before you share it.
"""

import argparse
from pathlib import Path

import vcr

from liine_source.client import LiineClient
from liine_source.cursor import Clocks, positions, spelled
from liine_source.settings import checked_settings
from tests.scrubber import Scrubber

CASSETTES = Path(__file__).with_name("cassettes")


def recorder(scrubber: Scrubber) -> vcr.VCR:
    """A recorder that writes only what the scrubber lets through."""
    return vcr.VCR(
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        record_mode="all",
    )


def record(client: LiineClient, customer_id: int, pages: int, limit: int, path: Path) -> int:
    """Record a login and up to so many pages into `path`; return how many interactions they held."""
    clocks, cursor, received = Clocks(), None, 0
    with recorder(Scrubber()).use_cassette(str(path)):
        for _ in range(pages):
            pairs = [("customer_id", str(customer_id)), ("limit", str(limit)), ("include_is_spam_likely", "true")]
            pairs += [("pagination_timestamp", spelled(cursor))] if cursor is not None else []
            page = client.page(pairs, f"Customer {customer_id}")
            received += len(page.rows)
            clocks.observe(positions(page.rows), cursor)
            if not (candidates := clocks.candidates()):
                break
            cursor = candidates[0]
    return received


def main() -> None:
    """Read the command line, record, and say where it lies."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customer-id", type=int, required=True)
    arguments.add_argument("--pages", type=int, default=2)
    arguments.add_argument("--limit", type=int, default=20)
    given = arguments.parse_args()
    settings = checked_settings(customer_ids=[given.customer_id])
    path = CASSETTES / "recorded.yaml"
    path.unlink(missing_ok=True)
    client = settings.open_client()
    received = record(client, given.customer_id, given.pages, given.limit, path)
    print(f"{received} interactions, scrubbed, in {path.relative_to(Path.cwd())}")  # noqa: T201


if __name__ == "__main__":
    main()
