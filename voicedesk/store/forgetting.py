"""Removes one person's number from every row of every table, also from packed columns.

Only special tables and columns are named here: a table that is added later is searched as well, without a change. It is
done a few hundred rows at a time, so that the service goes on meanwhile.
"""

import base64
import json
import re
import secrets
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, Table, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import CallFacts
from voicedesk.errors import StoreError
from voicedesk.phone_traces import PhoneTraces
from voicedesk.store.batch import pack_batch, unpack_batch
from voicedesk.store.deliveries import forget_in_deliveries
from voicedesk.store.engine import Database
from voicedesk.store.packing import (
    pack_events,
    pack_facts,
    pack_facts_text,
    packed_text,
    partly_unpacked,
    unpack_events,
    unpack_facts,
)
from voicedesk.store.quarantine import SetAside
from voicedesk.store.tables import (
    WITHOUT_NUMBERS,
    calls,
    greetings,
    journal,
    legs,
    metadata,
    quarantine,
    requests,
    tickets,
)
from voicedesk.store.tickets import FORGOTTEN, forget_in_tickets

_STEP = 500
_NUMBERS = frozenset({"caller_number", "sms_to", "call_back_number", "number"})
"""Columns and fields that hold one number and nothing else."""
_IDS = ("id", "ids", "code", "source", "uniqueid", "linkedid", "linkedids", "recording")
_TIMES = ("_at", "_us", "_ms", "_seconds", "seconds", "until", "sequence", "version", "port")
_UNTOUCHED = frozenset({b"Event", b"Timestamp", b"Arrived", b"Doubtful", b"Privilege"})
_ID_HEADERS = (b"Uniqueid", b"Linkedid", b"UniqueID", b"LinkedID", b"BridgeId", b"ActionID")
_NUMBER_HEADERS = frozenset({b"CallerIDNum", b"ConnectedLineNum", b"Number", b"DialString", b"Exten", b"Forward"})
_LONG = (calls, journal, legs)
_END = b"\r\n"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """In how many rows a number was removed; `elsewhere` are rows of the other tables."""

    calls: int
    journal: int
    consultations: int
    tickets: int
    news: int
    requests: int
    elsewhere: int
    not_looked_into: tuple[str, ...] = ()
    """Files beside the database that nobody can read, and that may hold it."""


@dataclass(slots=True)
class _Changed:
    rows: dict[str, int] = field(default_factory=dict)

    def count(self, table: str, rows: int = 1) -> None:
        self.rows[table] = self.rows.get(table, 0) + rows


async def forget_number(database: Database, traces: PhoneTraces, at: int, *, is_again: bool = False) -> Forgotten:
    """Removes a number from all that is stored; figures stay. A ticket of theirs that is open is closed at `at`.

    `is_again`: not from calls and journal, which were done a moment ago.

    Raises StoreError where the database refuses; what was removed until then stays removed, and it may be done again.
    """
    changed = _Changed()
    async with database.write() as connection:
        changed.count("tickets", await forget_in_tickets(connection, traces, at))
        changed.count("deliveries", await forget_in_deliveries(connection, traces.spelled()))
    for table in metadata.sorted_tables:
        if table not in WITHOUT_NUMBERS and not (is_again and table in _LONG):
            await _clean_table(database, table, traces, at, changed)
    await database.scrub()
    rows = changed.rows
    named = ("calls", "journal", "consultations", "tickets", "deliveries", "requests")
    return Forgotten(
        calls=rows.get("calls", 0),
        journal=rows.get("journal", 0),
        consultations=rows.get("consultations", 0),
        tickets=rows.get("tickets", 0),
        news=rows.get("deliveries", 0),
        requests=rows.get("requests", 0),
        elsewhere=sum(count for name, count in rows.items() if name not in named),
    )


