"""A catalogue's folder becomes values: groups.toml, hall.toml, items/, and published/ as it was approved.

One file that cannot be read never hides the others: what is wrong with it is told in `Catalogue.problems`.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from voicedesk.catalogue.model import SHARED, Basis, Catalogue, Group, Item, Kind, Part, PartText, Problem, Publication
from voicedesk.errors import InputError, reason_of
from voicedesk.plain_files import read_plain
from voicedesk.settings.environment import nearest
from voicedesk.settings.source import KeyPath, lines_of

GROUPS, HALL, ITEMS, PUBLISHED = "groups.toml", "hall.toml", "items", "published"


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _key(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _article(value: Any) -> Any:
    """16 is 第16条; a text such as "第14条第1项" stays."""
    return f"第{value}条" if isinstance(value, int) and not isinstance(value, bool) else value


T = TypeVar("T")
Read = TypeVar("Read", bound=BaseModel)
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Key = Annotated[str, BeforeValidator(_key), Field(pattern="^[1-9]$")]
Article = Annotated[str, BeforeValidator(_article)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Part(_Table):
    list: Texts = ()
    text: Texts = ()
    local: bool = False

    def value(self) -> PartText:
        return PartText(points=self.list, text=self.text, local=self.local)


class _Basis(_Table):
    law: str = Field(min_length=1)
    number: str = ""
    articles: tuple[Article, ...] = ()
    unverified: bool = False


class _Published(_Table):
    version: Annotated[str, BeforeValidator(_key)] = Field(pattern="^[1-9][0-9]*$")
    approver: str = Field(min_length=1)
    published: date
    effective: date
    expires: date
    digest: str


class _Shared(_Table):
    fee: _Part = _Part()
    refusal: _Part = _Part()
    place: _Part = _Part()
    enquiry: _Part = _Part()
    complaint: _Part = _Part()


class _Item(_Shared):
    name: str = ""
    kind: Kind = Kind.OURS
    aliases: Texts = ()
    group: Key
    key: Key
    sample: bool = False
    guide: _Part = _Part()
    materials: _Part = _Part()
    procedure: _Part = _Part()
    time_limit: _Part = _Part()
    basis: tuple[_Basis, ...] = ()
    published: _Published | None = None


class _Group(_Table):
    key: Key
    name: str = Field(min_length=1)


class _Groups(_Table):
    groups: tuple[_Group, ...]


class Unreadable(Exception):
    """A file cannot be made into values; `problems` say why. It never leaves this room."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*map(str, problems))
        self.problems = problems


Shared = Mapping[Part, PartText]


def load_catalogue(folder: Path) -> Catalogue:
    """The catalogue in a folder. Raises InputError only if there is none (groups.toml missing or wrong).

    Files of items that cannot be read are left out and told in `problems`; published versions are read on their own,
    so that what a hall approved is still told while somebody edits the item.
    """
    problems: list[Problem] = []
    try:
        groups = _read_groups(folder / GROUPS)
    except Unreadable as error:
        raise InputError("\n".join(map(str, error.problems))) from error
    halls = _gathered(problems, [folder / HALL], _read_shared) if (folder / HALL).is_file() else []
    shared = halls[0] if halls else {}
    files = sorted((folder / ITEMS).glob("*.toml"))
    items = _gathered(problems, files, lambda file: _read_draft(file, shared))
    frozen = sorted((folder / PUBLISHED).glob("*/*.toml"), key=lambda file: (file.parent.name, _order(file)))
    damage: list[Problem] = []
    versions = _gathered(damage, frozen, _read_version)
    return Catalogue(
        folder=folder,
        groups=groups,
        items=tuple(items),
        shared=shared,
        versions=tuple(versions),
        withdrawn=frozenset(one.id for one in versions) - {file.stem for file in files},
        damaged=frozenset(one.item for one in damage if one.item),
        problems=(*problems, *damage),
    )


def read_item(file: Path, *, item_id: str | None = None, shared: Shared | None = None) -> Item:
    """One item's file; `shared` parts of the hall stand in where it has none. Raises Unreadable."""
    table = _validated(_Item, file)
    own = {part: value for part in Part if (value := _part_of(table, part)) is not None}
    stands_in = shared if shared and table.kind is Kind.OURS else {}
    return Item(
        id=item_id or file.stem,
        name=table.name.strip(),
        kind=table.kind,
        aliases=table.aliases,
        group=table.group,
        key=table.key,
        parts={**stands_in, **own},
        basis=tuple(Basis(**one.model_dump()) for one in table.basis),
        sample=table.sample,
        publication=Publication(**table.published.model_dump()) if table.published else None,
        file=file,
    )


