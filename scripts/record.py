"""Record a real login and a few pages, scrubbed: `make record CUSTOMER_ID=1234`.

Credentials come from the settings that `liine check` reads. The cassette holds no token, password or personal field;
read the file before you share it all the same.
"""

import argparse
from pathlib import Path

import vcr

from liine_source.api.client import LiineClient
from liine_source.extract.cursor import Clocks, format_cursor, row_times
from liine_source.settings import resolve_settings
from scripts.scrubber import Scrubber

CASSETTES = Path(__file__).parents[1] / "tests" / "api" / "cassettes"


def recorder(scrubber: Scrubber) -> vcr.VCR:
    """Return a recorder that writes scrubbed requests and answers."""
    return vcr.VCR(
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        record_mode="all",
    )


def record(client: LiineClient, customer_id: int, pages: int, limit: int, path: Path) -> int:
    """Record a login and up to `pages` pages into `path`; return the number of interactions."""
    clocks, cursor, received = Clocks(), None, 0
    with recorder(Scrubber()).use_cassette(str(path)):
        for _ in range(pages):
            pairs = [("customer_id", str(customer_id)), ("limit", str(limit)), ("include_is_spam_likely", "true")]
            pairs += [("pagination_timestamp", format_cursor(cursor))] if cursor is not None else []
            page = client.fetch_page(pairs, f"Customer {customer_id}")
            received += len(page.rows)
            clocks.observe(row_times(page.rows), cursor)
            if not (candidates := clocks.candidates()):
                break
            cursor = candidates[0]
    return received


def main() -> None:
    """Read the command line, record, and print the path of the cassette."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customer-id", type=int, required=True)
    arguments.add_argument("--pages", type=int, default=2)
    arguments.add_argument("--limit", type=int, default=20)
    given = arguments.parse_args()
    settings = resolve_settings(customer_ids=[given.customer_id])
    path = CASSETTES / "recorded.yaml"
    path.unlink(missing_ok=True)
    client = settings.open_client()
    received = record(client, given.customer_id, given.pages, given.limit, path)
    print(f"{received} interactions, scrubbed, in {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
