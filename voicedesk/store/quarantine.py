"""What did not fit and was set aside: the one event, call, row or file, with the bytes that caused it, to be looked at.

waiting ──retry──► retried
   │  ▲               │
   │  └─seen again────┤
   └──drop──► dropped ┘

The same trouble again is counted in its own row, so that a fault which repeats fills no disk.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.bounds import clean_text
from voicedesk.clock import LAST_INSTANT_US
from voicedesk.errors import InputError
from voicedesk.number_masking import beginning
from voicedesk.store.engine import Database
from voicedesk.store.tables import quarantine

CONTENT_BYTES = 64 * 1024
MOST_ROWS = 10_000
_TEXT_CHARACTERS = 500


class Part(StrEnum):
    """Of what kind the thing is that was set aside."""

    EVENT = "event"
    CALL = "call"
    ROW = "row"
    RECORDING = "recording"
    REQUEST = "request"
    CALLER = "caller"
    DELIVERY = "delivery"
    LOG_LINE = "log_line"
    SETTINGS = "settings"
    TASK = "task"


class SetAsideState(StrEnum):
    """What became of it: nobody decided yet, somebody had it tried again, or somebody let it go."""

    WAITING = "waiting"
    RETRIED = "retried"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One thing that was set aside: `about` says which it is, `reason` why it did not fit, `content` holds its bytes.

    It was seen last at `at_us`, and `seen` times in all; `pbx` is empty if it belongs to no PBX.
    """

    id: str
    at_us: int
    part: Part
    pbx: str
    about: str
    reason: str
    content: bytes
    seen: int = 1
    state: SetAsideState = SetAsideState.WAITING


def set_aside(part: Part, *, at_us: int, about: str, reason: str, content: bytes = b"", pbx: str = "") -> SetAside:
    """One thing as it can be kept, whatever is in it: texts and content are cut to a length, and hold nothing that a
    database refuses. The same part, PBX, `about` and `reason` have the same id."""
    pbx, about, reason = (beginning(clean_text(text), _TEXT_CHARACTERS) for text in (pbx, about, reason))
    digest = blake2b("\0".join((part, pbx, about, reason)).encode(), digest_size=8).hexdigest()
    return SetAside(id=digest, at_us=at_us, part=part, pbx=pbx, about=about, reason=reason, content=_beginning(content))


def _beginning(content: bytes) -> bytes:
    """So much of a content as is kept; it does not end within a number."""
    return content if len(content) <= CONTENT_BYTES else content[:CONTENT_BYTES].rstrip(b"+0123456789 .-")


class Quarantine:
    """Queries over what was set aside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, items: Iterable[SetAside]) -> None:
        """Keeps these. What is there already is counted once more, gets the newest content, and waits again."""
        async with self._database.write() as connection:
            await add_to_quarantine(connection, items)

    async def list(
        self,
        *,
        part: Part | None = None,
        state: SetAsideState | None = None,
        limit: int = 100,
        after: tuple[int, str] | None = None,
    ) -> list[SetAside]:
        """The newest first; `after` is the (at_us, id) of the last one seen, for the next page."""
        table = quarantine.c
        query = select(quarantine).order_by(table.at_us.desc(), table.id.desc()).limit(limit)
        query = query.where(table.part == part) if part is not None else query
        query = query.where(table.state == state) if state is not None else query
        query = query.where(tuple_(table.at_us, table.id) < after) if after else query
        async with self._database.read() as connection:
            return [_item(row) for row in await connection.execute(query)]  # a damaged one is shown as far as it goes

    async def count(self, *, part: Part | None = None, state: SetAsideState | None = None) -> int:
        """How many there are."""
        query = select(func.count()).select_from(quarantine)
        query = query.where(quarantine.c.part == part) if part is not None else query
        query = query.where(quarantine.c.state == state) if state is not None else query
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def get(self, item_id: str) -> SetAside | None:
        """The thing with this id, or with the only id that begins so; None if there is none.

        Raises InputError where more than one begins so.
        """
        query = select(quarantine).where(quarantine.c.id.startswith(item_id, autoescape=True)).limit(2)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        if len(rows) > 1:
            raise InputError(f"more than one thing set aside begins with {item_id!r}: give more of its id")
        return _item(rows[0]) if rows else None

    async def set_state(self, item_id: str, state: SetAsideState) -> bool:
        """Notes what became of it; False if nothing has this whole id."""
        query = update(quarantine).where(quarantine.c.id == item_id).values(state=state)
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount > 0

    async def waiting(self) -> dict[Part, int]:
        """How many wait for a decision, by part; a part without any is left out."""
        query = select(quarantine.c.part, func.count()).where(quarantine.c.state == SetAsideState.WAITING)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.group_by(quarantine.c.part))).all()
        counts: Counter[Part] = Counter()
        for part, count in rows:
            counts[_part(part)] += count
        return dict(counts)

    async def delete(self, ids: Sequence[str]) -> int:
        """Removes these for good; how many there were."""
        query = delete(quarantine).where(quarantine.c.id.in_(list(ids)))
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount


async def add_to_quarantine(connection: AsyncConnection, items: Iterable[SetAside]) -> None:
    """Keeps these within a transaction; beyond MOST_ROWS the oldest go."""
    merged: dict[str, SetAside] = {}
    for item in items:
        seen = merged[item.id].seen if item.id in merged else 0
        merged[item.id] = replace(item, seen=seen + item.seen)
    if not merged:
        return
    await connection.execute(_count_up(connection), [_row(item) for item in merged.values()])
    count = (await connection.execute(select(func.count()).select_from(quarantine))).scalar_one()
    if count > MOST_ROWS:
        oldest = select(quarantine.c.id).order_by(quarantine.c.at_us, quarantine.c.id).limit(count - MOST_ROWS)
        await connection.execute(delete(quarantine).where(quarantine.c.id.in_(oldest)))


async def prune_quarantine(connection: AsyncConnection, before: int) -> int:
    """Deletes what was seen last before an instant, in any state; how many went."""
    return (await connection.execute(delete(quarantine).where(quarantine.c.at_us < before))).rowcount


def _count_up(connection: AsyncConnection) -> Any:
    statement: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(quarantine)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "seen": quarantine.c.seen + new.seen,
            "at_us": new.at_us,
            "content": new.content,
            "state": new.state,
        },
    )


def _row(item: SetAside) -> dict[str, Any]:
    return {name: getattr(item, name) for name in SetAside.__slots__}


def _item(row: Row[Any]) -> SetAside:
    """A row can be shown also if another version, or a fault, wrote it."""
    content = row.content if isinstance(row.content, bytes) else str(row.content).encode("utf-8", "backslashreplace")
    return SetAside(
        id=_text(row.id),
        at_us=_instant(row.at_us),
        part=_part(row.part),
        pbx=_text(row.pbx),
        about=_text(row.about),
        reason=_text(row.reason),
        content=content,
        seen=row.seen if isinstance(row.seen, int) else 1,
        state=SetAsideState(row.state) if row.state in set(SetAsideState) else SetAsideState.WAITING,
    )


def _part(value: Any) -> Part:
    """A part that this version does not know is a row that does not fit."""
    return Part(value) if value in set(Part) else Part.ROW


def _instant(value: object) -> int:
    """The nearest instant in the order of the database, so that a page that ends with a damaged row is not the last."""
    if isinstance(value, int):
        return min(max(value, 0), LAST_INSTANT_US - 1)
    return 0 if value is None else LAST_INSTANT_US - 1  # SQLite sorts whatever is no number behind all numbers


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
