"""What a setting's value has to be, in words for its user."""

from datetime import date
from typing import Any, Literal, get_args, get_origin

FORMS: dict[Any, str] = {
    date: "a date such as 2024-01-31",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    list: "a list such as [1234]",
    dict: "a table",
}


def kind_of(hint: Any) -> Any:
    """Return the class of a hint: `list` for `list[int]`, `date` for `date | None`."""
    origin = get_origin(hint)
    if origin is Literal:
        return str
    if origin is None or origin in FORMS:
        return origin or hint
    # The first argument, of a union with None and of Annotated.
    return kind_of(get_args(hint)[0])


def describe_form(hint: Any) -> str:
    """Return what a value of a type looks like; of a list of words the words."""
    if words := _words_of(hint):
        return f"one of {', '.join(words)}"
    return FORMS.get(kind_of(hint)) or f"a {getattr(hint, '__name__', hint)}"


def _words_of(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return list(map(str, get_args(hint)))
    return next(filter(None, map(_words_of, get_args(hint))), [])
