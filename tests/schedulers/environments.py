"""The environments in which Dagster and Airflow are installed, and the variables of a process there."""

import os
from pathlib import Path

from liine_source.emulator import Emulator

ROOT = Path(__file__).parents[2]
PIPELINES = ROOT / "pipelines"
DAGSTER = ROOT / ".venv-dagster" / "bin"
AIRFLOW = ROOT / ".venv-airflow" / "bin"


def settings(api: Emulator) -> dict[str, str]:
    """The connector's settings, as environment variables."""
    return {
        "SOURCES__LIINE__BASE_URL": api.base_url,
        "SOURCES__LIINE__CUSTOMER_IDS": str(api.customer_ids),
        "SOURCES__LIINE__CREDENTIALS__USERNAME": api.username,
        "SOURCES__LIINE__CREDENTIALS__PASSWORD": api.password,
    }


def environment(programs: Path, folder: Path, **more: str) -> dict[str, str]:
    """Variables of a process; of this process's only those of the warehouse that a fixture made."""
    destination = {name: value for name, value in os.environ.items() if name.startswith("DESTINATION")}
    return {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(folder),
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        **{name: value for name, value in (destination | more).items() if value},
    }
