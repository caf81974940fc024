"""Looks at one PBX as its manager user sees it: version, event times, rights missing and excessive, clock.

`look` asks and listens, and changes nothing; `judge` is pure. What cannot be seen without a call is said to be unseen.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from asterisk.ami.action import Action

from voicedesk.ami import actions
from voicedesk.ami.link import AmiAddress, Link, open_link
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import AmiProtocol, Answer
from voicedesk.clock import MICROSECONDS, NowUs, parse_epoch
from voicedesk.doctor.finding import Finding
from voicedesk.errors import AmiActionError, AmiAuthenticationError, AmiError

OLDEST, NEWEST, TESTED = 16, 23, 22
_HOUR_US = 3600 * MICROSECONDS
SKEW_NOTE_US, SKEW_BAD_US = MICROSECONDS, 30 * MICROSECONDS
NEEDED_ACTIONS = ("CoreSettings", "CoreStatus", "CoreShowChannels", "DeviceStateList")
_TRIED_ACTIONS = ("CoreShowChannels", "CoreStatus", "DeviceStateList", "QueueStatus")
WATCHER_READ = frozenset({"system", "call", "agent", "user"})
WATCHER_WRITE = frozenset({"reporting"})
PAUSER_WRITE = frozenset({"agent"})
DIALLER_WRITE = frozenset({"originate"})
_GRAVE = frozenset({"Command", "Originate", "UpdateConfig", "Hangup", "DBPut"})
_COMMAND = re.compile(r"^(\w+): .*\(Priv: ([\w,]+)\)\s*$", re.MULTILINE)
_NO_BREAKS = "no command can begin a break"
_NO_CALLS = "nobody can be rung back from a ticket"
_CURE_USER = "in manager.conf set, for this user: read = system,call,agent,user and write = reporting"
_CURE_SNIPPET = "see: voicedesk asterisk snippet manager; then: asterisk -rx 'manager reload'"
_CURE_BOTH = f"{_CURE_USER}; {_CURE_SNIPPET}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSeen:
    """What a manager user saw in a moment. `commands`: what it may run, with the rights that allow each.

    `earlier`: events that the service heard lately; `heard`: classes of events it heard in the last day. `unneeded`:
    classes that nothing on this switch would send. `before` and `after`: the channels, each with its state, when
    listening began and ended.
    """

    version: str = ""
    commands: dict[str, frozenset[str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    events: tuple[AmiEvent, ...] = ()
    earlier: tuple[AmiEvent, ...] = ()
    skew_us: int | None = None
    heard: frozenset[str] = frozenset()
    unneeded: frozenset[str] = frozenset()
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A manager user that may do one thing: how it is called, its keys in the settings, its action, its right."""

    name: str
    check: str
    key: str
    action: str
    write: frozenset[str]
    does: str
    snippet: str
    without: str


PAUSER = Helper(
    name="the pausing user",
    check="pauser",
    key="pause",
    action="QueuePause",
    write=PAUSER_WRITE,
    does="pause phones",
    snippet="breaks",
    without=_NO_BREAKS,
)
DIALLER = Helper(
    name="the dialling user",
    check="dialler",
    key="dial",
    action="Originate",
    write=DIALLER_WRITE,
    does="place calls",
    snippet="callback",
    without=_NO_CALLS,
)


