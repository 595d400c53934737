"""One history read by one, four and sixteen requests at once, where each answer takes 200 ms, in one run.

Each load is a process of its own, one after the other in turn, against one emulator that waits, and then also
refuses more than ten requests a second. Read the ratios. `python benchmarks/at_once.py` prints the table that the
README shows.
"""

import os
import platform
import tempfile

from loads import CONNECTOR, Api, Load
from measuring import Figures, measured, middle

from liine_source.emulator import Faults, running_emulator

ROWS = 100_000
ROUNDS = 3
WIDTHS = (1, 4, 16)
CONDITIONS = {
    "200 ms an answer": Faults(latency_ms=200),
    "200 ms an answer, ten requests a second": Faults(latency_ms=200, rate_limit=10),
}


def main() -> None:
    """Measure in turn, print the medians and the ratios."""
    print("| where | requests at once | wall s | of the time of one at once |\n|---|---|---|---|")
    with running_emulator(interactions=ROWS, customers=1) as emulator:
        api = Api(emulator.base_url, emulator.customer_ids[0], emulator.username, emulator.password)
        for condition, faults in CONDITIONS.items():
            rounds: dict[int, list[Figures]] = {width: [] for width in WIDTHS}
            for width in [*WIDTHS] * ROUNDS:
                emulator.faults = faults
                with tempfile.TemporaryDirectory() as folder:
                    load = measured(Load(CONNECTOR, api), folder, SOURCES__LIINE__MAX_CONCURRENCY=str(width))
                rounds[width].append(load)
            walls = {width: middle(figures).wall for width, figures in rounds.items()}
            for width, wall in walls.items():
                print(f"| {condition} | {width} | {wall:.1f} | {wall / walls[1]:.2f} |", flush=True)
    print(f"\n{ROWS:,} interactions, medians of {ROUNDS} rounds; {os.cpu_count()} cores, {platform.system()}.")


if __name__ == "__main__":
    main()
