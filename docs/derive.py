"""Text derived from `liine_source.spec`: cog writes it in place (`make derive`) and checks it (`make check`)."""

from collections.abc import Iterable
from itertools import groupby

from liine_source.spec.fields import FIELDS
from liine_source.spec.filters import FILTERS
from liine_source.spec.statuses import STATUSES
from liine_source.spec.types import Parameter

_SCALARS = {"number": "float", "integer": "int", "boolean": "bool", "string": "str"}
_SECTIONS = {"general": "General", "metadata": "Metadata", "ehr_pms": "EHR/PMS"}
_WIDTH = 110


def filters_class() -> str:
    """The typed dictionary of the filters."""
    lines = [
        "class Filters(TypedDict, total=False):",
        f'    """The {len(FILTERS)} filters of the reference ("Query Parameters"), each described in docs/filters.md.',
        "",
        '    In a list, None or "null" selects rows where the field is not set, for the filters that accept it.',
        '    """',
        "",
        *(line for parameter in FILTERS for line in _annotation(parameter)),
    ]
    return "\n".join(lines)


def filters_tables() -> str:
    """The filters by section, as Markdown."""
    parts = []
    for section, parameters in groupby(FILTERS, key=lambda parameter: parameter.section):
        rows = [
            (f"`{p.name}`", p.type, ", ".join(f"`{word}`" for word in _words(p)) or "any", p.description)
            for p in parameters
        ]
        parts.append(f"## {_SECTIONS[section]}\n\n" + _table(("filter", "type", "values", "what it selects"), rows))
    return "\n\n".join(parts)


def fields_table() -> str:
    """The fields, as Markdown."""
    rows = [
        (f"`{f.name}`", _column_type(f.data_type, f.shape, has_timezone=f.has_timezone), f.personal_data, f.description)
        for f in FIELDS
    ]
    return _table(("field", "type", "personal data", "what it holds"), rows)


def statuses_table() -> str:
    """The statuses, as Markdown."""
    return _table(("status", "meaning", "what to do"), [(f"{s.code} {s.name}", s.meaning, s.remedy) for s in STATUSES])


def _annotation(parameter: Parameter) -> list[str]:
    kind = parameter.type.removeprefix("list(").removesuffix(")")
    is_list = kind != parameter.type
    words = list(_words(parameter))
    named = f"Literal[{', '.join(map(_quoted, words))}]"
    item = named if parameter.values else _SCALARS[kind]
    if parameter.special_values:
        item += f" | {named}"
    if "null" in words:
        item += " | None"
    line = f"    {parameter.name}: " + (f"list[{item}]" if is_list else item)
    if len(line) <= _WIDTH:
        return [line]
    indent = "    " * (2 + is_list)
    values = [f"{indent}{_quoted(value)}," for value in words]
    if not is_list:
        return [f"    {parameter.name}: Literal[", *values, "    ]"]
    rest = item.partition("]")[2]
    return [f"    {parameter.name}: list[", "        Literal[", *values, f"        ]{rest}", "    ]"]


def _words(parameter: Parameter) -> Iterable[str]:
    yield from parameter.values
    yield from parameter.special_values
    if parameter.accepts_null and "null" not in parameter.special_values:
        yield "null"


def _column_type(data_type: str, shape: str, *, has_timezone: bool) -> str:
    if shape != "scalar":
        return f"{shape}, a table of its own"
    if data_type == "timestamp":
        return "timestamp, UTC" if has_timezone else "timestamp, no zone"
    return data_type


def _quoted(word: str) -> str:
    return f'"{word}"'


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
