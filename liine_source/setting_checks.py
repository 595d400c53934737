"""Checks what is set for the source in dlt's files and the environment, before dlt reads it.

dlt ignores names that it does not know, and converts values of another type: the number 2025 to a day of 1970, the text
"10:30" to today. No message holds a value.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, EnvironProvider
from dlt.common.configuration.providers.doc import CustomLoaderDocProvider
from dlt.common.configuration.specs import known_sections
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.pipeline import PipelineContext

from liine_source.documentation import page
from liine_source.errors import ConfigurationError, did_you_mean
from liine_source.spec.tables import SOURCE_TABLES
from liine_source.value_forms import FORMS, kind_of

SECTIONS = ("sources", "liine", "liine")
"""Where dlt looks for a setting first: the source's section and its name. Then it drops one after the other."""

# Names that dlt itself reads below a source's section: its own sections, resources, and arguments of `dlt.source`.
_DLT_NAMES = frozenset(
    {value for name, value in vars(known_sections).items() if name.isupper()}
    | {"runtime", "schema_contract", "max_table_nesting", "root_key"}
    | {*SOURCE_TABLES, "pages"}
)
# Of ours, of the warehouses, and of dlt's alerts.
_SECRET_NAMES = frozenset(
    {"password", "personal_data_key", "personal_data_old_keys", "private_key", "private_key_passphrase", "token"}
    | {"slack_incoming_hook"}
)
_VARIABLE = "SOURCES__LIINE__"


class DeclaredSettings(NamedTuple):
    """The type of each setting: arguments, secrets, and the fields of the credentials."""

    arguments: Mapping[str, Any]
    secrets: Mapping[str, Any]
    credentials: Mapping[str, Any]

    def reads(self, path: Sequence[str]) -> bool:
        """Whether anything reads `path` below `sources.liine`."""
        name, *below = path[1:] if path[0] == SECTIONS[-1] and len(path) > 1 else path
        if name == "credentials":
            return not below or (len(below) == 1 and below[0] in self.credentials)
        return name in _DLT_NAMES or (name in {**self.arguments, **self.secrets} and not below)

    def hints(self) -> dict[str, Any]:
        """Return the types by name, with a dot between section and name."""
        below = {f"credentials.{name}": hint for name, hint in self.credentials.items()}
        return {**self.arguments, **self.secrets, **below}


