"""Times in the reference's own format, a whole column at once."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# The reference's format of a time. Arrow also reads others, such as a date without a time, and the year 0.
_REFERENCE_TIME = r"\A[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z\z"


def parse_reference_times(texts: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Return a whole column at once; raises ArrowInvalid or ValueError where a time has another format.

    The values are those of `parse_instant` where `arrow_type` has a time zone, else those of `parse_wall_clock`.
    """
    column = pa.array(texts, pa.string())
    if pc.any(pc.invert(pc.match_substring_regex(column, _REFERENCE_TIME))).as_py():
        raise ValueError("a time in another form")
    # Arrow refuses a time with a zone where none is wanted.
    return pc.cast(column if arrow_type.tz else pc.utf8_slice_codeunits(column, 0, -1), arrow_type)
