"""`python -m scripts.wheel VENV`: test the wheel in an environment without the development extras."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from liine_source.emulator import running_emulator


def main(venv: str) -> None:
    """Run `liine --help`, `check` and `sync` of the environment `venv` against an emulator of this one."""
    liine = str(Path(venv) / "bin" / "liine")
    python = str(Path(venv) / "bin" / "python")
    missing = subprocess.run([python, "-c", "import starlette"], capture_output=True, check=False)  # noqa: S603  programs of an environment of our own
    assert missing.returncode != 0, "the environment has the emulator's extra, so the test would prove nothing"
    assert "sync" in _output([liine, "--help"], {})
    print_folder = "from liine_source.dbt_runner import project_folder; print(project_folder())"
    assert venv in _output([python, "-P", "-c", print_folder], {}), "the dbt project is not in the wheel"
    build_page = "from liine_source.html_report.page import build_page; print(len(build_page({})))"
    assert int(_output([python, "-P", "-c", build_page], {})) > 200_000, "the report's page is not in the wheel"
    print_page = "from liine_source.documentation import page; print(page('settings'))"
    assert venv in _output([python, "-P", "-c", print_page], {}), "the pages that messages name are not in the wheel"
    with running_emulator(interactions=300, customers=3, seed=1) as api:
        settings = {
            "SOURCES__LIINE__BASE_URL": api.base_url,
            "SOURCES__LIINE__CUSTOMER_IDS": json.dumps(api.customer_ids),
            "SOURCES__LIINE__CREDENTIALS__USERNAME": api.username,
            "SOURCES__LIINE__CREDENTIALS__PASSWORD": api.password,
        }
        found = json.loads(_output([liine, "check", "--json"], settings))
        assert sum(access["count"] for access in found) == len(api.truth())
        with TemporaryDirectory() as folder:
            settings |= {"DESTINATION__DUCKDB__CREDENTIALS": f"{folder}/warehouse.duckdb", "DLT_DATA_DIR": folder}
            _output([liine, "sync"], settings)
            count = "build_pipeline().dataset()('select count(*) from interactions').fetchone()[0]"
            loaded = _output([python, "-P", "-c", f"from liine_source import build_pipeline; print({count})"], settings)
        assert int(loaded) == len(api.truth()), "dlt's `dataset()` does not read what was loaded"
    print(f"liine --help, check and sync succeeded: {len(found)} customers")


def _output(command: list[str], settings: dict[str, str]) -> str:
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)  # noqa: S603  programs of an environment of our own
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1])
