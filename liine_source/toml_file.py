"""A TOML file that is added to and never overwritten: its values, comments, order and formatting stay as they are."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from liine_source.errors import ConfigurationError
from liine_source.file_replacement import replace_file


class TomlFile:
    """The values of a file, which need not exist, and those to add to it. No message holds a value.

    Raises ConfigurationError where it cannot be read or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # As bytes, so that line ends stay what they are.
            text = path.read_bytes().decode() if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            problem = f"{path} cannot be read ({type(error).__name__}). Correct it; nothing was written."
        else:
            try:
                self._document, self._after = tomlkit.parse(text), tomllib.loads(text)
            except (TOMLKitError, ValueError) as error:
                # The line may hold a password, so only its number is passed on.
                line = getattr(error, "line", None)
                problem = (
                    f"{path} is not valid TOML{f', line {line}' if line else ''}. Correct it; nothing was written."
                )
            else:
                self._before = text
                return
        raise ConfigurationError(problem)

    @property
    def is_changed(self) -> bool:
        """Whether a value was added."""
        return self.text != self._before

    @property
    def text(self) -> str:
        """The text of the file with what was added."""
        return tomlkit.dumps(self._document)

    def get(self, path: Sequence[str]) -> Any:
        """Return a value; None where there is none. Raises ConfigurationError where `path` leads through no table."""
        found: Any = self._after
        for depth, name in enumerate(path):
            if not isinstance(found, Mapping):
                raise ConfigurationError(
                    f"[{'.'.join(path[:depth])}] in {self.path} must be a table. Nothing was written."
                )
            if name not in found:
                return None
            found = found[name]
        return found

    def add(self, path: Sequence[str], value: Any) -> None:
        """Add a value that is not there yet, and the tables around it."""
        *tables, name = path
        table: Any = self._document
        for depth, one in enumerate(tables):
            if one not in table:
                # Without a heading of its own where only a table follows.
                table[one] = tomlkit.table(is_super_table=depth + 1 < len(tables))
            table = table[one]
        table[name] = value
        plain = self._after
        for one in tables:
            plain = plain.setdefault(one, {})
        plain[name] = value

    def set_heading(self, *lines: str) -> None:
        """Begin a file that is new with comments."""
        if not self._before:
            for line in lines:
                self._document.add(tomlkit.comment(line))

    def require_sound(self) -> None:
        """Raise ConfigurationError where what was added would not be read back as it is."""
        try:
            is_sound = tomllib.loads(self.text) == self._after
        except ValueError:
            is_sound = False
        if not is_sound:
            raise ConfigurationError(
                f"{self.path} is written in a way that cannot be added to. Write its tables as headings, such as "
                "[sources.liine], once each, then run again. Nothing was written."
            )

    def save(self, mode: int | None = None) -> None:
        """Write the file in one step, with the permissions `mode`; None keeps those that it has.

        Raises ConfigurationError where it cannot be written; then it is as before.
        """
        try:
            path = self.path.resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, self.text.encode(), _permissions_of(path) if mode is None else mode)
        except OSError as error:
            problem = f"{self.path} cannot be written ({os.strerror(error.errno or 0)}); it was not changed."
        else:
            return
        raise ConfigurationError(problem)


def _permissions_of(path: Path) -> int:
    """Return those that a file has, or would get."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found