def forget_in_event(raw: bytes, traces: PhoneTraces) -> bytes:
    """An event in wire form without the number, whichever header holds it; times stay."""
    text = raw.decode("utf-8", "surrogateescape")
    if traces.is_short:
        if not any(header in raw for header in _NUMBER_HEADERS):
            return raw
    elif not traces.is_in(text):
        return raw
    return _END.join(_clean_line(line, traces) for line in raw.split(_END))


def forget_in_plain(value: Any, traces: PhoneTraces, name: str = "") -> Any:
    """The same for plain values as JSON has them; `name` is the field's."""
    if isinstance(value, str):
        if name in _NUMBERS:
            return None if traces.is_it(value) else traces.text(value)
        return traces.name(value) if name.lower().endswith(_IDS) else traces.text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        is_number = not traces.is_short and not name.endswith(_TIMES) and str(value) in traces.spelled()
        return None if is_number else value
    if isinstance(value, list):
        return [forget_in_plain(one, traces, name) for one in value]
    if isinstance(value, dict):
        return {traces.text(str(key)): forget_in_plain(one, traces, str(key)) for key, one in value.items()}
    return value


def forget_in_facts(facts: CallFacts, traces: PhoneTraces) -> CallFacts:
    """The facts of a call without the number."""
    packed = pack_facts(facts)
    cleaned = _repacked(packed, packed_text, pack_facts_text, traces)
    return facts if cleaned == packed else unpack_facts(cleaned)


def forget_in_record(payload: bytes, traces: PhoneTraces) -> bytes:
    """A record of the spill file without the number."""
    batch = unpack_batch(payload)
    reduced = [forget_in_event(event, traces) for event in batch.reduced]
    calls = [replace(call, facts=forget_in_facts(call.facts, traces)) for call in batch.calls.values()]
    merged = [(traces.name(gone), traces.name(kept)) for gone, kept in batch.merged]
    aside = [_forget_in_aside(item, traces) for item in batch.aside]
    before = (batch.reduced, [call.facts for call in batch.calls.values()], batch.merged, batch.aside)
    if (reduced, [call.facts for call in calls], merged, aside) == before:
        return payload
    kept = {one.facts.id: one for one in calls}
    return pack_batch(replace(batch, reduced=reduced, calls=kept, merged=merged, aside=aside))


def _forget_in_aside(item: SetAside, traces: PhoneTraces) -> SetAside:
    about, reason = traces.text(item.about), traces.text(item.reason)
    return replace(item, about=about, reason=reason, content=traces.bytes(item.content))


def forget_in_damaged(data: bytes, traces: PhoneTraces) -> bytes:
    """Damaged bytes without the number: it is cut out of them, or all of them are dropped if it is packed inside."""
    cleaned = traces.bytes(data)
    found = partly_unpacked(cleaned)
    for coded in _BASE64.findall(found):  # a record of the spill file has its calls so
        with suppress(ValueError):
            found += b" " + partly_unpacked(base64.b64decode(coded))
    if traces.is_in(found.decode("utf-8", "surrogateescape")):
        traces.found += 1
        return b""
    return cleaned


def _clean_line(line: bytes, traces: PhoneTraces) -> bytes:
    key, colon, value = line.partition(b":")
    if not colon or key in _UNTOUCHED:
        return line
    text = value.decode("utf-8", "surrogateescape")
    if key.endswith(_ID_HEADERS):
        cleaned = traces.name(text)
    elif traces.is_short:
        cleaned = traces.short(text) if key in _NUMBER_HEADERS else text
    else:
        cleaned = traces.text(text.strip())
        cleaned = text if cleaned == text.strip() else f" {cleaned}"
    return line if cleaned == text else key + colon + cleaned.encode("utf-8", "surrogateescape")


