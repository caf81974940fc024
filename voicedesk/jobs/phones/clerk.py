"""The staff's phones at work: what the switches tell becomes breaks and findings, which are kept and told to people.

Nothing here is in a call's way: events and calls are only noted as they come, and everything else is done some times a
second. While the database is in trouble, what was found waits in memory; it is written before anybody is told, and what
people were told is written down, so that a restart neither forgets nor repeats it.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Hall
from voicedesk.clock import MICROSECONDS, NowUs, to_datetime
from voicedesk.hall.phones import phone_rules_of
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.news.news import News, Tell
from voicedesk.jobs.phones.kept import KeptPhones, Place
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.language.translate import said, said_of_stored
from voicedesk.phone_numbers import national_digits
from voicedesk.phones.model import Break, BreakSource, FindingKind, PhoneFinding
from voicedesk.phones.phone import Phone
from voicedesk.phones.seen import Switch
from voicedesk.phones.watch import PhoneWatch
from voicedesk.phones.words import FINDINGS
from voicedesk.settings import Settings
from voicedesk.store.phones import BEGUN, NOTHING, OVER, StoredFinding, StoredPhone
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.words import aside, said_of

LOOK_SECONDS = 0.5
ROUND_SECONDS = 300.0
_FOR_THE_SUPERVISOR = frozenset({FindingKind.BREAK_TOO_LONG, FindingKind.NOBODY_FREE, FindingKind.LINE_HELD})

_log = structlog.get_logger()


class PhoneDesk:
    """The phones of the hall. `tell` tells people."""

    def __init__(
        self, store: Store, settings: Settings, hall: Hall, now: NowUs, *, tell: Tell, guard: Guard | None = None
    ) -> None:
        self._store, self._settings, self._now, self._tell = store, settings, now, tell
        self._guard = guard or Guard(now)
        self._is_taken_up = False
        self._watch = PhoneWatch([pbx.name for pbx in settings.pbx], phone_rules_of(settings, hall))
        self._breaks: dict[str, Break] = {}
        self._findings: dict[str, StoredFinding] = {}
        self._untold: dict[str, StoredFinding] = {}
        self._kept = KeptPhones(store, self._guard)

    # --- what comes in

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Notes what a switch tells; cheap, and never waits."""
        self._watch.receive(pbx, events)

    def take_calls(self, pbx: str, calls: Sequence[CallFacts], merged: Sequence[tuple[str, str]] = ()) -> None:
        """Notes calls that changed; cheap, and never waits."""
        self._watch.take_calls(pbx, calls, merged)

    def change_settings(self, settings: Settings, hall: Hall) -> None:
        """Uses the new lines, hours, people and limits from now on."""
        self._settings = settings
        self._watch.rules = phone_rules_of(settings, hall)

    # --- the service's side

    async def run(self) -> None:
        """Looks until cancelled; a database in trouble is waited for."""
        troubles = Troubles()
        while True:
            promise_round(ROUND_SECONDS)
            with troubles.waiting("phones_wait"):
                if not self._is_taken_up:
                    await self.take_up()
                    self._is_taken_up = True
                await self.work()
            await asyncio.sleep(LOOK_SECONDS)

    async def take_up(self) -> None:
        """What stood when the service stopped. Raises StoreError."""
        findings = await self._store.phones.open_findings()
        self._watch.assume(
            await self._store.phones.open_breaks(), [one.finding for one in findings if one.finding.to_at is None]
        )
        known = {pbx.name for pbx in self._settings.pbx}
        for stored in await self._kept.take_up():
            if stored.standing.pbx in known:
                phone = self._watch.switches[stored.standing.pbx].phone(stored.standing.endpoint)
                phone.alive_at = max(phone.alive_at, stored.alive_at)
                phone.refusals = {**stored.refusals, **phone.refusals}
        self._findings = {one.finding.id: one for one in findings}
        self._untold = {one.finding.id: one for one in findings if _is_due(one)}

    async def work(self) -> None:
        """One look: what began and what ended is written, then told. Raises StoreError: then it is done next time."""
        await self._excuse()
        changes = self._watch.look(self._now())
        for pbx, endpoint, error in self._watch.take_bad():
            self._guard.set_aside(Part.EVENT, error, about=f"how phone {endpoint} stands", pbx=pbx)
        for one in changes.breaks:
            self._breaks[one.id] = one
            _log_break(one)
        for finding in changes.findings:
            before = self._findings.get(finding.id)
            stored = StoredFinding(finding=finding, told=before.told if before else NOTHING)
            self._findings[finding.id] = self._untold[finding.id] = stored
            _log_finding(finding)
        await self._write()
        await self._tell_all()

    async def _write(self) -> None:
        phones = {(one.standing.pbx, one.standing.endpoint): one for one in self._phones()}
        await self._kept.write(list(self._breaks.values()), list(self._untold.values()), phones, self._now())
        self._breaks.clear()
        await self._kept.forget(phones, self._is_gone)

    def _is_gone(self, key: Place) -> bool:
        """No switch knows a phone any more; while the link to its switch is down nobody can tell."""
        switch = self._watch.switches.get(key[0])
        return switch is None or switch.is_current

    def _phones(self) -> list[StoredPhone]:
        stored = []
        for standing in self._watch.standings():
            phone = self._watch.switches[standing.pbx].phones[standing.endpoint]
            stored.append(
                StoredPhone(
                    standing=standing,
                    member=phone.member,
                    refusals=dict(phone.refusals),
                    alive_at=phone.alive_at if phone.refusals else 0,
                )
            )
        return stored

    async def _excuse(self) -> None:
        """A long call with a citizen about whom there is an open ticket is the hall's work."""
        area = self._settings.hall.area_code
        for pbx, endpoint, talk in self._watch.to_check(self._now()):
            with self._guard.one(Part.CALL, f"{talk.call_id}, for phone {endpoint}", pbx=pbx):
                digits = national_digits(talk.number, area)
                if digits is None:
                    continue
                numbers = await self._store.tickets.spellings(digits, area)
                if await self._store.tickets.list(TicketFilter(is_closed=False, numbers=numbers), limit=1):
                    self._watch.excuse(pbx, endpoint, talk.call_id)

    # --- people

    async def _tell_all(self) -> None:
        for stored in list(self._untold.values()):
            finding = stored.finding
            with self._guard.one(Part.ROW, f"finding {finding.id}", content=written(stored), pbx=finding.pbx):
                await self._tell_one(stored)
                continue
            self._untold.pop(finding.id, None)

    async def _tell_one(self, stored: StoredFinding) -> None:
        finding, told = stored.finding, stored.told
        if told < BEGUN:
            await self._tell(self._news(finding, is_over=False))
        if finding.to_at is not None:
            await self._tell(self._news(finding, is_over=True))
        done = replace(stored, told=OVER if finding.to_at is not None else BEGUN)
        await self._store.phones.save(findings=[done])
        del self._untold[finding.id]
        if done.told == OVER:
            self._findings.pop(finding.id, None)
        else:
            self._findings[finding.id] = done

    def _news(self, finding: PhoneFinding, *, is_over: bool) -> News:
        fields: dict[str, str] = {said("Evidence"): said_of_stored(finding.evidence)}
        if finding.endpoint is not None:
            phone = self.phone_name(finding.pbx, finding.endpoint)
            fields = {
                said("Phone"): phone,
                said("Who sits there"): finding.agent or said("nobody on the rota"),
                **fields,
            }
            if len(self._settings.pbx) > 1:
                fields[said("Telephone switch")] = finding.pbx
        if finding.line is not None:
            fields[said("Line")] = finding.line
        supervisor = self._settings.tickets.supervisor
        if supervisor and finding.kind in _FOR_THE_SUPERVISOR:
            fields[said("Answers for it")] = supervisor
        if is_over and not finding.end_seen:
            fields[said("Explanation")] = said("its end was not seen: it was no later than the time shown")
        what = said_of(FINDINGS, finding.kind)
        state = "over" if is_over else "begun"
        at = finding.to_at if is_over and finding.to_at is not None else finding.from_at
        when = to_datetime(at).astimezone(self._settings.hall.zone).strftime("%m-%d %H:%M:%S")
        return News(
            id=f"{finding.kind} {finding.id} {state}",
            kind=finding.kind if not is_over else f"{finding.kind}_over",
            at=at,
            title=said("Over: {}", what) if is_over else what,
            fields={**fields, said("Time"): when},
        )

    def phone_name(self, pbx: str, endpoint: str) -> str:
        """A phone as people call it: its inside number, and the switch's name of it."""
        extension = self._watch.rules.on(pbx).extensions.get(endpoint)
        return f"{extension}{aside(endpoint)}" if extension else endpoint

    # --- what others ask

    def tie(self, pbx: str, ties: Ties) -> None:
        """Uses these ties of phones and queue members on a PBX: those that are learned from its calls."""
        self._watch.switches[pbx].tie(ties)

    def find(self, endpoint: str, pbxs: Collection[str] | None = None) -> list[tuple[Switch, Phone]]:
        """The phones of a name, each at its switch: those of some PBXs, or of all."""
        return self._watch.find(endpoint, pbxs)

    def at_member(self, member: str, pbxs: Collection[str] | None = None) -> list[tuple[Switch, Phone]]:
        """The phones that are signed on to a queue under a name, each at its switch."""
        return self._watch.at_member(member, pbxs)

    def is_staff(self, pbx: str, phone: Phone) -> bool:
        """Whether it is a phone of the hall: named in the settings, or in a queue of one of its lines."""
        return self._watch.rules.on(pbx).is_staff(phone)

    def expect(self, pbx: str, endpoint: str, by: str) -> None:
        """A break that begins at a phone within some seconds was asked for by this person, with a command."""
        self._watch.switches[pbx].expect(endpoint, BreakSource.COMMAND, by, self._now())

    def left_without(self, pbx: str, endpoint: str, *, leaving: Collection[tuple[str, str]] = ()) -> list[str]:
        """The lines that would have no free phone if this one were paused now; none if it is paused already.

        `leaving`: phones, by PBX, that are being paused and are not seen paused yet.
        """
        known = self._watch.switches.get(pbx)
        if known is None or not known.is_current or known.phone(endpoint).is_on_break:
            return []
        return self._watch.left_without(pbx, endpoint, self._now(), leaving=leaving)

    def is_deserted(self, line: str) -> bool:
        """Whether nobody can answer a line: all its phones are on a break, away or set to do-not-disturb."""
        return self._watch.is_deserted(line)


def _is_due(stored: StoredFinding) -> bool:
    return stored.told < (BEGUN if stored.finding.to_at is None else OVER)


def _log_break(one: Break) -> None:
    _log.info(
        "break_begun" if one.to_at is None else "break_over",
        pbx=one.pbx,
        endpoint=one.endpoint,
        agent=one.agent,
        reason=one.reason,
        source=one.source.value,
        by=one.by or None,
        seconds=None if one.to_at is None else round((one.to_at - one.from_at) / MICROSECONDS),
    )


def _log_finding(one: PhoneFinding) -> None:
    log = _log.warning if one.to_at is None else _log.info
    log(
        "finding_begun" if one.to_at is None else "finding_over",
        kind=one.kind.value,
        pbx=one.pbx or None,
        endpoint=one.endpoint,
        line=one.line,
        agent=one.agent,
        evidence=one.evidence,
    )
