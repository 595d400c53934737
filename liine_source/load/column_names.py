"""Fields that the reference does not have -> columns of `interactions`."""

import hashlib
import re

from liine_source.spec.fields import FIELDS_BY_NAME
from liine_source.spec.tables import INTERACTIONS, column_names

# A column's name that is the same on every destination, and under each of dlt's naming conventions.
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", re.ASCII)
_LONGEST_NAME = 63
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])", re.ASCII)
# Fields of the reference, columns of ours, and those that every table of Postgres has of itself.
_TAKEN = frozenset(
    {*FIELDS_BY_NAME, *column_names(INTERACTIONS)} | {"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"}
)


def column_name(field: str) -> str:
    """Return the column of `interactions` for a field that the reference does not have: always the same, and its own.

    A plain name is kept. Any other gets a suffix, for several of them may come to the same: `a.b` and `a b` to `a_b`.
    """
    if _PLAIN_NAME.fullmatch(field) and len(field) <= _LONGEST_NAME and field not in _TAKEN:
        return field
    words = _WORD.findall(_CAMEL_CASE.sub("_", field).lower())
    stem = "_".join(words if words and words[0][0].isalpha() else ["field", *words])
    digest = hashlib.sha256(field.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem[: _LONGEST_NAME - len(digest) - 1].rstrip('_')}_{digest}"
