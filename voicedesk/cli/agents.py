"""`voicedesk agents`: every person and every phone of the hall, as they stand now."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from voicedesk.calls.model import PhoneState
from voicedesk.cli.common import ConfigOption, JsonOption, local_time, say, say_json, settings_of, wait
from voicedesk.clock import MICROSECONDS, now_us, to_datetime, to_seconds
from voicedesk.desk.asking import is_running
from voicedesk.jobs.phones.clerk import TITLES
from voicedesk.log import printable
from voicedesk.phone_numbers import mask
from voicedesk.phones.model import PhoneFinding, PhoneStanding
from voicedesk.settings import LineSettings, PhoneSettings, Settings
from voicedesk.settings.houses import places
from voicedesk.store.phones import StoredPhone
from voicedesk.store.store import Store

STATES = {
    PhoneState.FREE: "空闲 free",
    PhoneState.RINGING: "振铃 ringing",
    PhoneState.TALKING: "接待中 talking",
    PhoneState.IN_USE: "占用 in use",
    PhoneState.PAUSED: "离岗 on a break",
    PhoneState.UNREGISTERED: "未注册 unregistered",
    PhoneState.UNREACHABLE: "联系不上 unreachable",
    PhoneState.UNKNOWN: "不明 unknown",
}
Place = tuple[str | None, str]
"""A PBX, where there are several, and the endpoint of a phone."""
_TITLES = {kind.value: title for kind, title in TITLES.items()}


@dataclass(frozen=True, slots=True)
class _Seen:
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


def agents(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show every person and phone: where they sit, what the phone does since when, breaks, and what was found of it.

    Example: `voicedesk agents`

    What is not current says so: the service does not run, or the link to the switch is down.
    """
    settings = settings_of(config)
    seen = wait(seen_of(settings))
    rows = list(rows_of(seen, now_us()))
    of_lines = [one for one in seen.findings if one.line is not None]
    if json:
        say_json({"service_running": seen.is_running, "agents": rows, "lines": [_finding(one) for one in of_lines]})
        return
    if not seen.is_running:
        say("服务未运行，以下是停止时的情形 The service does not run: this is how it was when it stopped.")
    for row in rows:
        say(printable(_line(row, settings)))
        for found in row["findings"]:
            say(printable(f"    ! {_TITLES[found['kind']]}：{found['evidence']}"))
    for one in of_lines:
        say(printable(f"{one.line}  ! {TITLES[one.kind]}：{one.evidence}"))


async def seen_of(settings: Settings) -> _Seen:
    """What the store says now."""
    async with Store.open(settings.store.url, upgrade=False, now=now_us) as store:
        findings = [one.finding for one in await store.phones.open_findings() if one.finding.to_at is None]
        return _Seen(settings, await store.phones.phones(), findings, await is_running(store))


def rows_of(seen: _Seen, now: int) -> Iterator[dict[str, Any]]:
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
        yield row if stored is None else row | _told(stored.standing, seen, now)
    for agent in sorted(names.keys() - seated):
        yield _seat(agent, names, None, None, None) | {"number": seen.outside_number_of(agent, now)}


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
) -> dict[str, Any]:
    """A seat of which no switch said anything."""
    return {
        "agent": agent,
        "name": names.get(agent or ""),
        "endpoint": endpoint,
        "extension": extension,
        "number": None,
        "pbx": pbx,
        "state": PhoneState.UNKNOWN.value if endpoint else None,
        "since": None,
        "is_current": False,
        "on_break": None,
        "dnd": None,
        "findings": [],
    }


def _told(one: PhoneStanding, seen: _Seen, now: int) -> dict[str, Any]:
    since = one.on_break_since
    minutes = None if since is None else round((now - since) / (60 * MICROSECONDS), 1)
    return {
        "pbx": one.pbx,
        "state": one.state.value,
        "since": to_seconds(one.since),
        "is_current": one.is_current and seen.is_running,
        "on_break": None if since is None else {"from": since / 1e6, "reason": one.reason, "minutes": minutes},
        "dnd": one.dnd,
        "findings": [_finding(each) for each in seen.findings if (each.pbx, each.endpoint) == (one.pbx, one.endpoint)],
    }


def _finding(one: PhoneFinding) -> dict[str, Any]:
    return {"kind": one.kind.value, "line": one.line, "from": to_seconds(one.from_at), "evidence": one.evidence}


def _line(row: dict[str, Any], settings: Settings) -> str:
    who = row["name"] or "未排班 nobody"
    if row["endpoint"] is None:
        if row["number"]:
            return f"{who}  外线 outside phone {row['number']}（状态未知 its state is not seen）"
        return f"{who}  未入座 sits nowhere"
    house = [row["pbx"]] if len(settings.pbx) > 1 else []
    parts = [who, *house, f"{row['extension'] or '-'}  {row['endpoint']}", STATES[PhoneState(row["state"])]]
    if row["since"] is not None:
        parts[-1] += f" 自 {local_time(round(row['since'] * 1e6), settings.hall.zone, '%H:%M')}"
    if row["on_break"] is not None:
        parts.append(f"离岗 {row['on_break']['minutes']:.0f} 分钟（{row['on_break']['reason'] or '未说明'}）")
    if row["dnd"]:
        parts.append("免打扰 DND")
    if not row["is_current"]:
        parts.append("非当前 not current")
    return "  ".join(parts)
