"""`liine init`: ask for the settings that a first run needs, try them, and write them to dlt's files."""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt

from liine_source.commands.check import CustomerAccess, check
from liine_source.destinations import SETUP_DESTINATIONS, Destination, Question, get_destination, locate_pipeline
from liine_source.error_translation import translate_errors
from liine_source.errors import ConfigurationError, CustomersRefusedError, LoginRefusedError, MissingPackageError
from liine_source.file_replacement import OWNER_ONLY
from liine_source.git_ignore import ignore_in_git
from liine_source.load.pipeline import build_pipeline
from liine_source.setting_checks import SECTIONS
from liine_source.settings import DEFAULT_DESTINATION, parse_customers
from liine_source.spec.tables import DATASET_NAME
from liine_source.toml_file import TomlFile

Keys = tuple[str, ...]
Ask = Callable[[Question], str]

log = logging.getLogger(__name__)


def parse_customer_ids(value: Any) -> list[int]:
    """Return customer ids typed with commas or blanks between them, or as a list. Raises ConfigurationError."""
    if isinstance(value, str) and not value.strip().startswith("["):
        value = f"[{','.join(value.replace(',', ' ').split())}]"
    try:
        found = list(dict.fromkeys(parse_customers(value)))
    except ConfigurationError:
        found = []
    if not found or min(found) < 1:
        raise ConfigurationError("A customer id is a positive whole number, such as 1234; Liine's support knows yours.")
    return found


def _get_supported(name: str | None) -> Destination:
    found = get_destination(name)
    if found.questions is None:
        raise ConfigurationError(
            f"`liine init` sets up {', '.join(SETUP_DESTINATIONS)}, and no other destination. Pass one of them, or "
            "write the settings yourself. Nothing was written."
        )
    return found


_SOURCE = ("sources", "liine")
_USERNAME = Question((*_SOURCE, "credentials", "username"), "User name at Liine")
_PASSWORD = Question((*_SOURCE, "credentials", "password"), "Password at Liine", is_secret=True)
_CUSTOMERS = Question((*_SOURCE, "customer_ids"), "Customer ids, with commas between them", check=parse_customer_ids)
_BASE_URL = Question((*_SOURCE, "base_url"), "Address of the API", default="")
_DESTINATION = Question(
    ("destination_type",),
    f"Destination ({', '.join(SETUP_DESTINATIONS)})",
    default=DEFAULT_DESTINATION,
    check=_get_supported,
)
_DUCKDB_FILE = ("destination", "duckdb", "credentials")

# A file of its own, so that no warehouse gets invented rows; DuckDB wants the dataset to have another name.
PLAYGROUND_FILE, PLAYGROUND_DATASET = "emulator.duckdb", "playground"


@dataclass(frozen=True, slots=True)
class Initialized:
    """What was written, and what it was tried with; no value of a setting but customer ids and the destination.

    `added` are the settings that were not there before. `access` says what the API counts, `unchecked` why the
    warehouse was not connected to, if it was not.
    """

    config_file: str
    secrets_file: str
    added: list[str]
    ignored_by: str | None
    destination: str
    access: list[CustomerAccess]
    unchecked: str | None = None
    dataset: str = DATASET_NAME
    is_playground: bool = False


def init(
    *,
    username: str | None = None,
    password: str | None = None,
    customer_ids: Sequence[int] | None = None,
    destination: str | None = None,
    duckdb_file: str | None = None,
    ask: Ask | None = None,
) -> Initialized:
    """Collect the settings of a first run, log in with them, count each customer, connect to the warehouse, write them.

    A setting is taken from the arguments, the environment or the files, or else asked for with `ask`, again where the
    API refuses what was answered. Files are added to; a value in them stays. Raises ConfigurationError where a setting
    is missing or differs from that in a file, CustomersRefusedError, LoginRefusedError or DestinationError where one
    does not work; nothing is written then.
    """
    files = _Files()
    answers = _Answers(files, ask)
    answers.give(_USERNAME, username)
    answers.give(_PASSWORD, password)
    answers.give(_CUSTOMERS, list(customer_ids) if customer_ids else None)
    answers.give(_DESTINATION, destination)
    for question in (_USERNAME, _PASSWORD, _CUSTOMERS, _BASE_URL, _DESTINATION):
        answers.find(question)
    chosen = _get_supported(answers.values.get(_DESTINATION.path))
    questions = chosen.questions or ()
    if duckdb_file and _DUCKDB_FILE not in {question.path for question in questions}:
        raise ConfigurationError(f"--duckdb-file has no effect with {chosen.name}: leave it out. Nothing was written.")
    answers.give(Question(_DUCKDB_FILE, ""), duckdb_file)
    for question in questions:
        answers.find_of_destination(question)
    answers.require_complete()
    log.debug("Trying the settings.")
    with _in_environment(answers.values):
        unchecked = _check_destination(chosen)
    access = _count_customers(answers)
    added, ignored_by = files.save(answers.values)
    return Initialized(
        str(files.config.path), str(files.secrets.path), added, ignored_by, chosen.name, access, unchecked
    )


