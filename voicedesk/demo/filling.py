"""Puts the days before into the database the way every call takes: events, call log, rule, writer.

Recordings are laid where the switch would have laid them: the service hears them when it starts, and it makes the
tickets of the calls that nobody answered.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import soxr

from voicedesk.access.accounts import Account
from voicedesk.access.audit import Deed
from voicedesk.access.codes import new_code
from voicedesk.access.moves import Keeper, Move
from voicedesk.access.passwords import hash_password
from voicedesk.access.roles import Role
from voicedesk.access.totp import new_secret
from voicedesk.ami.message import make_mark
from voicedesk.audio.wav import read_sound
from voicedesk.clock import MICROSECONDS, format_epoch
from voicedesk.demo.day import PlannedCall, in_order
from voicedesk.demo.hall import PBX, PEOPLE
from voicedesk.demo.material import greeting_file
from voicedesk.demo.retelling import Told
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.hearing.recordings import file_of
from voicedesk.settings import Settings
from voicedesk.store.store import Store

_AT_ONCE = 500
_RECORDED_RATE = 48_000
SUPERVISOR, STAFF = "9001", next(iter(PEOPLE))
"""The logins of the demonstration."""


async def fill(store: Store, settings: Settings, calls: Sequence[PlannedCall], folder: Path, now: int) -> None:
    """Follows the calls as if they came now, one after another, and lays their recordings into `folder`."""
    log = CallLog(PBX, hall_of(settings, PBX), store.writer)
    began = calls[0].at - MICROSECONDS if calls else now
    log.take([make_mark("VoicedeskLink", "up", began, SwitchTime=format_epoch(began), Restarted=0)])
    told = [(one, one.told()) for one in calls]
    events = iter(in_order([one for _, one in told]))
    while some := list(islice(events, _AT_ONCE)):
        log.take(some)
        log.settle()
        await store.writer.flush()
    log.take([make_mark("VoicedeskLink", "lost", now)])
    log.settle()
    for call, one in told:
        if call.greeting is not None:
            await asyncio.to_thread(lay_recording, folder, call.greeting, one)
    await store.writer.flush()


def lay_recording(folder: Path, greeting: str, told: Told) -> str | None:
    """Lays what the staff said into the folder, as the switch records it; the channel's id, None if nobody answered."""
    path = file_of(folder, told.answered_by) if told.answered_by else None
    if path is None:
        return None
    sound = read_sound(greeting_file(greeting))
    whole = soxr.resample(sound.samples[0], sound.rate, _RECORDED_RATE).astype("<i2")
    samples = (told.ended_at - (told.answered_at or told.ended_at)) * _RECORDED_RATE // MICROSECONDS
    spoken = whole[:samples].tobytes()
    path.write_bytes(spoken + bytes(max(0, samples * whole.itemsize - len(spoken))))  # then nobody speaks
    return told.answered_by


async def add_accounts(store: Store, now: int) -> tuple[str, str]:
    """A supervisor's account and a staff member's, both with one password; it, and the supervisor's second factor."""
    password, secret = new_code(), new_secret()
    keeper = Keeper(who="cli:demo", now=now)
    hashed = await asyncio.to_thread(hash_password, password)
    for login, name, role, agent in (
        (SUPERVISOR, "王主任", Role.SUPERVISOR, None),
        (STAFF, PEOPLE[STAFF], Role.STAFF, STAFF),
    ):
        known = Account(
            login=login,
            name=name,
            role=role,
            agent=agent,
            password_hash=hashed,
            totp_secret=secret if role is Role.SUPERVISOR else None,
            made_at=now,
            changed_at=now,
        )
        await store.accounts.add(Move(account=known, deeds=(keeper.deed(Deed.ACCOUNT_ADDED, login, role.value),)))
    return password, secret
