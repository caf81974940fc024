"""Every person and every phone of the hall, as they stand now."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.calls.model import PhoneState
from voicedesk.calls.words import PHONE_STATES
from voicedesk.clock import MICROSECONDS, to_datetime, to_seconds
from voicedesk.desk.asking import is_running
from voicedesk.desk.labels import Label, label
from voicedesk.desk.viewer import Viewer
from voicedesk.phone_numbers import mask
from voicedesk.phones.model import PhoneFinding, PhoneStanding
from voicedesk.settings import LineSettings, PhoneSettings, Settings
from voicedesk.settings.houses import places
from voicedesk.store.phones import StoredPhone
from voicedesk.store.store import Store

Place = tuple[str | None, str]
"""A PBX, where there are several, and the endpoint of a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """A phone with who sits there now, or a person who sits nowhere (`endpoint` None).

    `number` is the phone outside that callers of somebody are passed on to, masked. `state` None: there is no phone.
    Without `is_current` it is what was known last: the service does not run, or the link to the switch is down.
    """

    agent: str | None
    name: str | None
    endpoint: str | None
    extension: str | None
    pbx: str | None
    number: str | None = None
    state: PhoneState | None = None
    since: int | None = None
    is_current: bool = False
    on_break_since: int | None = None
    break_reason: str | None = None
    break_minutes: float | None = None
    dnd: bool | None = None
    findings: tuple[PhoneFinding, ...] = ()

    @property
    def state_label(self) -> Label | None:
        """What the phone does, in words."""
        return None if self.state is None else label(PHONE_STATES, self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Every person and phone; `of_lines` are the findings that are about a line, not about one phone."""

    is_running: bool
    rows: tuple[SeatRow, ...]
    of_lines: tuple[PhoneFinding, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the store says, and what the settings say of people and phones."""

    settings: Settings
    phones: list[StoredPhone]
    findings: list[PhoneFinding]
    is_running: bool

    def agent_at(self, pbx: str | None, endpoint: str, member: str | None, now: int) -> str | None:
        """Who sits at a phone of a PBX now."""
        at = to_datetime(now)
        for one in self.settings.on(pbx).assignments:
            is_here = one.endpoint == endpoint or (one.member is not None and one.member == member)
            if is_here and one.holds_at(at):
                return one.agent
        return None

    def outside_number_of(self, agent: str, now: int) -> str | None:
        """The phone outside that callers of somebody are passed on to now, masked."""
        at = to_datetime(now)
        numbers = (one.number for one in self.settings.assignments if one.agent == agent and one.holds_at(at))
        return next((mask(number) for number in numbers if number is not None), None)


async def seen_of(store: Store, settings: Settings) -> Seen:
    """What the store says now."""
    findings = await store.phones.findings_now()
    return Seen(settings, await store.phones.phones(), findings, await is_running(store))


async def seats(store: Store, settings: Settings, viewer: Viewer, *, now: int) -> Seats:
    """Every person and phone of the hall as they stand now; the reason of a break only to those it is shown to."""
    viewer.reach(Thing.SEAT)
    seen = await seen_of(store, settings)
    of_lines = tuple(_seen_finding(one, viewer) for one in seen.findings if one.line is not None)
    rows = tuple(_seen_seat(row, viewer) for row in rows_of(seen, now))
    return Seats(is_running=seen.is_running, rows=rows, of_lines=of_lines)


def _seen_seat(row: SeatRow, viewer: Viewer) -> SeatRow:
    """A seat with the numbers in its phone's name and in its texts as the viewer may see them."""
    why = row.break_reason if viewer.sees_of(Thing.BREAK_REASON, {row.agent}) else None
    return replace(
        row,
        endpoint=viewer.endpoint(row.endpoint),
        break_reason=None if why is None else viewer.text(why),
        findings=tuple(_seen_finding(one, viewer) for one in row.findings),
    )


def _seen_finding(one: PhoneFinding, viewer: Viewer) -> PhoneFinding:
    return replace(one, endpoint=viewer.endpoint(one.endpoint), evidence=viewer.endpoint(one.evidence))


def rows_of(seen: Seen, now: int) -> Iterator[SeatRow]:
    """A row for each phone with who sits there, also of one that no switch told of, and for who sits nowhere."""
    settings = seen.settings
    names = {agent.id: agent.name for agent in settings.agents}
    extensions = {(pbx, one.endpoint): one.extension for one in settings.phones for pbx in _houses(one, settings)}
    told = {(_house(one.standing.pbx, settings), one.standing.endpoint): one for one in seen.phones}
    seated: set[str | None] = set()
    for pbx, endpoint in (*told, *_silent(settings, told)):
        stored = told.get((pbx, endpoint))
        agent = seen.agent_at(pbx, endpoint, stored.member if stored else None, now)
        seated.add(agent)
        row = _seat(agent, names, endpoint, extensions.get((pbx, endpoint)), pbx)
        yield row if stored is None else _told(row, stored.standing, seen, now)
    for agent in sorted(names.keys() - seated):
        yield replace(_seat(agent, names, None, None, None), number=seen.outside_number_of(agent, now))


def _house(pbx: str, settings: Settings) -> str | None:
    """The PBX that a phone is told apart by; None where there is but one."""
    return pbx if len(settings.pbx) > 1 else None


def _houses(row: PhoneSettings | LineSettings, settings: Settings) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(_house(pbx, settings) for pbx in places(row, settings)))


