"""A history read with one, four and sixteen parallel requests, where each response takes 200 ms.

Each load runs in its own process, one after the other, against an emulator that delays its responses, and then also
rejects more than ten requests per second. Prints a table for docs/benchmarks.md. Absolute times depend on the machine,
so compare the ratios.
"""

import os
import platform
import tempfile

from loads import CONNECTOR, Api, Load
from measuring import Figures, measure, median

from liine_source.emulator import Faults, running_emulator

ROWS = 100_000
ROUNDS = 3
WIDTHS = (1, 4, 16)
CONDITIONS = {
    "200 ms per response": Faults(latency_ms=200),
    "200 ms per response, ten requests per second": Faults(latency_ms=200, rate_limit=10),
}


def main() -> None:
    """Measure one load after the other; print the medians and the ratios."""
    print("| API | parallel requests | wall s | relative to one |\n|---|---|---|---|")
    with running_emulator(interactions=ROWS, customers=1) as emulator:
        api = Api(emulator.base_url, emulator.customer_ids, emulator.username, emulator.password)
        for condition, faults in CONDITIONS.items():
            rounds: dict[int, list[Figures]] = {width: [] for width in WIDTHS}
            for width in [*WIDTHS] * ROUNDS:
                emulator.faults = faults
                with tempfile.TemporaryDirectory() as folder:
                    load = measure(Load(CONNECTOR, api), folder, SOURCES__LIINE__MAX_CONCURRENCY=str(width))
                rounds[width].append(load)
            walls = {width: median(figures).wall for width, figures in rounds.items()}
            for width, wall in walls.items():
                print(f"| {condition} | {width} | {wall:.1f} | {wall / walls[1]:.2f} |", flush=True)
    print(f"\n{ROWS:,} interactions, medians of {ROUNDS} rounds; {os.cpu_count()} cores, {platform.system()}.")


if __name__ == "__main__":
    main()
