"""What rows hold: `updated_at` (7), fields (13) and values that the reference does not know (14)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from liine_source.probing.experiment import ENOUGH
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.fields import FIELDS_BY_NAME

# With fewer rows, those with another form may have been missed.
_FEWEST_ROWS = 100


def find_rows(pages: Iterable[SeenPage]) -> list[SeenRow]:
    """Return all rows seen, each id once."""
    return list({row.id: row for page in pages for row in page.rows}.values())


def judge_contents(rows: Sequence[SeenRow]) -> list[Verdict]:
    """Return the verdicts on what rows hold."""
    return [
        _judge_updated_at(rows),
        _judge_fields(rows),
        _judge_unknown_fields(rows),
        _judge_nulls(rows),
        _judge_values(rows),
    ]


def _judge_updated_at(rows: Sequence[SeenRow]) -> Verdict:
    topic = "`updated_at` of a row"
    having = sum(row.has_updated_at for row in rows)
    evidence = f"{having} of {len(rows)} rows have it"
    if ENOUGH <= having <= len(rows) - ENOUGH:
        return settle(7, topic, "some", evidence, "rows with and without it were seen")
    if len(rows) >= _FEWEST_ROWS and having in {0, len(rows)}:
        return settle(7, topic, "present" if having else "absent", evidence, "the same in old and new rows")
    return leave_open(7, topic, evidence, f"fewer than {_FEWEST_ROWS} rows, or a single exception")


def _judge_fields(rows: Sequence[SeenRow]) -> Verdict:
    topic = "documented fields"
    seen: Counter[str] = Counter(name for row in rows for name in row.keys)
    missing = [name for name in FIELDS_BY_NAME if not seen[name]]
    evidence = f"{len(FIELDS_BY_NAME) - len(missing)} of {len(FIELDS_BY_NAME)} in {len(rows)} rows"
    if not missing and rows:
        return settle(13, topic, "all", evidence, "each was in a row")
    if len(rows) >= _FEWEST_ROWS and all(count == len(rows) for count in seen.values()) and seen:
        # Their names are the reference's own.
        return settle(13, topic, f"{len(missing)} missing", evidence, f"in no row: {', '.join(missing)}")
    return leave_open(13, topic, evidence, "the others may be left out where they have no value, or rows are few")


def _judge_unknown_fields(rows: Sequence[SeenRow]) -> Verdict:
    topic = "undocumented fields"
    having = sum(row.unknown > 0 for row in rows)
    evidence = f"{having} of {len(rows)} rows have one or more"
    if having >= ENOUGH:
        return settle(13, topic, "occur", evidence, "`liine sync` names them and loads them as columns")
    return leave_open(13, topic, evidence, "a row that was not seen may have one")


def _judge_nulls(rows: Sequence[SeenRow]) -> Verdict:
    topic = "fields without a value"
    shapes = {row.keys for row in rows}
    nulls = sum(row.nulls > 0 for row in rows)
    evidence = f"{nulls} of {len(rows)} rows have nulls; different sets of fields: {len(shapes)}"
    if nulls and len(shapes) == 1 and len(rows) >= _FEWEST_ROWS:
        return settle(13, topic, "null", evidence, "all rows have the same fields")
    if not nulls and len(shapes) > ENOUGH and len(rows) >= _FEWEST_ROWS:
        return settle(13, topic, "left out", evidence, "no row has a null, and their fields differ")
    return leave_open(13, topic, evidence, "some fields are null and some left out, or rows are few")


def _judge_values(rows: Sequence[SeenRow]) -> Verdict:
    topic = "values outside the documented lists"
    odd: Counter[str] = Counter(name for row in rows for name in row.odd)
    evidence = f"{sum(bool(row.odd) for row in rows)} of {len(rows)} rows, in {len(odd)} fields"
    if odd.total() >= ENOUGH:
        return settle(14, topic, "occur", evidence, f"in {', '.join(sorted(odd))}")
    return leave_open(14, topic, evidence, "a row that was not seen may have one")