def init_playground(base_url: str, username: str, password: str, customer_ids: Sequence[int]) -> Initialized:
    """Write the settings of the emulator, with a DuckDB file of its own. Nothing is requested.

    Raises ConfigurationError where a file or the environment has other settings, with which real data and invented
    data could meet.
    """
    files = _Files()
    values = {
        _BASE_URL.path: base_url,
        _CUSTOMERS.path: list(customer_ids),
        _DESTINATION.path: DEFAULT_DESTINATION,
        _USERNAME.path: username,
        _PASSWORD.path: password,
        _DUCKDB_FILE: PLAYGROUND_FILE,
    }
    variables = {_variable(path): _as_text(value) for path, value in values.items()}
    prefixes = (f"{_variable(_SOURCE)}__", "DESTINATION__DUCKDB__", "DESTINATION_TYPE")
    own = [name for name in os.environ if name.startswith(prefixes) and os.environ[name] != variables.get(name)]
    if own:
        raise ConfigurationError(
            f"The environment has settings that precede those of a playground: {', '.join(sorted(own))}. Unset them "
            "first; nothing was written."
        )
    for path, value in values.items():
        files.refuse_other(path, value)
    added, ignored_by = files.save(values)
    return Initialized(
        str(files.config.path),
        str(files.secrets.path),
        added,
        ignored_by,
        DEFAULT_DESTINATION,
        [],
        dataset=PLAYGROUND_DATASET,
        is_playground=True,
    )


class _Files:
    """dlt's two files, and which setting belongs into which."""

    def __init__(self) -> None:
        folder = Path(dlt.current.run_context().settings_dir)
        self.config, self.secrets = TomlFile(folder / "config.toml"), TomlFile(folder / "secrets.toml")

    def of(self, path: Keys) -> TomlFile:
        is_secret = "credentials" in path
        return self.secrets if is_secret else self.config

    def get(self, path: Keys) -> Any:
        if path[: len(_SOURCE)] == _SOURCE:
            # dlt reads this section first.
            found = self.of(path).get((*SECTIONS, *path[len(_SOURCE) :]))
            if found is not None:
                return found
        return self.of(path).get(path)

    def refuse_other(self, path: Keys, value: Any) -> None:
        """Raise ConfigurationError where a file has another value."""
        found = self.get(path)
        if found is not None and not _is_equal(found, value):
            raise ConfigurationError(
                f"{_place(path)} in {self.of(path).path} has another value, and `liine init` changes none. Change it "
                "there, or leave it out here. Nothing was written."
            )

    def save(self, values: Mapping[Keys, Any]) -> tuple[list[str], str | None]:
        """Add what the files do not have; return the names of these settings, and the file that git ignores them by."""
        self.config.set_heading("Settings of liine-source. Passwords and keys go into secrets.toml beside this file.")
        self.secrets.set_heading("Passwords and keys of liine-source: keep this file to yourself, and out of git.")
        added = []
        # Keys without a table come first in TOML.
        for path, value in sorted(values.items(), key=lambda item: len(item[0]) > 1):
            if self.get(path) is None:
                self.of(path).add(path, value)
                added.append(f"{_place(path)} in {self.of(path).path.name}")
        for file in (self.secrets, self.config):
            file.require_sound()
        ignored = ignore_in_git(self.secrets.path)
        self.secrets.save(OWNER_ONLY)
        if self.config.is_changed:
            self.config.save()
        return added, None if ignored is None else str(ignored)


