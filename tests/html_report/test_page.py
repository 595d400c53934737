"""The page: whole in one file, with a policy that allows the two scripts of the package and nothing else."""

import base64
import hashlib
import json
import re
from importlib.resources import files

import pytest

from liine_source.html_report.page import build_page
from tests.support.report_page import json_in

SCRIPTS = files("liine_source.html_report") / "scripts"
VENDOR = files("liine_source.html_report") / "vendor"


def test_chart_library_is_the_one_that_is_written_down() -> None:
    """Its version, hash and licence are beside it, and it can be embedded as it is."""
    script = VENDOR.joinpath("chart.umd.min.js").read_bytes()
    notes = VENDOR.joinpath("README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(script).hexdigest() in notes
    version = re.search(rb"Chart\.js v([0-9.]+)", script)
    assert version
    assert f"`chart.js` {version[1].decode()}," in notes
    assert "MIT" in VENDOR.joinpath("LICENSE.md").read_text(encoding="utf-8")
    assert b"</script" not in script.lower()


def test_policy_allows_the_own_scripts_and_no_network() -> None:
    """By the hashes of what stands in the page; figures are data, which no browser runs."""
    page = build_page({}).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules.keys() == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert rules["script-src"].split() == [
        _hash(text) for text in re.findall(r'<script(?: type="module")?>(.*?)</script>', page, re.DOTALL)
    ]
    assert [rules["style-src"]] == [_hash(text) for text in re.findall(r"<style>(.*?)</style>", page, re.DOTALL)]
    assert not re.search(
        r"<(link|iframe|img|object|embed|base)\b|\bsrc=|sourceMappingURL", page.partition("<script")[0]
    )
    assert "sourceMappingURL" not in page


def test_page_has_every_script() -> None:
    """A file in the folder that is not part of the page would be forgotten."""
    page = build_page({}).decode()
    assert [file.name for file in SCRIPTS.iterdir() if file.read_text(encoding="utf-8") not in page] == []


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "&lt;/script&gt;",
        "\u2028 \u2029 \\ \" '",
        "@@script@@",
    ],
    ids=["script", "comment", "cdata", "entity", "quotes", "template"],
)
def test_no_text_leaves_the_figures(text: str) -> None:
    """What HTML could read as an element, or as a part of the template, is compressed, and is read as it was."""
    page = build_page({"channels": [text]}).decode()
    assert page.count("<script") == page.count("</script>") == 3
    assert json.loads(json_in(page)) == {"channels": [text]}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