def _read_draft(file: Path, shared: Shared) -> Item:
    item = read_item(file, shared=shared)
    if item.publication is not None:
        text = "has [published], which only the files in published/ have: remove that table"
        raise Unreadable(problem_at(file, ("published",), text, item=item.id))
    return item


def _read_version(file: Path) -> Item:
    """A published version, which must be exactly what was approved."""
    item = read_item(file, item_id=file.parent.name)
    if item.publication is None or item.publication.version != file.stem:
        text = f"is no version {file.stem} that was published: remove it, or bring it back from a backup"
        raise Unreadable(Problem(file=file, item=item.id, text=text))
    if item.publication.digest != item.digest:
        text = "was changed after it was approved: bring it back from a backup, then publish a new version"
        raise Unreadable(Problem(file=file, item=item.id, text=text))
    return item


def _read_shared(file: Path) -> Shared:
    table = _validated(_Shared, file)
    return {part: value for part in SHARED if (value := _part_of(table, part)) is not None}


def _read_groups(file: Path) -> tuple[Group, ...]:
    return tuple(Group(key=one.key, name=one.name) for one in _validated(_Groups, file).groups)


def _part_of(table: BaseModel, part: Part) -> PartText | None:
    value = getattr(table, part.value, None) if part.value in table.model_fields_set else None
    return value.value() if isinstance(value, _Part) else None


def _order(file: Path) -> int:
    return int(file.stem) if file.stem.isdecimal() else 0


def problem_at(file: Path, path: KeyPath, text: str, *, item: str | None = None, is_remark: bool = False) -> Problem:
    """A problem with the line where a key stands, or the table around it; without one the last line of the file."""
    source = read_plain(file).decode("utf-8-sig").replace("\r\n", "\n")
    lines = lines_of(source)
    near = (lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines)
    line = next(near, source.rstrip("\n").count("\n") + 1)
    part = next((one for one in Part if path and one.value == path[0]), None)
    return Problem(file=file, line=line, item=item, part=part, text=text, is_remark=is_remark)


def _gathered(problems: list[Problem], files: Iterable[Path], read: Callable[[Path], T]) -> list[T]:
    """What could be read; what could not goes to the problems."""
    found = []
    for file in files:
        try:
            found.append(read(file))
        except Unreadable as error:
            problems.extend(replace(one, item=one.item or _item_of(file)) for one in error.problems)
    return found


def _item_of(file: Path) -> str | None:
    """The item that a file is about."""
    if file.parent.name == ITEMS:
        return file.stem
    return file.parent.name if file.parent.parent.name == PUBLISHED else None


def _validated(table: type[Read], file: Path) -> Read:
    try:
        text = read_plain(file).decode("utf-8-sig").replace("\r\n", "\n")
        return table.model_validate(tomllib.loads(text))
    except OSError as error:
        raise Unreadable(
            Problem(file=file, text=f"cannot be read ({reason_of(error)}): correct its name or its owner")
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Unreadable(Problem(file=file, line=line, text="is not UTF-8: save the file as UTF-8")) from error
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(_not_toml(file, text, str(error))) from error
    except ValidationError as error:
        raise Unreadable(*(_explained(table, file, found) for found in error.errors())) from error
    except (ValueError, RecursionError) as error:
        text = "holds a value nested without end, or a number without measure: remove it"
        raise Unreadable(Problem(file=file, text=text)) from error


def _not_toml(file: Path, text: str, message: str) -> Problem:
    found = re.search(r"at line (\d+)", message)
    what = message.partition(" (at ")[0]
    cure = "texts stand in quotes, lists in [ ]; correct this line"
    return Problem(
        file=file, line=int(found[1]) if found else text.count("\n") + 1, text=f"is not TOML ({what}): {cure}"
    )


def _explained(table: type[BaseModel], file: Path, found: Any) -> Problem:
    """What pydantic found wrong, in the words of somebody who edits the file."""
    path, message = found["loc"], found["msg"]
    key = str(path[-1])
    match found["type"]:
        case "extra_forbidden":
            inner = _TABLES.get(str(path[0]), _Part) if len(path) > 1 else table
            text = f"there is no such key: {key}: {nearest(key, list(inner.model_fields))}"
        case "missing":
            text = f"{key} is missing: add {key} = …"
        case "string_pattern_mismatch":
            text = f"{key} must be a digit from 1 to 9, a version a number from 1: correct it"
        case _:
            where = ".".join(one for one in path if isinstance(one, str))
            reason = f"{message[0].lower()}{message[1:]}".removeprefix("value error, ")
            text = f"{where}: {reason}: {_CORRECT}"
    return problem_at(file, path, text)


_CORRECT = "correct the value"
_TABLES: Mapping[str, type[BaseModel]] = {"basis": _Basis, "groups": _Group, "published": _Published}
