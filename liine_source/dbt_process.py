"""A process that runs one dbt command and writes the status of each node.

Its arguments are the file for these, and dbt's own. It writes no `run_results.json`, which comes only with a manifest:
to write that takes half a second.
"""

import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from liine_source.garbage_collection import RARELY
from liine_source.process_end import run_program


def run_dbt(file: str, arguments: Sequence[str]) -> int:
    """Run a dbt command; write a JSON object of each node's id and status to `file`, and return dbt's exit code.

    A command that runs no node, or ends before the first, writes nothing.
    """
    # dbt's manifest is many objects without cycles: the search took an eighth of dbt's own processor time.
    gc.set_threshold(*RARELY)
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  it needs the extra

    outcome = dbtRunner().invoke([*arguments])
    results = getattr(outcome.result, "results", None)
    if results is not None:
        Path(file).write_text(json.dumps({result.node.unique_id: str(result.status) for result in results}))
    if outcome.exception:
        return 2
    return 0 if outcome.success else 1


if __name__ == "__main__":
    run_program(lambda: sys.exit(run_dbt(sys.argv[1], sys.argv[2:])))
