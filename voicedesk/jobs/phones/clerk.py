"""The staff's phones at work: what the switches tell becomes breaks and findings, which are kept and told to people.

Nothing here is in a call's way: events and calls are only noted as they come, and everything else is done some times a
second. While the database is in trouble, what was found waits in memory; it is written before anybody is told, and what
people were told is written down, so that a restart neither forgets nor repeats it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import CallFacts, Hall
from voicedesk.clock import MICROSECONDS, NowUs, to_datetime
from voicedesk.errors import StoreUnavailable
from voicedesk.hall.lines import halls_of
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.news.news import News, Tell
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.phone_numbers import national_digits
from voicedesk.phones.conditions import PhoneRules
from voicedesk.phones.model import Break, FindingKind, PhoneFinding
from voicedesk.phones.watch import PhoneWatch
from voicedesk.settings import Settings
from voicedesk.store.phones import BEGUN, NOTHING, OVER, StoredFinding, StoredPhone
from voicedesk.store.store import Store
from voicedesk.store.tickets import TicketFilter
from voicedesk.work_calendar import WorkCalendar

LOOK_SECONDS = 0.5
ROUND_SECONDS = 300.0
STATES_US = 2 * MICROSECONDS
"""How phones stand is written no more often: every ring changes it, and the journal's commits go first."""
TITLES = {
    FindingKind.BREAK_TOO_LONG: "离岗超过规定时间",
    FindingKind.PHONE_UNREGISTERED: "话机未注册或不可用",
    FindingKind.PHONE_UNREACHABLE: "话机联系不上",
    FindingKind.DND_ON: "话机设为免打扰",
    FindingKind.DND_SUSPECTED: "话机疑似免打扰或未挂好",
    FindingKind.LINE_HELD: "话机长时间被非业务通话占用",
    FindingKind.NOBODY_FREE: "线路无人可接",
}
_FOR_THE_SUPERVISOR = frozenset({FindingKind.BREAK_TOO_LONG, FindingKind.NOBODY_FREE, FindingKind.LINE_HELD})

_log = structlog.get_logger()


def rules_of(settings: Settings, hall: Hall) -> PhoneRules:
    """The rules for phones as the settings give them: for the whole `hall`, and for each PBX."""
    watch = settings.phone_watch
    rules = PhoneRules(
        hall=hall,
        calendar=WorkCalendar.of(settings),
        duty={line.name: line.duty for line in settings.lines},
        zone=settings.hall.zone,
        extensions=_extensions(settings),
        break_us=round(settings.breaks.limit_minutes * 60 * MICROSECONDS),
        away_us=round(watch.away_seconds * MICROSECONDS),
        held_us=round(watch.held_minutes * 60 * MICROSECONDS),
        refusals=watch.refused_calls,
    )
    houses = {
        pbx: replace(rules, hall=own, extensions=_extensions(settings.on(pbx)))
        for pbx, own in halls_of(settings).items()
    }
    return replace(rules, houses=houses)


def _extensions(settings: Settings) -> dict[str, str]:
    return {phone.endpoint: phone.extension for phone in settings.phones if phone.extension}


