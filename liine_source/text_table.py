"""Tables as text, of which no word is cut: as wide as they are in a file or a pipe, and as the screen in a terminal.

Where COLUMNS is set, it is the width of both.

A narrow screen gets a table without a frame. One too narrow for the longest words of all columns gets a list of the
cells of each row instead.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text


class _Frame(NamedTuple):
    """How a table is framed: the characters that each column takes apart from its text, and the others."""

    by_column: int
    others: int
    options: dict[str, Any]


_WIDE = _Frame(3, 1, {})
_NARROW = _Frame(2, -1, {"box": box.SIMPLE_HEAD, "show_edge": False, "padding": (0, 1, 0, 0)})


def print_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print a table to a console."""
    natural = _widths(columns, rows, _line_width)
    if not (console.is_terminal or os.environ.get("COLUMNS")):
        # Nobody's screen is too narrow; Rich would take it for one of 80 columns.
        width = sum(natural) + _WIDE.by_column * len(columns) + _WIDE.others
        Console(file=console.file, width=width, color_system=None).print(_table(columns, rows, natural, _WIDE))
        return
    least = _widths(columns, rows, _word_width)
    for frame in (_WIDE, _NARROW):
        available = console.width - frame.by_column * len(columns) - frame.others
        if sum(least) <= available:
            console.print(_table(columns, rows, _share(natural, least, available), frame))
            return
    for line in _as_lists(columns, rows):
        console.print(line, overflow="fold")


def _table(columns: Sequence[str], rows: Sequence[Sequence[Text]], widths: Sequence[int], frame: _Frame) -> Table:
    table = Table(**frame.options)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(Text(column), width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _as_lists(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Iterator[Text]:
    """Yield a line for each cell, which begins with the name of its column, and a blank one after each row."""
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            yield Text.assemble((f"{column}: ", "bold"), cell)
        yield Text()


def _share(natural: Sequence[int], least: Sequence[int], available: int) -> list[int]:
    """Return a width of each column: the widest give way first, and none is narrower than its longest word."""
    for most in range(max(natural), 0, -1):
        widths = [max(own, min(wanted, most)) for wanted, own in zip(natural, least, strict=True)]
        if sum(widths) <= available:
            return widths
    return list(least)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Text]], measure: Callable[[Text], int]) -> list[int]:
    """Return for each column the most that a cell, or its header, measures."""
    header = [Text(column) for column in columns]
    return [max(measure(row[at]) for row in [header, *rows]) for at in range(len(columns))]


def _line_width(text: Text) -> int:
    return max(map(cell_len, text.plain.split("\n")))


def _word_width(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)
