"""To which call a recording belongs, whatever leg or channel the switch named it after; and what lies there unheard."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from voicedesk.calls.model import CallFacts, LegFacts, Role
from voicedesk.calls.registry import born_us
from voicedesk.clock import MICROSECONDS, to_datetime, to_seconds
from voicedesk.jobs.hearing.recordings import DAY_US, Foreign, FoundFile, look
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import StoredCall
from voicedesk.store.store import Store
from voicedesk.words import Words, both, comma, in_both

LONGEST_CALL_US = 6 * 3600 * MICROSECONDS
MADE_WITHIN_US = 120 * MICROSECONDS
"""So far from the second in which a channel was made it is looked for: the switch's clock need not be ours."""
GROWS_US = 60 * MICROSECONDS
"""A recording that was written to within this is still being made."""


class State(StrEnum):
    """How something in a recordings' folder stands."""

    RECORDING = "recording"
    WAITING = "waiting"
    NOT_ANSWERED = "not_answered"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One thing in a recordings' folder: what it is, of which call, and when it will be deleted (None: never)."""

    pbx: str
    file: FoundFile
    state: State
    call_id: str | None
    deleted_at: int | None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody will take it up."""
        return self.state in {State.UNKNOWN, State.NOT_ANSWERED, State.FOREIGN}


async def stored_call(store: Store, pbx: str, uniqueid: str) -> CallFacts | None:
    """The call of a channel that is no longer known, looked for around the second it was made in.

    A leg of that channel, or a call it was linked to: of a forwarded call the channel may be none of the legs. Nearly
    every recording is of a phone that rang when its channel was made; only for others the journal is asked to which
    call the channel was linked, and last every call of the hours before is looked at.
    """
    born = born_us(uniqueid)
    if born is None:
        return None
    found = _of_channel(await _made_near(store, pbx, born), uniqueid, {uniqueid})
    if found is not None:
        return found
    to_at = born + MADE_WITHIN_US
    linked = await store.journal.linkedids_of(pbx, uniqueid, from_at=born - MADE_WITHIN_US, to_at=to_at)
    for linkedid in sorted(linked):
        found = _of_channel(await _made_near(store, pbx, born_us(linkedid) or born), uniqueid, linked)
        if found is not None:
            return found
    before = [one async for one in store.calls.each(CallFilter(from_at=born - LONGEST_CALL_US, to_at=to_at))]
    return _of_channel((one for one in before if one.call.facts.pbx == pbx), uniqueid, {uniqueid, *linked})


async def _made_near(store: Store, pbx: str, born: int) -> list[StoredCall]:
    """The calls in which a channel that was made then can be."""
    return await store.calls.around(pbx, born, within_us=MADE_WITHIN_US, from_at=born - LONGEST_CALL_US)


def _of_channel(calls: Iterable[StoredCall], uniqueid: str, linkedids: set[str]) -> CallFacts | None:
    """The call of which a channel is a leg, else the last one that it was linked to."""
    linked_to: CallFacts | None = None
    for facts in (one.call.facts for one in calls):
        if any(leg.uniqueid == uniqueid for leg in facts.legs):
            return facts
        if linkedids & set(facts.linkedids):
            linked_to = facts
    return linked_to


def leg_of(call: CallFacts, uniqueid: str) -> LegFacts | None:
    """The leg that a channel's recording is of: its own if that was answered, else the phone that answered for it.

    A Local channel is no phone, and a phone that forwards does not answer: the first staff leg answered after the
    channel was made did. What is sent to a citizen who was rung back is what the staff say: theirs from that answer on.
    """
    own = next((leg for leg in call.legs if leg.uniqueid == uniqueid), None)
    staff = sorted(
        (leg for leg in call.legs if leg.role is Role.STAFF and leg.answered_at is not None),
        key=lambda leg: leg.answered_at or 0,
    )
    last = staff[-1] if staff else None
    if own is not None and own.role is Role.CITIZEN and last is not None:
        return replace(last, uniqueid=own.uniqueid, answered_at=own.answered_at, ended_at=own.ended_at)
    if own is not None and own.answered_at is not None:
        return own
    born = born_us(uniqueid) or 0
    return next((leg for leg in staff if (leg.answered_at or 0) >= born), last) or own


async def list_recordings(store: Store, settings: Settings, now: int) -> list[Listed]:
    """Everything in every switch's folder. Raises InputError if a folder cannot be read."""
    found = []
    for pbx in settings.pbx:
        if pbx.recordings is not None:
            for file in await asyncio.to_thread(look, pbx.recordings, now):
                found.append(await _listed(store, settings, pbx.name, file, now))
    return found