class PhoneDesk:
    """The phones of the hall. `tell` tells people."""

    def __init__(
        self, store: Store, settings: Settings, hall: Hall, now: NowUs, *, tell: Tell, guard: Guard | None = None
    ) -> None:
        self._store, self._settings, self._now, self._tell = store, settings, now, tell
        self._guard = guard or Guard(now)
        self._is_taken_up = False
        self.watch = PhoneWatch([pbx.name for pbx in settings.pbx], rules_of(settings, hall))
        self._breaks: dict[str, Break] = {}
        self._findings: dict[str, StoredFinding] = {}
        self._untold: dict[str, StoredFinding] = {}
        self._saved: dict[tuple[str, str], StoredPhone] = {}
        self._next_states = 0

    # --- what comes in

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Notes what a switch tells; cheap, and never waits."""
        self.watch.receive(pbx, events)

    def take_calls(self, pbx: str, calls: Sequence[CallFacts], merged: Sequence[tuple[str, str]] = ()) -> None:
        """Notes calls that changed; cheap, and never waits."""
        self.watch.take_calls(pbx, calls, merged)

    def change_settings(self, settings: Settings, hall: Hall) -> None:
        """Lines, hours, people and limits are others from now on."""
        self._settings = settings
        self.watch.rules = rules_of(settings, hall)

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
        self.watch.assume(
            await self._store.phones.open_breaks(), [one.finding for one in findings if one.finding.to_at is None]
        )
        known = {pbx.name for pbx in self._settings.pbx}
        for stored in await self._store.phones.phones():
            key = (stored.standing.pbx, stored.standing.endpoint)
            self._saved[key] = stored
            if stored.standing.pbx in known:
                phone = self.watch.switches[stored.standing.pbx].phone(stored.standing.endpoint)
                phone.alive_at = max(phone.alive_at, stored.alive_at)
                phone.refusals = {**stored.refusals, **phone.refusals}
        self._findings = {one.finding.id: one for one in findings}
        self._untold = {one.finding.id: one for one in findings if _is_due(one)}

    async def work(self) -> None:
        """One look: what began and what ended is written, then told. Raises StoreError: then it is done next time."""
        await self._excuse()
        changes = self.watch.look(self._now())
        for pbx, endpoint, error in self.watch.take_bad():
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
        now = self._now()
        is_due = bool(self._breaks or self._untold) or now >= self._next_states
        changed = [one for key, one in phones.items() if self._saved.get(key) != one] if is_due else []
        gone = [key for key in self._saved if key not in phones and self._is_gone(key)]
        if self._breaks or self._untold or changed:
            breaks, findings = list(self._breaks.values()), list(self._untold.values())
            await self._save(breaks, findings, changed)
            self._breaks.clear()
        if gone:
            await self._store.phones.forget_phones(gone)
        for key in gone:
            del self._saved[key]
        if changed:
            self._next_states = now + STATES_US
            self._saved.update(phones)

    async def _save(self, breaks: list[Break], findings: list[StoredFinding], phones: list[StoredPhone]) -> None:
        """All at once; where one does not fit, the others one by one. Raises StoreUnavailable."""
        save = self._store.phones.save
        try:
            await save(breaks=breaks, findings=findings, phones=phones)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # it is one of them
            for one in breaks:
                with self._guard.one(Part.ROW, f"break {one.id}", content=written(one), pbx=one.pbx):
                    await save(breaks=[one])
            for stored in findings:
                finding = stored.finding
                with self._guard.one(Part.ROW, f"finding {finding.id}", content=written(stored), pbx=finding.pbx):
                    await save(findings=[stored])
            for phone in phones:
                standing = phone.standing
                with self._guard.one(Part.ROW, f"phone {standing.endpoint}", content=written(phone), pbx=standing.pbx):
                    await save(phones=[phone])

    def _is_gone(self, key: tuple[str, str]) -> bool:
        """Nobody knows a phone any more; while a link is down nobody can tell."""
        switch = self.watch.switches.get(key[0])
        return switch is None or switch.is_current

    def _phones(self) -> list[StoredPhone]:
        stored = []
        for standing in self.watch.standings():
            phone = self.watch.switches[standing.pbx].phones[standing.endpoint]
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
        for pbx, endpoint, talk in self.watch.to_check(self._now()):
            with self._guard.one(Part.CALL, f"{talk.call_id}, for phone {endpoint}", pbx=pbx):
                digits = national_digits(talk.number, area)
                if digits is None:
                    continue
                numbers = await self._store.tickets.spellings(digits, area)
                if await self._store.tickets.list(TicketFilter(is_closed=False, numbers=numbers), limit=1):
                    self.watch.excuse(pbx, endpoint, talk.call_id)

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
        fields = {"依据": finding.evidence}
        if finding.endpoint is not None:
            phone = self.phone_name(finding.pbx, finding.endpoint)
            fields = {"话机": phone, "坐席": finding.agent or "未排班", **fields}
            if len(self._settings.pbx) > 1:
                fields["交换机"] = finding.pbx
        if finding.line is not None:
            fields["线路"] = finding.line
        supervisor = self._settings.tickets.supervisor
        if supervisor and finding.kind in _FOR_THE_SUPERVISOR:
            fields["负责人"] = supervisor
        if is_over and not finding.end_seen:
            fields["说明"] = "结束时刻未被看到，不晚于所示时间"
        state = "over" if is_over else "begun"
        at = finding.to_at if is_over and finding.to_at is not None else finding.from_at
        when = to_datetime(at).astimezone(self._settings.hall.zone).strftime("%m-%d %H:%M:%S")
        return News(
            id=f"{finding.kind} {finding.id} {state}",
            kind=finding.kind if not is_over else f"{finding.kind}_over",
            at=at,
            title=f"已结束：{TITLES[finding.kind]}" if is_over else TITLES[finding.kind],
            fields={**fields, "时间": when},
        )

    def phone_name(self, pbx: str, endpoint: str) -> str:
        """A phone as people call it: its inside number, and the switch's name of it."""
        extension = self.watch.rules.on(pbx).extensions.get(endpoint)
        return f"{extension}（{endpoint}）" if extension else endpoint

    # --- what others ask

    def left_without(self, pbx: str, endpoint: str) -> list[str]:
        """The lines that would have no free phone if this one were paused now; none if it is paused already."""
        known = self.watch.switches.get(pbx)
        if known is None or not known.is_current or known.phone(endpoint).is_on_break:
            return []
        return self.watch.left_without(pbx, endpoint, self._now())

    def is_deserted(self, line: str) -> bool:
        """Whether nobody can answer a line: all its phones are on a break, away or set to do-not-disturb."""
        return self.watch.is_deserted(line)


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