async def check_pbx(
    address: AmiAddress,
    now: NowUs,
    *,
    listen_seconds: float = 1.0,
    earlier: Sequence[AmiEvent] = (),
    heard: frozenset[str] = frozenset(),
    unneeded: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Every finding about one PBX; one that cannot be reached is one finding.

    `earlier`: what the service heard of it lately, `heard` the classes of events of the last day, for what only a call
    shows; `unneeded`: classes of which nothing on this switch sends any.
    """
    try:
        seen = await look(address, now, listen_seconds=listen_seconds)
    except AmiAuthenticationError as error:
        cure = "compare username and secret with manager.conf, then: asterisk -rx 'manager reload'"
        return [Finding.bad(address.pbx, "login", f"the login is refused: {error}", "nothing can be followed", cure)]
    except AmiError as error:
        cure = f"check host and port {address.host}:{address.port}, and enabled, bindaddr and permit in manager.conf"
        return [Finding.bad(address.pbx, "login", str(error), "nothing can be followed", cure)]
    return judge(address.pbx, replace(seen, earlier=tuple(earlier), heard=heard, unneeded=unneeded))


async def check_pauser(address: AmiAddress, now: NowUs) -> list[Finding]:
    """Whether the user that pauses phones may do so, and nothing beyond its class."""
    return await _check_helper(PAUSER, address, now)


async def check_dialler(address: AmiAddress, now: NowUs) -> list[Finding]:
    """Whether the user that places calls may do so, and nothing else."""
    return await _check_helper(DIALLER, address, now)


async def _check_helper(helper: Helper, address: AmiAddress, now: NowUs) -> list[Finding]:
    login = f"{helper.check}_login"
    try:
        seen = await look(address, now, listen_seconds=0)
    except AmiAuthenticationError as error:
        keys = f"{helper.key}_username and {helper.key}_secret"
        cure = f"compare {keys} with manager.conf, then: asterisk -rx 'manager reload'"
        return [Finding.bad(address.pbx, login, f"{helper.name} is refused: {error}", helper.without, cure)]
    except AmiError as error:
        return [Finding.bad(address.pbx, login, str(error), helper.without, "see the login above")]
    return list(judge_helper(helper, address.pbx, seen))


def judge_helper(helper: Helper, pbx: str, seen: PbxSeen) -> Iterator[Finding]:
    """What follows from what such a user may do and is told."""
    rights = f"read = and write = {', '.join(sorted(helper.write))}"
    cure = f"in manager.conf set, for this user: {rights}; see: voicedesk asterisk snippet {helper.snippet}"
    excessive, may = f"{helper.check}_excessive", helper.action in seen.commands
    if not may:
        yield Finding.bad(
            pbx, f"{helper.check}_missing", f"{helper.name} may not run {helper.action}", helper.without, cure
        )
    beyond = sorted(name for name, allowing in seen.commands.items() if not allowing & helper.write)
    heard = sorted(_classes(seen.events))
    if beyond:
        what = f"{helper.name} may do more than {helper.does}: {', '.join(sorted(beyond, key=_grave_first)[:4])}"
        yield Finding.bad(pbx, excessive, what, "whoever gets hold of this secret can do the same", cure)
    if heard:
        what = f"{helper.name} is told what it need not know: read has {', '.join(heard)}"
        why = "events hold personal data"
        yield Finding.note(pbx, excessive, what, why, cure)
    if may and not beyond and not heard:
        what = f"{helper.name} may {helper.does} and nothing beyond"
        yield Finding.good(pbx, helper.check, what)


def _grave_first(name: str) -> tuple[bool, str]:
    return name not in _GRAVE, name


async def look(
    address: AmiAddress, now: NowUs, *, listen_seconds: float, protocol: AmiProtocol | None = None
) -> PbxSeen:
    """Logs in, asks what may be asked, listens a moment. `protocol`: the conversation, where somebody looks at it
    afterwards. Raises AmiError."""
    events: list[AmiEvent] = []
    talk = protocol or AmiProtocol(address.credentials)
    link = await open_link(address, talk, now, events.extend, timeout_seconds=10)
    try:
        commands = await _ask(link, Action("ListCommands", {}))
        settings = await _ask(link, actions.core_settings())
        skew = await _skew(link, now)
        answers = {name: await _ask(link, Action(name, {})) for name in _TRIED_ACTIONS}
        before = _channels(answers["CoreShowChannels"])
        refused = {name for name, answer in answers.items() if answer is None}
        await asyncio.sleep(listen_seconds)
        after = _channels(await _ask(link, actions.core_show_channels())) if listen_seconds else before
        await link.log_off()
    finally:
        link.abort()
    return PbxSeen(
        version=settings.response.get("AsteriskVersion", "") or "" if settings else "",
        commands=parse_commands(commands.response.raw) if commands else {},
        refused=frozenset(refused),
        events=tuple(events),
        skew_us=skew,
        before=before,
        after=after,
    )


def _channels(answer: Answer | None) -> dict[str, str]:
    items = answer.items if answer is not None else ()
    return {item.get("Channel") or "": item.get("ChannelStateDesc") or "" for item in items}


def parse_commands(raw: bytes) -> dict[str, frozenset[str]]:
    """The answer of ListCommands: each action with the rights that allow it; those that need none are left out."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return {name: frozenset(rights.split(",")) - {"all"} for name, rights in _COMMAND.findall(text)}


def judge(pbx: str, seen: PbxSeen) -> list[Finding]:
    """What follows from what was seen."""
    return [
        Finding.good(pbx, "login", "logged in"),
        _version(pbx, seen),
        _timestamps(pbx, seen),
        _clock(pbx, seen),
        *_rights(pbx, seen),
    ]


def _version(pbx: str, seen: PbxSeen) -> Finding:
    found = re.search(r"[0-9]{1,9}", seen.version)
    why = f"Voicedesk knows the events of Asterisk {OLDEST} to {NEWEST} and is tested with {TESTED}"
    if found is None:
        return Finding.unseen(pbx, "version", "the version is not told", why, _CURE_USER)
    what, major = f"Asterisk {seen.version}", int(found[0])
    if OLDEST <= major <= NEWEST:
        return Finding.good(pbx, "version", what)
    return Finding.bad(pbx, "version", what, why, f"use Asterisk {TESTED}")


def _timestamps(pbx: str, seen: PbxSeen) -> Finding:
    newest = [*_live(seen.earlier), *_live(seen.events)][-1:]
    why = "without the switch's own time, network delays are counted as ringing"
    cure = "set timestampevents = yes in [general] of manager.conf, then: asterisk -rx 'manager reload'"
    if not newest:
        return _unseen(pbx, "timestampevents", "no event came that would show whether events carry the time", why)
    if newest[0].timestamp_us is None:
        return Finding.bad(pbx, "timestampevents", "events carry no time of the switch", why, cure)
    return Finding.good(pbx, "timestampevents", "events carry the switch's time")


def _clock(pbx: str, seen: PbxSeen) -> Finding:
    if seen.skew_us is None:
        return Finding.unseen(pbx, "clock", "the switch's clock is not told")
    skew = abs(seen.skew_us)
    way = "ahead of" if seen.skew_us > 0 else "behind"
    what = f"the switch's clock is {_size(skew)} {way} this machine's"
    why = (
        "verdicts do not depend on it; calls are dated by this machine's clock while they differ by more than a minute"
    )
    cure = "compare both with a watch (`date`), and let a time service set them (`timedatectl set-ntp true`)"
    if skew > SKEW_BAD_US and (skew % _HOUR_US <= SKEW_BAD_US or skew % _HOUR_US >= _HOUR_US - SKEW_BAD_US):
        cure += "; off by whole hours: its hardware clock keeps local time (`timedatectl set-local-rtc 0`)"
    if skew >= SKEW_BAD_US:
        return Finding.bad(pbx, "clock", what, why, cure)
    if skew >= SKEW_NOTE_US:
        return Finding.note(pbx, "clock", what, why, cure)
    return Finding.good(pbx, "clock", what)


def _size(span_us: int) -> str:
    """How far two clocks are apart, as people say it."""
    seconds = span_us / MICROSECONDS
    if seconds < 120:
        return f"{seconds:.3f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours // 24} days {hours % 24} h" if hours >= 48 else f"{hours} h {minutes} min"


def _rights(pbx: str, seen: PbxSeen) -> Iterator[Finding]:
    missing = sorted({*seen.refused, *(name for name in NEEDED_ACTIONS if name not in seen.commands)} - {"QueueStatus"})
    if missing:
        why = "after a lost link, calls that are under way could not be found again"
        yield Finding.bad(pbx, "rights_missing", f"may not run {', '.join(missing)}", why, _CURE_BOTH)
    if "QueueStatus" in seen.refused:
        cure = "asterisk -rx 'module load app_queue.so', if this PBX has queues"
        what = "QueueStatus is refused: there is no app_queue"
        yield Finding.note(pbx, "queues", what, cure=cure)
    if not any(event.name == "FullyBooted" for event in seen.events):
        why = "restarts of the switch and phones that go off would not be seen"
        yield Finding.bad(pbx, "rights_missing", "events of the class system do not come", why, _CURE_BOTH)
    shown = _classes((*seen.earlier, *seen.events)) | seen.heard
    if seen.before != seen.after and "call" not in _classes(seen.events):
        changed = sorted({name for name, _ in seen.before.items() ^ seen.after.items()})
        what = f"calls changed while listening ({', '.join(changed[:3])}), and no event of class call came"
        yield Finding.bad(pbx, "rights_missing", what, "no call can be followed", _CURE_BOTH)
        shown = shown | {"call"}
    unseen = sorted(WATCHER_READ - {"system"} - shown - seen.unneeded)
    if unseen:
        what = f"whether events of class {', '.join(unseen)} come shows only in a call"
        standing = [f"{name} {state}" for name, state in sorted(seen.after.items()) if name]
        if standing and seen.before == seen.after:
            what += (
                f"; one is under way and did nothing meanwhile ({', '.join(standing[:3])}): listen until it is answered"
            )
        yield _unseen(pbx, "rights_missing", what, "calls, queues and the hotline's announcements come by them")
    yield from _excessive(pbx, seen)


def _excessive(pbx: str, seen: PbxSeen) -> Iterator[Finding]:
    # an action names every right that allows it; where none of those is a watcher's, the user has more than that
    beyond = {name: rights for name, rights in seen.commands.items() if not rights & WATCHER_WRITE}
    rights = sorted({next(iter(allowing)) for allowing in beyond.values() if len(allowing) == 1})
    why = "whoever gets hold of this secret can do the same to the switch"
    if beyond:
        examples = ", ".join(sorted(beyond, key=_grave_first)[:4])
        what = f"may do more than watch: write = {','.join(rights) or '…'} allows {examples}"
        yield Finding.bad(pbx, "rights_excessive", what, why, _CURE_BOTH)
    more = sorted(_classes(seen.events) - WATCHER_READ)
    if more:
        what = f"is told more than it needs: read has {', '.join(more)}"
        why = "events nobody wants cost both machines time, and may hold personal data"
        yield Finding.note(pbx, "rights_excessive", what, why, _CURE_USER)
    if not beyond and not more:
        yield Finding.good(pbx, "rights_excessive", "may watch and nothing else")


def _live(events: Iterable[AmiEvent]) -> list[AmiEvent]:
    """Events that happened: neither items of a list, nor the greeting of a login, which never carries a time."""
    return [event for event in events if event.get("Privilege") and event.name != "FullyBooted"]


def _classes(events: Iterable[AmiEvent]) -> set[str]:
    """The classes that let a user read these events."""
    return {part for event in events for part in (event.get("Privilege") or "").split(",")} - {"", "all"}


async def _ask(link: Link, action: Action) -> Answer | None:
    """The answer; None if the user may not ask this."""
    try:
        answer = await link.ask(action, 10)
    except AmiActionError:
        return None
    return None if answer.response.get("Response") == "Error" else answer


async def _skew(link: Link, now: NowUs) -> int | None:
    """How far the switch's clock is ahead of ours, taken at the middle of a Ping."""
    before = now()
    answer = await _ask(link, actions.ping())
    theirs = parse_epoch(answer.response.get("Timestamp", "") or "") if answer else None
    return None if theirs is None else theirs - (before + now()) // 2


def _unseen(pbx: str, check: str, what: str, why: str) -> Finding:
    cure = "look again while a call rings: voicedesk doctor --listen 30"
    return Finding.unseen(pbx, check, what, why, cure)