def _silent(settings: Settings, told: Container[Place]) -> list[Place]:
    """The phones of the settings that no switch told of; one that may be on several PBXs stands at the first."""
    seats = {(_houses(one, settings), one.endpoint) for one in settings.phones}
    named = {(pbx, endpoint) for pbxs, endpoint in seats for pbx in pbxs}
    for line in settings.lines:
        pbxs = _houses(line, settings)
        seats |= {(pbxs, one) for one in line.phones if not any((pbx, one) in named for pbx in pbxs)}
    silent = {(pbxs[0], one) for pbxs, one in seats if not any((pbx, one) in told for pbx in pbxs)}
    return sorted(silent, key=lambda place: (place[0] or "", place[1]))


def _seat(
    agent: str | None, names: dict[str, str], endpoint: str | None, extension: str | None, pbx: str | None
) -> SeatRow:
    """A seat of which no switch said anything."""
    state = PhoneState.UNKNOWN if endpoint else None
    name = names.get(agent or "")
    return SeatRow(agent=agent, name=name, endpoint=endpoint, extension=extension, pbx=pbx, state=state)


def _told(row: SeatRow, one: PhoneStanding, seen: Seen, now: int) -> SeatRow:
    """The same seat with what its switch told."""
    since = one.on_break_since
    minutes = None if since is None else round((now - since) / (60 * MICROSECONDS), 1)
    return replace(
        row,
        pbx=one.pbx,
        state=one.state,
        since=one.since,
        is_current=one.is_current and seen.is_running,
        on_break_since=since,
        break_reason=None if since is None else one.reason,
        break_minutes=minutes,
        dnd=one.dnd,
        findings=tuple(each for each in seen.findings if (each.pbx, each.endpoint) == (one.pbx, one.endpoint)),
    )


def seats_json(found: Seats) -> dict[str, Any]:
    """All of it as other programs read it; instants in seconds."""
    rows, of_lines = [seat_json(row) for row in found.rows], [_finding(one) for one in found.of_lines]
    return {"service_running": found.is_running, "agents": rows, "lines": of_lines}


def seat_json(row: SeatRow) -> dict[str, Any]:
    """One seat as other programs read it."""
    since = row.on_break_since
    pause = None if since is None else {"from": since / 1e6, "reason": row.break_reason, "minutes": row.break_minutes}
    return {
        "agent": row.agent,
        "name": row.name,
        "endpoint": row.endpoint,
        "extension": row.extension,
        "number": row.number,
        "pbx": row.pbx,
        "state": None if row.state is None else row.state.value,
        "since": to_seconds(row.since),
        "is_current": row.is_current,
        "on_break": pause,
        "dnd": row.dnd,
        "findings": [_finding(each) for each in row.findings],
    }


def _finding(one: PhoneFinding) -> dict[str, Any]:
    return {"kind": one.kind.value, "line": one.line, "from": to_seconds(one.from_at), "evidence": one.evidence}
