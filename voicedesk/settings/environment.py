"""Settings from the environment: VOICEDESK_LOG__LEVEL is [log] level, VOICEDESK_PBX__0__HOST the first [[pbx]]'s host.

A variable without a double underscore is none of ours (a container platform sets such), unless it is a near miss.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from voicedesk.errors import SettingsError
from voicedesk.settings.model import Settings
from voicedesk.settings.source import FILE_VARIABLE, PREFIX, KeyPath, Source

_TEXTS = (str, Path, SecretStr)


def lay_over(source: Source, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Lays VOICEDESK_* over what the file says; which variables name no setting, and what to do about each."""
    wrong = []
    for variable in sorted(environ):
        try:
            path = _path_of(variable)
            if path is None:
                continue
            _put(source.data, path, _value(environ[variable], _annotation(path)))
        except SettingsError as error:
            wrong.append((variable, str(error)))
        else:
            source.places.setdefault(path[:-1], variable)  # a table that only the environment made
            source.places[path] = variable
    return wrong


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The keys a table may have, as they are written, with the type of each."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def all_keys() -> Iterator[tuple[str, str]]:
    """Every setting there is: its table and its key."""
    for table, annotation in keys_of(Settings).items():
        for key in keys_of(table_type(annotation)):
            yield table, key


def table_type(annotation: Any) -> type[BaseModel]:
    """The table that a key of the top level holds, once or in a list."""
    inner: type[BaseModel] = get_args(annotation)[0] if get_origin(annotation) is tuple else annotation
    return inner


def nearest(word: str, known: list[str]) -> str:
    """The cure for a name nobody knows: the one that was probably meant."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"


def _path_of(variable: str) -> KeyPath | None:
    if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
        return None
    name = variable.removeprefix(PREFIX).lower()
    if "__" not in name:
        for table, key in all_keys():
            if name == f"{table}_{key}":
                right = f"{PREFIX}{table.upper()}__{key.upper()}"
                raise SettingsError(f"a table and its key are parted by two underscores: write {right}")
        return None
    return tuple(int(part) if part.isdecimal() else part for part in name.split("__"))


def _annotation(path: KeyPath) -> Any:
    tables = keys_of(Settings)
    table = tables.get(str(path[0]))
    if table is None:
        raise SettingsError(f"there is no table {path[0]}: {nearest(str(path[0]), list(tables))}")
    is_list = get_origin(table) is tuple
    if len(path) != (3 if is_list else 2) or (is_list and not isinstance(path[1], int)):
        right = PREFIX + "__".join((str(path[0]).upper(), *(["0"] if is_list else []), "KEY"))
        raise SettingsError(f"write it as {right}")
    keys = keys_of(table_type(table))
    if path[-1] not in keys:
        raise SettingsError(f"[{path[0]}] has no key {path[-1]}: {nearest(str(path[-1]), list(keys))}")
    return keys[str(path[-1])]


def _value(text: str, annotation: Any) -> Any:
    """The text itself where a text is wanted; otherwise what it says in TOML; a list may be parted by commas."""
    if any(kind in _TEXTS for kind in _parts(annotation)):
        return text
    is_list = get_origin(annotation) is tuple
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):
        value = text
    if is_list and not isinstance(value, list) and _holds_texts(annotation):
        return [part.strip() for part in text.split(",") if part.strip()]
    return [value] if is_list and not isinstance(value, list | str) else value


def _holds_texts(annotation: Any) -> bool:
    return any(kind in _TEXTS for inner in get_args(annotation) for kind in _parts(inner))


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may have, without what is demanded of each."""
    if get_origin(annotation) is tuple:
        return ()
    inner = (part for one in get_args(annotation) if isinstance(one, type) or get_args(one) for part in _parts(one))
    return (annotation, *inner)


def _put(data: dict[str, Any], path: KeyPath, value: Any) -> None:
    table = data.setdefault(str(path[0]), {} if len(path) == 2 else [])
    if len(path) == 3:
        index = path[1]
        if not isinstance(table, list) or not isinstance(index, int) or index > len(table):
            raise SettingsError(f"there are no {index} [[{path[0]}]] before it: count from 0")
        if index == len(table):
            table.append({})
        table = table[index]
    if isinstance(table, dict):  # what is no table at all is refused with its own line
        table[str(path[-1])] = value
