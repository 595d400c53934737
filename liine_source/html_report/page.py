"""The page: one file with styles, scripts and figures in it, which loads nothing and sends nothing.

A policy in the page lets the browser run the two scripts of this package alone, by their hashes, and use no network.
The figures are compressed JSON, in which no text can end the element or begin another; the script shows texts as texts.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from liine_source.errors import ConfigurationError

GENERATOR = "liine report"
_MARK = f'<meta name="generator" content="{GENERATOR}">'
# Together one script, in this order.
_SCRIPTS = (
    "figures",
    "formats",
    "sums",
    "elements",
    "charts",
    "completeness",
    "leads",
    "calls",
    "breakdowns",
    "page",
)
# The mark stands among the first lines of the page.
_HEAD_BYTES = 2000


def build_page(figures: Mapping[str, Any]) -> bytes:
    """Return the page that shows the figures."""
    package = files(__package__)
    style = package.joinpath("page.css").read_text(encoding="utf-8")
    # Without the address of its source map, which a browser's tools would ask for.
    charts = package.joinpath("vendor/chart.umd.min.js").read_text(encoding="utf-8").partition("//# sourceMapp")[0]
    script = "".join(package.joinpath(f"scripts/{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash(charts)} {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "mark": _MARK,
        "policy": policy,
        "style": style,
        "charts": charts,
        "script": script,
        "figures": _compress(figures),
    }
    template = package.joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"@@(\w+)@@", lambda match: parts[match[1]], template).encode()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _compress(figures: Mapping[str, Any]) -> str:
    """Return JSON, gzip, base64: a sixth of the JSON. The highest level saves a twelfth, and takes 14 times as long."""
    return base64.b64encode(gzip.compress(msgspec.json.encode(figures), compresslevel=6, mtime=0)).decode()


def refuse_other_file(path: Path) -> None:
    """Raise ConfigurationError where a file is in the way that is no report, or the folder is missing."""
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"There is no folder {path.parent.absolute()}: create it, or name another file in --output. Nothing was "
            "written."
        )
    try:
        with path.open("rb") as file:
            is_report = _MARK.encode() in file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refusal(path, f"cannot be read ({type(error).__name__})") from None
    if not is_report:
        raise _refusal(path, "was not written by `liine report`, which replaces no other file")


def _refusal(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{path.absolute()} {problem}. Name another file in --output. Nothing was written.")
