"""A hall approves an item: what is written becomes a version in `published/`, which never changes again (S5).

Callers hear published versions only. What a ledger row names can be read as long as the folder is kept.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from voicedesk.catalogue.check import called, check_item, collisions, hall_problems
from voicedesk.catalogue.load import HALL, PUBLISHED, problem_at, read_item
from voicedesk.catalogue.model import Catalogue, Item, Kind, Part, Problem, Publication
from voicedesk.errors import InputError, reason_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approves, and from when until when callers are told; both days are included."""

    approver: str
    effective: date
    expires: date


def publish(
    catalogue: Catalogue, item_ids: Iterable[str], approval: Approval, *, today: date, as_is: bool = False
) -> tuple[Item, ...]:
    """Freezes items as their next versions and returns these; all of them or, with InputError, none.

    `as_is`: also parts that are still marked as depending on the city.
    """
    _refuse_dates(approval, today)
    items = [written_item(catalogue, item_id) for item_id in dict.fromkeys(item_ids)]
    chosen = {item.id for item in items}
    others = [one for one in catalogue.spoken_on(approval.effective) if one.id not in chosen]
    wrong = [*_wrong(catalogue, items, others), *([] if as_is else _local(catalogue, items))]
    if wrong:
        raise InputError("\n".join([*dict.fromkeys(map(str, wrong)), "nothing was published"]))
    return tuple(_freeze(catalogue, item, approval, today) for item in items)


def _wrong(catalogue: Catalogue, items: Iterable[Item], others: Iterable[Item]) -> Iterator[Problem]:
    """What keeps items from being published: their own problems, the hall's parts', and with what callers hear then."""
    chosen = {item.id for item in items}
    found = [*catalogue.problems, *collisions((*others, *items)), *hall_problems(catalogue)]
    for item in items:
        found += check_item(catalogue, item)
    yield from (one for one in found if not one.is_remark and (one.item in chosen or one.file.name == HALL))


def _local(catalogue: Catalogue, items: Iterable[Item]) -> Iterator[Problem]:
    for item in items:
        for part in Part:
            if part in item.parts and item.parts[part].local:
                is_shared = item.parts[part] == catalogue.shared.get(part)
                file = catalogue.folder / HALL if is_shared else item.file
                text = (
                    f"{called(part)} depends on the city: write your hall's own and remove local = true, "
                    "or publish --as-is"
                )
                yield problem_at(file, (part, "local"), text, item=item.id)


def _freeze(catalogue: Catalogue, item: Item, approval: Approval, today: date) -> Item:
    last = next(reversed(catalogue.versions_of(item.id)), None)
    stamp = Publication(
        version=str(int(last.version) + 1 if last else 1),
        approver=approval.approver.strip(),
        published=today,
        effective=approval.effective,
        expires=approval.expires,
        digest=item.digest,
    )
    file = catalogue.folder / PUBLISHED / item.id / f"{stamp.version}.toml"
    _write(file, as_toml(item, stamp))
    return read_item(file, item_id=item.id)


def written_item(catalogue: Catalogue, item_id: str) -> Item:
    """The item as it is written now. Raises InputError with the ids there are."""
    item = catalogue.item(item_id)
    if item is None:
        unreadable = [str(one) for one in catalogue.problems if one.item == item_id]
        ids = ", ".join(one.id for one in catalogue.items)
        none = "the catalogue has no item yet: voicedesk catalogue init makes one of samples in a new folder"
        known = f"there is no item {item_id!r}: known are {ids}" if ids else none
        raise InputError("\n".join(unreadable) or known)
    return item


def as_toml(item: Item, stamp: Publication) -> str:
    """The whole item as the text of a file: with its own parts and the hall's, and with its publication."""
    return "\n".join([*_head(item), *_parts(item), *_basis(item), *_stamp(stamp), ""])


def _head(item: Item) -> Iterator[str]:
    yield f"name = {_text(item.name)}"
    yield from [f"kind = {_text(item.kind)}"] if item.kind is not Kind.OURS else []
    yield f"aliases = {_text(item.aliases)}"
    yield f"group = {_text(item.group)}"
    yield f"key = {_text(item.key)}"


def _parts(item: Item) -> Iterator[str]:
    for part in (one for one in Part if one in item.parts):
        value = item.parts[part]
        yield f"\n[{part}]"
        yield from [f"list = {_text(value.points)}"] if value.points else []
        yield from [f"text = {_text(value.text)}"] if value.text else []
        yield from ["local = true"] if value.local else []


def _basis(item: Item) -> Iterator[str]:
    for basis in item.basis:
        yield f"\n[[basis]]\nlaw = {_text(basis.law)}"
        yield from [f"number = {_text(basis.number)}"] if basis.number else []
        yield from [f"articles = {_text(basis.articles)}"] if basis.articles else []
        yield from ["unverified = true"] if basis.unverified else []


def _stamp(stamp: Publication) -> Iterator[str]:
    yield f"\n[published]\nversion = {_text(stamp.version)}\napprover = {_text(stamp.approver)}"
    yield f"published = {stamp.published}\neffective = {stamp.effective}\nexpires = {stamp.expires}"
    yield f"digest = {_text(stamp.digest)}"


def _text(value: str | tuple[str, ...]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse_dates(approval: Approval, today: date) -> None:
    if not approval.approver.strip() or not approval.approver.isprintable():
        raise InputError("an approver's name is one line of printable text: say who approves with --approver")
    if approval.effective < today:
        raise InputError(f"it cannot begin on {approval.effective}, in the past: callers were not told it then")
    if approval.expires < approval.effective:
        raise InputError(f"it would expire on {approval.expires}, before it begins: correct --expires")


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and never over another version."""
    if file.exists():
        raise InputError(f"{file} is there already: somebody else published just now, look and try again")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.link(unfinished, file)  # unlike a rename it refuses where another has just come to be
    except OSError as error:
        raise InputError(f"{file} cannot be written: {reason_of(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