class _Answers:
    """The settings found so far, by their paths, and the names of those that are missing."""

    def __init__(self, files: _Files, ask: Ask | None) -> None:
        self.values: dict[Keys, Any] = {}
        self._files = files
        self._ask = ask
        self._missing: list[Question] = []
        self._asked: set[Keys] = set()

    def give(self, question: Question, value: Any) -> None:
        """Take a value of the command line."""
        if value:
            self._take(question.path, value)

    def find(self, question: Question) -> None:
        """Find a setting, or ask for it."""
        if question.path in self.values:
            return
        value = os.environ.get(question.variable) or self._files.get(question.path)
        if value is None:
            value = self._answer(question)
        if value:
            self._take(question.path, value)

    def find_of_destination(self, question: Question) -> None:
        """Find a setting of the destination; also one whose parts are set instead, such as a host and a database."""
        *table, name = question.path
        beside = {*(self._files.get((*table,)) or ()), *(path[-1] for path in self.values if [*path[:-1]] == table)}
        beside |= set(_variables_below((*table,)))
        if beside & set(question.unless) or (question.needs and question.needs not in beside):
            return
        if name == "credentials" and (parts := _variables_below(question.path)):
            for part, value in parts.items():
                self._take((*question.path, part), value)
            return
        self.find(question)

    def ask_again(self, reason: str, *questions: Question) -> bool:
        """Ask again for those of the questions that were answered in the terminal; return whether there are any.

        The user name is offered again: a password is mistyped more often.
        """
        asked = [question for question in questions if question.path in self._asked]
        for question in asked:
            value = self.values.pop(question.path)
            self.find(
                replace(
                    question,
                    text=f"{reason}\n{question.text}" if question is asked[0] else question.text,
                    default=value if question is _USERNAME else None,
                )
            )
        return bool(asked)

    def require_complete(self) -> None:
        """Raise ConfigurationError with everything that is missing."""
        if self._missing:
            listed = "; ".join(f"{one.text} ({_option(one)})" for one in self._missing)
            raise ConfigurationError(
                f"Settings are missing, and there is no terminal to ask for them: {listed}. Nothing was written."
            )

    def _answer(self, question: Question) -> Any:
        if question is _BASE_URL:
            return None
        if self._ask:
            self._asked.add(question.path)
            return self._ask(question)
        if question.default is None:
            self._missing.append(question)
        return question.default

    def _take(self, path: Keys, value: Any) -> None:
        if path == _CUSTOMERS.path:
            value = parse_customer_ids(value)
        elif isinstance(value, str):
            value = value if path[-1] == "password" else value.strip()
            if not value.isprintable():
                raise ConfigurationError(f"{_place(path)} has a control character. Nothing was written.")
        self._files.refuse_other(path, value)
        self.values[path] = value


def _count_customers(answers: _Answers) -> list[CustomerAccess]:
    while True:
        try:
            with _in_environment(answers.values):
                access = check()
        except LoginRefusedError:
            if not answers.ask_again("The API refused user name or password.", _USERNAME, _PASSWORD):
                raise
            continue
        refused = [str(customer.error) for customer in access if customer.error]
        if not refused:
            return access
        problem = CustomersRefusedError(refused, len(access))
        if not answers.ask_again(str(problem).rpartition("\n")[0], _CUSTOMERS):
            raise problem


def _check_destination(destination: Destination) -> str | None:
    """Connect to the warehouse and create nothing; return why not where the package for that is not installed."""
    with TemporaryDirectory(prefix="liine-") as folder:
        try:
            pipeline = build_pipeline(destination.name, DATASET_NAME, folder=folder)
        except MissingPackageError as error:
            return str(error)
        with translate_errors():
            destination.check_access(pipeline, locate_pipeline(pipeline))
    return None


@contextmanager
def _in_environment(values: Mapping[Keys, Any]) -> Iterator[None]:
    """Set the values where dlt looks first, so that they are tried as the files will have them."""
    before = dict(os.environ)
    os.environ.update(
        {_variable(path): _as_text(value) for path, value in values.items() if not isinstance(value, dict)}
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _variable(path: Keys) -> str:
    return "__".join(path).upper()


def _variables_below(path: Keys) -> dict[str, Any]:
    """Return the variables of the parts of a setting, by their names in a file."""
    prefix = f"{_variable(path)}__"
    found = {name.removeprefix(prefix).lower(): value for name, value in os.environ.items() if name.startswith(prefix)}
    return {name: _from_json(value) if name == "query" else value for name, value in found.items()}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigurationError("QUERY of the warehouse's credentials must be a table in JSON.") from None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_equal(found: Any, value: Any) -> bool:
    if isinstance(found, list) and isinstance(value, list):
        return sorted(map(str, found)) == sorted(map(str, value))
    return found == value or (not isinstance(found, dict) and str(found) == str(value))


def _place(path: Keys) -> str:
    return f"{path[-1]} under [{'.'.join(path[:-1])}]" if len(path) > 1 else path[0]


def _option(question: Question) -> str:
    options = {_USERNAME: "--username or ", _PASSWORD: "--password-stdin or ", _CUSTOMERS: "--customer-id or "}
    return f"{options.get(question, '')}{question.variable}"