async def _clean_table(database: Database, table: Table, traces: PhoneTraces, at: int, changed: _Changed) -> None:
    key = tuple_(*table.primary_key)
    last: tuple[Any, ...] | None = None
    while True:
        async with database.write() as connection:
            query = select(table).order_by(*table.primary_key).limit(_STEP)
            rows = (await connection.execute(query.where(key > last) if last is not None else query)).all()
            for row in rows:
                if await _clean_row(connection, table, row, traces, at):
                    changed.count(table.name)
        if len(rows) < _STEP:
            return
        last = tuple(rows[-1]._mapping[column.name] for column in table.primary_key)


async def _clean_row(connection: AsyncConnection, table: Table, row: Row[Any], traces: PhoneTraces, at: int) -> bool:
    if table is quarantine:
        return await _empty_if_it_holds(connection, row, traces)
    values = {}
    for column in table.columns:
        before = row._mapping[column.name]
        after = _cleaned(table, column.name, before, traces, is_key=column.primary_key)
        if after != before:
            values[column.name] = after
    if not values:
        return False
    if table is tickets:
        values["version"] = row.version + 1
    if table is greetings and "recording" in values:
        values["recording"] = None
    if table is requests:
        values |= _emptied(row, at)
    here = [column == row._mapping[column.name] for column in table.primary_key]
    await connection.execute(update(table).where(*here).values(values))
    return True


async def _empty_if_it_holds(connection: AsyncConnection, row: Row[Any], traces: PhoneTraces) -> bool:
    """Something in the quarantine that holds the number keeps only that it was there, and when."""
    texts = [_as_text(one) for one in (row.about, row.reason, row.content)]
    clean = traces.short if traces.is_short else traces.text
    if all(clean(text) == text for text in texts):
        return False
    values = {"id": secrets.token_hex(8), "about": "", "reason": "", "content": b""}
    await connection.execute(update(quarantine).where(quarantine.c.id == row.id).values(values))
    return True


def _as_text(value: object) -> str:
    """SQLite keeps anything in any column."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _emptied(row: Row[Any], at: int) -> dict[str, Any]:
    """A request that held the number keeps nothing of what was asked: name and matter stood beside it."""
    ended = {"state": "failed", "outcome": FORGOTTEN, "finished_at": at} if row.state == "queued" else {}
    return {"payload": "{}", **ended}


def _cleaned(table: Table, name: str, value: Any, traces: PhoneTraces, *, is_key: bool) -> Any:
    if isinstance(value, bytes):
        return _cleaned_bytes(table, name, value, traces)
    if not isinstance(value, str):
        return value
    if name in _NUMBERS:
        return None if traces.is_it(value) else traces.text(value)
    if is_key or name.endswith(_IDS):
        return traces.name(value)
    return _cleaned_json(value, traces) if value[:1] in "{[" else traces.text(value)


def _cleaned_json(text: str, traces: PhoneTraces) -> str:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        return traces.text(text)
    cleaned = forget_in_plain(plain, traces)
    return text if cleaned == plain else json.dumps(cleaned, ensure_ascii=False)


def _cleaned_bytes(table: Table, name: str, value: bytes, traces: PhoneTraces) -> bytes:
    if table is journal:
        try:
            events = unpack_events(value)
        except StoreError:
            return forget_in_damaged(value, traces)
        cleaned = [forget_in_event(event, traces) for event in events]
        return value if cleaned == events else pack_events(cleaned)
    if name == "facts":
        return _repacked(value, packed_text, pack_facts_text, traces)
    return _repacked(value, _unzipped, _zipped, traces)


def _unzipped(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def _zipped(text: str) -> bytes:
    return zlib.compress(text.encode())


def _repacked(value: bytes, unpack: Callable[[bytes], str], pack: Callable[[str], bytes], traces: PhoneTraces) -> bytes:
    """What cannot be unpacked is looked through as it is: bytes that were set aside, or are damaged."""
    try:
        plain = json.loads(unpack(value))
    except (StoreError, zlib.error, ValueError, RecursionError):
        return forget_in_damaged(value, traces)
    cleaned = forget_in_plain(plain, traces)
    return value if cleaned == plain else pack(json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")))