async def _listed(store: Store, settings: Settings, pbx: str, file: FoundFile, now: int) -> Listed:
    if file.uniqueid is None:
        return Listed(pbx=pbx, file=file, state=State.FOREIGN, call_id=None, deleted_at=None)
    call = await stored_call(store, pbx, file.uniqueid)
    leg = leg_of(call, file.uniqueid) if call else None
    state = State.WAITING
    if call is None:
        state = State.UNKNOWN
    elif leg is None or leg.answered_at is None:
        state = State.NOT_ANSWERED
    if file.changed_at > now - GROWS_US:
        state = State.RECORDING
    return Listed(
        pbx=pbx,
        file=file,
        state=state,
        call_id=call.id if call else None,
        deleted_at=file.changed_at + settings.retention.recordings_days * DAY_US,
    )


STATES: Words = {
    State.RECORDING: ("录音中", "being recorded"),
    State.WAITING: ("待识别", "waits to be heard"),
    State.NOT_ANSWERED: ("通话无接听记录", "no answer is known of its call"),
    State.UNKNOWN: ("找不到所属通话", "its call is not known"),
    State.FOREIGN: ("不是本系统的录音，不会删除", "none of ours, never deleted"),
}
FOREIGNS: Words = {
    Foreign.FOLDER: ("文件夹", "a folder"),
    Foreign.LINK: ("链接", "a link"),
    Foreign.NO_FILE: ("不是文件", "no file"),
    Foreign.OTHER_NAME: ("文件名不是通道号", "its name is no channel's"),
}


def shown_name(file: FoundFile) -> str:
    """A name as it can be printed, whatever bytes it has."""
    text = file.path.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def lines_of(listed: Iterable[Listed], zone: tzinfo, shown: Callable[[int | None, tzinfo], str]) -> Iterable[str]:
    """A line for each, for people; `shown` writes an instant."""
    for one in listed:
        what = both(STATES, one.state) + (f" ({both(FOREIGNS, one.file.foreign)})" if one.file.foreign else "")
        call = f"  {one.call_id[:10]}" if one.call_id else ""
        until = ""
        if one.deleted_at is not None:
            deleted = f"{to_datetime(one.deleted_at).astimezone(zone):%Y-%m-%d}"
            until = f"{comma()}{deleted} {in_both('删除', 'deleted')}"
        size = f"{one.file.size / 1024:.0f} KiB"
        yield f"{shown(one.file.changed_at, zone)}  {one.pbx}  {shown_name(one.file)}  {size}{call}  {what}{until}"


def as_json(one: Listed) -> dict[str, Any]:
    """One as plain values."""
    return {
        "pbx": one.pbx,
        "file": shown_name(one.file),
        "folder": str(one.file.path.parent),
        "bytes": one.file.size,
        "changed_at": to_seconds(one.file.changed_at),
        "state": one.state.value,
        "foreign": one.file.foreign.value if one.file.foreign else None,
        "uniqueid": one.file.uniqueid,
        "call_id": one.call_id,
        "deleted_at": to_seconds(one.deleted_at) if one.deleted_at is not None else None,
    }