def check(declared: DeclaredSettings, given: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for an unknown name or a value of another type, in the arguments `given` or in dlt's
    files and the environment.
    """
    refuse_secrets_in_config()
    unknown = [*_unknown_arguments(declared, given), *_unknown_variables(declared), *_unknown_keys(declared)]
    if unknown:
        raise ConfigurationError(
            f"Unknown settings: {'; '.join(dict.fromkeys(unknown))}. {page('settings')} lists all settings; "
            "in the environment, lists and tables are JSON. Nothing was requested."
        )
    _refuse_text_of_credentials(declared)
    for name, hint in declared.hints().items():
        path, kind = name.split("."), kind_of(hint)
        if kind not in FORMS:
            continue
        value = _argument(given, path)
        if value is None and (place := _find_wrong_type(path, kind)):
            raise ConfigurationError(f"{name} must be {FORMS[kind]}; see {place}. Nothing was requested.")
        if value is not None and not _fits(kind, value):
            raise ConfigurationError(f"{name} must be {FORMS[kind]}.")


def refuse_secrets_in_config() -> None:
    """Raise ConfigurationError for a password, key or address of a warehouse in config.toml: many may read that file.

    dlt itself reads no secrets there, and would go on without some of them.
    """
    for pipeline, provider in _providers():
        if provider.supports_secrets:
            continue
        for path in (("sources", "liine"), ("destination",), ("runtime",)):
            *sections, name = path
            value, _ = provider.get_value(name, dict, pipeline, *sections)
            for *table, key in _secret_paths([*path], value):
                heading = f"[{'.'.join(table)}]"
                raise ConfigurationError(
                    f"{key} under {heading} in {provider.name} is a secret, which is not read there. Move it into "
                    f"secrets.toml beside that file, under {heading} too; git must not have that file. Nothing was "
                    "requested."
                )


def _secret_paths(path: list[str], value: Any) -> Iterator[list[str]]:
    for name, below in value.items() if isinstance(value, dict) else ():
        if name in _SECRET_NAMES or (name == "credentials" and path[0] == "destination" and isinstance(below, str)):
            yield [*path, name]
        else:
            yield from _secret_paths([*path, name], below)


def _refuse_text_of_credentials(declared: DeclaredSettings) -> None:
    """Raise ConfigurationError for credentials in one text, which dlt reads no user name from."""
    for pipeline, provider in _providers():
        for depth in range(len(SECTIONS), len(SECTIONS) - 2, -1):
            value, key = provider.get_value("credentials", str, pipeline, *SECTIONS[:depth])
            if isinstance(value, str):
                names = ", ".join(f"{_VARIABLE}CREDENTIALS__{name.upper()}" for name in declared.credentials)
                raise ConfigurationError(
                    f"credentials must be a table; see {key}. In the environment each has a variable: {names}. Nothing "
                    "was requested."
                )


def _argument(given: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = given
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _unknown_arguments(declared: DeclaredSettings, given: Mapping[str, Any]) -> Iterator[str]:
    for name in given:
        if name in declared.secrets:
            yield f"{name} as an argument (a secret: set it in .dlt/secrets.toml)"
        elif name not in declared.arguments:
            yield name + did_you_mean(name, declared.arguments)
    credentials = given.get("credentials")
    for name in credentials if isinstance(credentials, dict) else ():
        if name not in declared.credentials:
            yield f"credentials[{name!r}]" + did_you_mean(name, declared.credentials)


def _unknown_keys(declared: DeclaredSettings) -> Iterator[str]:
    for pipeline, provider in _providers():
        sources, _ = provider.get_value("sources", dict, pipeline)
        for section, value in sources.items() if isinstance(sources, dict) else ():
            if section != "liine" and section.lower() == "liine":
                yield f"[sources.{section}] in {provider.name} (did you mean [sources.liine]?)"
            for path in _paths(value) if section == "liine" else ():
                if not declared.reads(path):
                    suggestion = did_you_mean(".".join(path).removeprefix("liine."), declared.hints())
                    table = ".".join(["sources", "liine", *path[:-1]])
                    yield f"{path[-1]} under [{table}] in {provider.name}{suggestion}"


def _paths(section: Any) -> Iterator[list[str]]:
    """Yield the path of each setting below `sources.liine`."""
    for name, value in section.items() if isinstance(section, dict) else ():
        if isinstance(value, dict) and name in {"liine", "credentials"}:
            yield from ([name, *path] for path in _paths(value))
        else:
            yield [name]


def _unknown_variables(declared: DeclaredSettings) -> Iterator[str]:
    variables = {_VARIABLE + name.replace(".", "__").upper() for name in declared.hints()}
    plain = set(map(_fold, variables))
    prefixes = {f"{pipeline}__".upper() if pipeline else "" for pipeline in _pipelines()}
    for variable in os.environ:
        for prefix in prefixes:
            name = variable.removeprefix(prefix)
            if name.startswith(_VARIABLE):
                path = name.removeprefix(_VARIABLE).lower().split("__")
                is_unknown = not (name.isupper() and declared.reads(path))
            else:
                # Only a name that differs from ours in case or underscores is certainly meant for us.
                is_unknown = _fold(name) in plain
            if is_unknown:
                yield f"{variable} in the environment" + did_you_mean(name.upper(), variables)


def _fold(name: str) -> str:
    return re.sub("_+", "_", name.upper())


def _find_wrong_type(path: Sequence[str], kind: Any) -> str:
    """Return where dlt finds a setting first, if its value there has another type; else an empty text."""
    *table, name = path
    for pipeline, provider in _providers():
        for depth in range(len(SECTIONS), -1, -1):
            value, key = provider.get_value(name, str, pipeline, *SECTIONS[:depth], *table)
            if value is not None:
                fits = _has_format if isinstance(provider, EnvironProvider) else _fits
                place = provider.get_value_location(name, pipeline, *SECTIONS[:depth], *table) or "the environment"
                return "" if fits(kind, value) else f"{key} in {place}"
    return ""


def _providers() -> Iterator[tuple[str | None, ConfigProvider]]:
    """Where dlt looks, in its order. Vaults are left out, because each name would be a request."""
    providers = Container()[PluggableRunContext].providers.providers
    for pipeline in _pipelines():
        for provider in providers:
            if isinstance(provider, EnvironProvider | CustomLoaderDocProvider):
                yield pipeline, provider


def _pipelines() -> list[str | None]:
    """The sections that may precede `sources`: that of the active pipeline, or none."""
    context = Container()[PipelineContext]
    return [context.pipeline().pipeline_name, None] if context.is_active() else [None]


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value of a file or an argument has the type; a date may also be text."""
    if kind is date:
        return isinstance(value, date) or (isinstance(value, str) and _has_format(date, value))
    if kind is int:
        return type(value) is int
    if kind is list:
        return isinstance(value, Collection) and not isinstance(value, str | Mapping)
    return isinstance(value, Mapping if kind is dict else kind)


def _has_format(kind: Any, text: str) -> bool:
    """Whether text of the environment has the format of a type; dlt itself refuses bad booleans and JSON."""
    if kind is int:
        return re.fullmatch(r"-?\d+", text, re.ASCII) is not None
    try:
        return kind is not date or bool(date.fromisoformat(text))
    except ValueError:
        return False
