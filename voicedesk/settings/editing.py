"""Changes the text of a settings file as a person would: keys set, tables added or taken out, all else as it was. Pure.

What comes out is read again and compared with what was meant. A file in a form that this does not know (tables within
one line, dotted keys) is refused and never spoilt.
"""

import copy
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voicedesk.errors import SettingsError
from voicedesk.settings.source import Statement, statements

Keys = Mapping[str, Any]
"""The keys of a table with their values; None: the key is taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKeys:
    """Keys of a table that is there: of the one of its name, or, with `index`, of one among several."""

    table: str
    keys: Keys
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTable:
    """One more table behind those of its name."""

    table: str
    keys: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable:
    """One of several tables goes, with the remarks that stand at it."""

    table: str
    index: int


Edit = SetKeys | AddTable | DropTable


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text after these edits, one after another. Raises SettingsError where it is written in another form."""
    for edit in edits:
        meant = _meant(_read(text), edit)
        try:
            text = _written(text, edit)
            is_right = _read(text) == meant
        except (SettingsError, LookupError):
            is_right = False
        if not is_right:
            raise SettingsError(
                f"[{edit.table}] is written in a form that only a person can change: write it as in docs/settings.md"
            )
    return text


def toml_value(value: Any) -> str:
    """A value as a settings file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"the settings are not TOML: {error}") from error


def _meant(data: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """What the text must say afterwards."""
    data = copy.deepcopy(data)
    match edit:
        case AddTable():
            data.setdefault(edit.table, []).append(_without_none(edit.keys))
        case DropTable():
            del data[edit.table][edit.index]
            if not data[edit.table]:
                del data[edit.table]
        case SetKeys():
            table = data.setdefault(edit.table, {}) if edit.index is None else data[edit.table][edit.index]
            table.update(_without_none(edit.keys))
            for key, value in edit.keys.items():
                if value is None:
                    table.pop(key, None)
    made: dict[str, Any] = json_like(data)
    return made


def json_like(value: Any) -> Any:
    """Lists for tuples, so that what was meant compares with what is read."""
    if isinstance(value, dict):
        return {key: json_like(one) for key, one in value.items()}
    return [json_like(one) for one in value] if isinstance(value, list | tuple) else value


def _without_none(keys: Keys) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


def _written(text: str, edit: Edit) -> str:
    rows, found = text.rstrip("\n").split("\n"), list(statements(text.rstrip("\n")))
    blocks = _blocks(found, edit.table)
    match edit:
        case AddTable():
            block = [f"[[{edit.table}]]", *_lines(edit.keys)]
            at = _end_with_remarks(rows, _last_of(blocks[-1])) if blocks else len(rows)
            rows[at:at] = ["", *block] if any(row.strip() for row in rows[:at]) else block
        case DropTable():
            block_of = blocks[edit.index]
            begin, end = _begin_with_remarks(rows, block_of[0].begin), _end_with_remarks(rows, _last_of(block_of))
            if end < len(rows) and not rows[end].strip():
                end += 1
            del rows[begin:end]
        case SetKeys(index=None) if not blocks:
            rows += ["", f"[{edit.table}]", *_lines(edit.keys)]
        case SetKeys():
            _set(rows, blocks[edit.index or 0], edit.keys)
    return "\n".join(rows).strip("\n") + "\n"


def _blocks(found: Sequence[Statement], table: str) -> list[list[Statement]]:
    """The statements of each table of a name, its header first."""
    blocks: list[list[Statement]] = []
    inside = False
    for one in found:
        if one.is_header:
            inside = list(one.says) == [table] and one.says[table] in ({}, [{}])
            if inside:
                blocks.append([])
        if inside:
            blocks[-1].append(one)
    return blocks


def _last_of(block: Sequence[Statement]) -> int:
    """The line behind the last key of a table: what comes then are remarks."""
    return max(one.end for one in block if one.says)


def _is_remark(row: str) -> bool:
    return row.lstrip().startswith("#")


def _end_with_remarks(rows: Sequence[str], end: int) -> int:
    while end < len(rows) and _is_remark(rows[end]):
        end += 1
    return end


def _begin_with_remarks(rows: Sequence[str], begin: int) -> int:
    while begin > 0 and _is_remark(rows[begin - 1]):
        begin -= 1
    return begin


def _lines(keys: Keys) -> list[str]:
    return [f"{key} = {toml_value(value)}" for key, value in keys.items() if value is not None]


def _set(rows: list[str], block: Sequence[Statement], keys: Keys) -> None:
    """Sets keys in place, from below so that the lines above keep their numbers; new ones stand behind the last."""
    there = {next(iter(one.says)): one for one in block[1:] if one.says}
    end = _last_of(block)
    rows[end:end] = _lines({key: value for key, value in keys.items() if key not in there})
    for key, one in sorted(there.items(), key=lambda item: -item[1].begin):
        if key not in keys or one.says == {key: json_like(keys[key])}:
            continue
        value = keys[key]
        rows[one.begin : one.end] = [] if value is None else [f"{key} = {toml_value(value)}{_remark_of(one)}"]


def _remark_of(one: Statement) -> str:
    """What stands behind a value on its line, with the blanks before it."""
    if len(one.rows) > 1:
        return ""
    row = one.rows[0]
    for at, sign in enumerate(row):
        if sign == "#":
            try:
                if tomllib.loads(row[:at]) == one.says:
                    return row[len(row[:at].rstrip()) :]
            except ValueError:
                continue
    return ""
