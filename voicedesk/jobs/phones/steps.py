"""What staff ask about breaks by a row in the store (`breaks start`, `breaks stop`): checked, carried out, and seen.

The switch is asked by a user of its own (`pauser`); what came of it is what the watcher sees, never what was answered.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import assert_never

import structlog

from voicedesk.ami.link import AmiAddress
from voicedesk.clock import MICROSECONDS, NowUs, to_datetime
from voicedesk.errors import AmiActionError, AmiLinkLost, InputError, OutcomeUnknown, VoicedeskError
from voicedesk.hall.acting import acting
from voicedesk.hall.seats import phones_called, seats_of, the_one_meant
from voicedesk.jobs.phones import pauser
from voicedesk.jobs.phones.clerk import PhoneDesk
from voicedesk.jobs.phones.pauser import Pausing
from voicedesk.phones import steps
from voicedesk.phones.phone import Phone, clean_reason
from voicedesk.phones.seen import Switch
from voicedesk.phones.steps import BreakStep, StartBreak, StopBreak
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.requests import Request
from voicedesk.words import list_comma, semicolon

SEEN_SECONDS = 4.0
"""The switch tells of a pause at once; after this time nobody knows whether it was carried out."""
POLL_SECONDS = 0.05
Pause = Callable[[Pausing, AmiAddress, NowUs], Awaitable[None]]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Seat:
    """The phone that a row is about."""

    switch: Switch
    phone: Phone
    pbx: PbxSettings


class BreakSteps:
    """Reads and carries out what rows of this kind ask."""

    def __init__(
        self,
        desk: PhoneDesk,
        settings: Settings,
        addresses: Callable[[PbxSettings], AmiAddress],
        now: NowUs,
        *,
        pause: Pause = pauser.pause,
    ) -> None:
        self._desk, self._settings, self._addresses, self._now, self._pause = desk, settings, addresses, now, pause
        self._pausing: set[tuple[str, str]] = set()

    def change_settings(self, settings: Settings) -> None:
        """Uses the new phones and people from now on."""
        self._settings = settings

    def read(self, request: Request) -> BreakStep:
        """What a row asks, of whom it names. Raises InputError where it does not fit."""
        step = steps.from_row(request.payload)
        return replace(step, by=acting(step.by, request.asked_by, self._settings))

    def asks_switch(self, _step: BreakStep) -> bool:
        """Whether it may take as long as a switch takes to answer."""
        return True

    def in_order(self, step: BreakStep) -> frozenset[str]:
        """The phone that is stepped on; none where no phone can be told: such a step will only say why."""
        try:
            switch, phone = self._known_phone(step.phone or "", step.by, step.pbx)
        except VoicedeskError:
            return frozenset()
        return frozenset({f"seat {switch.pbx} {phone.endpoint}\n"})

    async def carry_out(self, step: BreakStep, _request: Request) -> str:
        """What came of it, for whoever asked. Raises InputError that says what to do, OutcomeUnknown."""
        seat = self._seat(step.phone or "", step.by, step.pbx)
        try:
            match step:
                case StartBreak():
                    return await self._start(seat, step)
                case StopBreak():
                    return await self._stop(seat, step.by)
                case _:
                    assert_never(step)
        except AmiActionError as error:
            raise InputError(f"{error}: see voicedesk doctor") from error
        except AmiLinkLost as error:
            told = f"nobody knows whether it was carried out ({error}): look with voicedesk agents"
            raise OutcomeUnknown(told) from error

    async def _start(self, seat: _Seat, step: StartBreak) -> str:
        phone, name = seat.phone, self._desk.phone_name(seat.switch.pbx, seat.phone.endpoint)
        if phone.is_on_break:
            raise InputError(f"{name} 已经离岗 is on a break already: end it first with voicedesk breaks stop")
        lines = self._desk.left_without(seat.switch.pbx, phone.endpoint, leaving=self._pausing)
        if lines and not step.anyway:
            raise InputError(
                f"{name} 是{list_comma().join(lines)}最后一部空闲话机，暂停后无人可接；仍要暂停请加 --anyway "
                "(it is the last free phone: callers would find nobody; to pause it all the same add --anyway)"
            )
        self._desk.expect(seat.switch.pbx, phone.endpoint, step.by)
        place = (seat.switch.pbx, phone.endpoint)
        self._pausing.add(place)  # others who ask meanwhile shall not take it for free
        try:
            await self._ask(seat, is_paused=True, reason=clean_reason(step.reason))
        finally:
            self._pausing.discard(place)
        since = self._clock(phone.break_since or self._now())
        told = [f"{name} 自 {since} 起离岗 on a break: {phone.reason or '未说明 no reason'}"]
        if lines:
            told.append(f"{list_comma().join(lines)}已无空闲话机 nobody is free now")
        return semicolon().join(told)

    async def _stop(self, seat: _Seat, by: str) -> str:
        phone, name = seat.phone, self._desk.phone_name(seat.switch.pbx, seat.phone.endpoint)
        if not any(one.is_paused for one in phone.members.values()):
            raise InputError(f"{name} 没有离岗 is not on a break: there is nothing to end")
        since = phone.break_since
        _log.info("break_stop_asked", endpoint=phone.endpoint, by=by)
        await self._ask(seat, is_paused=False, reason="")
        if since is None:
            return f"{name} 已回岗 is back"
        return f"{name} 已回岗 is back，离岗 {(self._now() - since) / (60 * MICROSECONDS):.0f} 分钟 minutes"

    async def _ask(self, seat: _Seat, *, is_paused: bool, reason: str) -> None:
        """Asks the switch and waits until it is seen."""
        address = self._addresses(seat.pbx)
        for interface in sorted({one.interface for one in seat.phone.members.values()}):
            await self._pause(Pausing(interface=interface, is_paused=is_paused, reason=reason), address, self._now)
        try:
            async with asyncio.timeout(SEEN_SECONDS):
                while not _is_done(seat.phone, is_paused):  # noqa: ASYNC110  # the watch wakes nobody: it must not wait
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            told = "the switch said yes, but told nothing of it within some seconds"
            raise OutcomeUnknown(f"{told}: look with voicedesk agents before you ask again") from error

    # --- whose phone

    def _seat(self, phone: str, by: str, pbx: str | None) -> _Seat:
        switch, known = self._known_phone(phone, by, pbx)
        endpoint = known.endpoint
        if not self._desk.is_staff(switch.pbx, known):
            raise InputError(f"{endpoint!r} is no staff phone: it is in no line's queue and not in [[phones]]")
        at = next(one for one in self._settings.pbx if one.name == switch.pbx)
        if not switch.is_current:
            raise InputError(f"the link to {at.name} is down: nothing can be asked now, use *31 and *32 at the phone")
        if not known.members:
            raise InputError(f"{endpoint!r} is in no queue: there is nothing to pause, callers are led to it otherwise")
        if at.pause_username is None:
            raise InputError(f"nobody may pause phones: set pause_username and pause_secret_file of [[pbx]] {at.name}")
        return _Seat(switch, known, at)

    def _known_phone(self, name: str, by: str, pbx: str | None) -> tuple[Switch, Phone]:
        """The phone named, or that of a person, at the switch that knows it."""
        own = seats_of(by, self._settings, to_datetime(self._now()), pbx)
        meant = the_one_meant(name, phones_called(name, self._settings, pbx), own) if name else None
        if name and meant is None:
            return self._unnamed_phone(name, pbx)
        seats = own if meant is None else [meant]
        if not seats:
            raise InputError(f"{by!r} 没有排班 sits nowhere now: name the phone, by endpoint or extension")
        for seat in seats:
            if seat.endpoint is not None:
                found = self._desk.find(seat.endpoint, seat.pbxs)
            else:
                found = self._desk.at_member(seat.member or "", seat.pbxs)
            if found:
                return next((one for one in found if one[0].is_current), found[0])
        raise InputError(f"no switch knows the phone {seats[0].endpoint or seats[0].member!r}: see voicedesk agents")

    def _unnamed_phone(self, name: str, pbx: str | None) -> tuple[Switch, Phone]:
        """A phone that stands in no [[phones]]: in a queue of some line, by the switch's name of it."""
        found = self._desk.find(name, None if pbx is None else (pbx,))
        if not found:
            raise InputError(f"no switch knows the phone {name!r}: see voicedesk agents")
        if len(found) > 1:
            where = " and ".join(switch.pbx for switch, _ in found)
            raise InputError(f"{name} 不止一部 is a phone on {where}: say which with --pbx")
        return found[0]

    def _clock(self, at: int) -> str:
        return to_datetime(at).astimezone(self._settings.hall.zone).strftime("%H:%M")


def _is_done(phone: Phone, is_paused: bool) -> bool:
    """A group that the phone is rung with is not its own to pause."""
    return all(one.is_paused is is_paused for one in phone.members.values())
