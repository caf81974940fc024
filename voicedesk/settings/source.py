"""Where settings come from: the file, with the line of every key, and the environment laid over it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicedesk.errors import SettingsError, reason_of
from voicedesk.plain_files import read_plain

PREFIX = "VOICEDESK_"
FILE_VARIABLE = "VOICEDESK_CONFIG"
FILE_NAME = "voicedesk.toml"
SYSTEM_FILE = Path("/etc/voicedesk") / FILE_NAME

KeyPath = tuple[str | int, ...]
"""Where a value stands: ("lines", 1, "limit_seconds")."""


@dataclass(kw_only=True)
class Source:
    """What was written, before it is checked; `places` tells of each key where it was written."""

    file: Path | None
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder that relative paths are taken from."""
        return self.file.parent if self.file else Path.cwd()

    def place_of(self, path: KeyPath) -> str:
        """Where a key, or the nearest table around it, was written; the file if nowhere."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return str(self.file) if self.file else "the environment"


def find_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file: as told, as VOICEDESK_CONFIG tells, in this folder, or in /etc; None if there is none."""
    told = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if told is not None:
        return told
    return next((file for file in (Path(FILE_NAME), SYSTEM_FILE) if file.is_file()), None)


def read_file(file: Path) -> Source:
    """The file's values and lines. Raises SettingsError if it cannot be read or is not TOML."""
    return source_of(file, text_of(file))


def text_of(file: Path) -> str:
    """What a settings file says, its lines ended alike. Raises SettingsError if it cannot be read."""
    try:
        return read_plain(file).decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({reason_of(error)}): write one with: voicedesk init") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{file}, line {line}: is not UTF-8: save the file as UTF-8") from error


def source_of(file: Path, text: str) -> Source:
    """The values and lines of a text that stands, or is to stand, in a file. Raises SettingsError if it is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_not_toml(file, text, str(error))) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:  # numbers of 6,000 digits, [[[[…
        what = "it holds a value nested without end, or a number without measure"
        raise SettingsError(f"{file}: cannot be read ({type(error).__name__}): {what}: remove it") from error
    places = {path: f"{file}, line {line}" for path, line in lines_of(text).items()}
    return Source(file=file, data=data, places=places)


def _not_toml(file: Path, text: str, message: str) -> str:
    found = re.search(r"at line (\d+), column (\d+)", message)
    line = int(found[1]) if found else text.count("\n") + 1
    what = message.partition(" (at ")[0]
    is_twice = "overwrite" in what or "twice" in what
    cure = "it is there twice: remove one" if is_twice else "texts stand in quotes, lists in [ ]; correct this line"
    return f"{file}, line {line}: is not TOML ({what}): {cure}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One header, one key with its value, or one line without any of it; `begin` is its first line, from 0."""

    begin: int
    rows: tuple[str, ...]
    says: dict[str, Any]

    @property
    def end(self) -> int:
        """The line behind it."""
        return self.begin + len(self.rows)

    @property
    def is_header(self) -> bool:
        """Whether a table begins here."""
        return len(self.rows) == 1 and self.rows[0].lstrip().startswith("[")


def statements(text: str) -> Iterator[Statement]:
    """A valid TOML text, statement by statement; each line stands in one."""
    begin, rows = 0, list[str]()
    for number, row in enumerate(text.split("\n"), 1):
        rows.append(row)
        try:
            says = tomllib.loads("\n".join(rows))
        except (ValueError, RecursionError):
            continue  # a value that goes on in the next line
        yield Statement(begin, tuple(rows), says)
        begin, rows = number, []


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table and key of a valid TOML text."""
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for one in statements(text):
        if one.is_header:
            table = _table_path(one.says, counts)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], one.begin + 1)
        else:
            _note(one.says, table, one.begin + 1, found)
    return found


def _table_path(statement: dict[str, Any], counts: dict[KeyPath, int]) -> KeyPath:
    """The path that a header `[a.b]` or `[[a]]` opens; the last of a list of tables is meant where one is named."""
    path: KeyPath = ()
    value: Any = statement
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path += (key,)
        if isinstance(value, list):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path


def _note(value: Any, path: KeyPath, line: int, found: dict[KeyPath, int]) -> None:
    """Writes down the line of everything inside a statement."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found.setdefault((*path, key), line)
        _note(part, (*path, key), line, found)
