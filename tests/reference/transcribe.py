"""Transcribe the API reference's facts, mechanically: `python tests/reference/transcribe.py REFERENCE_TEXT`.

Writes `reference.json` and `sample_page.json` beside this file. It does not use `liine_source`, so that a wrong row
there cannot confirm itself. It takes names, types, footnote marks and values, but no sentences.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECTIONS = {
    "general": "General Parameters",
    "metadata": "Metadata Parameters",
    "ehr_pms": "EHR/PMS Parameters",
}
TYPES = re.compile(r"(number|boolean|string|datestring|datetimestring|object|list)\b")
QUOTED = re.compile(r"""(?<!\w)["']([^"']+)["'](?!\w)""")
VALUES_FOLLOW = re.compile(
    r"(?:valid values are|values include|options are|can be one of|status of the appointment):? ",
    re.IGNORECASE,
)
EXAMPLES = re.compile(r"(?:such as|e\.g\.,|Example:)([^()]*)")
# Quoted words that explain how values combine, or what a value includes, are not values.
ASIDES = re.compile(r"using 'and' or 'or' logic|with 'or' logic|\(includes [^)]*\)")


def table(lines: list[str], heading: str) -> list[list[str]]:
    """Return the cells of the table under `heading`, without its header and separator."""
    [start] = [number for number, line in enumerate(lines) if line == heading]
    rows: list[list[str]] = []
    for line in lines[start + 1 :]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


def listed_values(text: str) -> list[str]:
    """Return the values that a description lists, quoted or else separated by commas up to the full stop."""
    if pair := re.search(r"\((\w+) or (\w+)\)", text):
        return list(pair.groups())
    if alternative := re.search(r"Alternative value is (\w+)", text):
        return [alternative[1]]
    text = ASIDES.sub("", text)
    if not (found := VALUES_FOLLOW.search(text)):
        return []
    listed = text[found.end() :]
    values = QUOTED.findall(listed) or re.split(r",\s+(?:or\s+)?|\s+and\s+", listed.split(".")[0])
    return list(dict.fromkeys(value.strip() for value in values))


def notes(text: str) -> dict[str, Any]:
    """Return the facts that a description states in a fixed form, without those that it does not state."""
    case = re.search(r"case (sensitive|insensitive)", text)
    found = {
        "values": listed_values(text),
        "examples": [value for part in EXAMPLES.findall(text) for value in QUOTED.findall(part)],
        "special_values": [
            value for pair in re.findall(r"in the list are (\w+) which .*? and (\w+) which", text) for value in pair
        ],
        "excludes": re.findall(r"mutually exclusive with (\w+)", text),
        "case": case[1] if case else None,
    }
    return {key: value for key, value in found.items() if value}


def parameter(name: str, type_: str, text: str) -> dict[str, Any]:
    """Return one query parameter with its footnote marks, which follow the description."""
    body, marks = re.fullmatch(r"(.*?)([\s*†]*)", text).groups()  # type: ignore[union-attr]  # always matches
    facts = {"name": name, "type": type_, "accepts_null": "*" in marks, "is_division": "†" in marks}
    return facts | notes(body)


def field(first: str, second: str, third: str) -> dict[str, Any]:
    """Return one field; if the first cell is a type, the name is blank and becomes null."""
    is_nameless = not third and TYPES.match(first)
    name, type_, text = (None, first, second) if is_nameless else (first, second, third)
    listed = {key: value for key, value in notes(text).items() if key in ("values", "examples")}
    return {"name": name, "type": type_} | listed


def sample_page(text: str) -> Any:
    """Return the sample page as valid JSON: with 1 for the placeholder and without trailing commas."""
    start = text.index('{\n"interactions"')
    sample = text[start : text.index("\n}\n", start) + 2].replace("<CUSTOMER_ID>", "1")
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", sample))


def transcribe(text: str) -> dict[str, Any]:
    """Return the facts of the whole reference."""
    lines = text.splitlines()
    page = sample_page(text)
    limit = next(row for row in table(lines, SECTIONS["general"]) if row[0] == "limit")[2]
    return {
        "urls": list(dict.fromkeys(re.findall(r"https://app\.liine\.com[\w/]*", text))),
        "default_limit": int(re.findall(r"Defaults to (\d+)", limit)[0]),
        "max_limit": int(re.findall(r"Maximum value is (\d+)", limit)[0]),
        "parameters": {
            section: [parameter(*row) for row in table(lines, heading)] for section, heading in SECTIONS.items()
        },
        "page_fields": [{"name": row[0], "type": row[1]} for row in table(lines, "Response Structure")],
        "fields": [field(*row) for row in table(lines, "Interaction Fields")],
        "sample": {"page_fields": list(page), "row_fields": list(page["interactions"][0])},
        "statuses": [{"code": int(code), "name": meaning.split(" -- ")[0]} for code, meaning in table(lines, "Errors")],
    }


def format_rows(value: Any, indent: str = "") -> str:
    """Format JSON with one line for each element of a list."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f'{inner}"{key}": {format_rows(item, inner)}' for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list):
        items = [inner + json.dumps(item, ensure_ascii=False) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return json.dumps(value)


if __name__ == "__main__":
    reference = Path(sys.argv[1]).read_text(encoding="utf-8")
    (HERE / "reference.json").write_text(format_rows(transcribe(reference)) + "\n", encoding="utf-8")
    page = json.dumps(sample_page(reference), indent=2)
    (HERE / "sample_page.json").write_text(page + "\n", encoding="utf-8")
