"""What is asked of a switch after each connection: whether it was restarted, and which channels, queues and devices
exist."""

from collections.abc import Callable
from dataclasses import dataclass

from asterisk.ami.action import Action

from voicedesk.ami import actions
from voicedesk.ami.link import Link
from voicedesk.ami.message import AmiEvent, Origin
from voicedesk.ami.protocol import Answer
from voicedesk.ami.reconnect import LinkTimes
from voicedesk.ami.reports import LinkReports
from voicedesk.ami.stream import EventStream
from voicedesk.clock import MICROSECONDS, format_epoch, parse_epoch
from voicedesk.errors import AmiLinkLost

CHANNELS = "CoreShowChannels"
_SAME_START_US = 5 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the switch: its start in its own words (empty: it would not say) and by its uptime, its version.

    `clock_us` is what its clock showed when it was asked; None where it would not say.
    """

    boot: str
    version: str
    started_us: int | None = None
    clock_us: int | None = None


class KnownRun:
    """Remembers the last run of a switch, to tell a restart from a lost link."""

    def __init__(self) -> None:
        self._boot = ""
        self._started_us: int | None = None

    def is_restarted_as(self, run: Run) -> bool:
        """Whether the switch was restarted: `run` is not the last run known. It is remembered as the last one.

        If the switch does not tell when it was started, its uptime decides, in whole seconds.
        """
        if run.boot and self._boot:
            restarted = run.boot != self._boot
        elif run.started_us is not None and self._started_us is not None:
            restarted = abs(run.started_us - self._started_us) > _SAME_START_US
        else:
            restarted = False
        self._boot = run.boot or self._boot
        self._started_us = self._started_us if run.started_us is None else run.started_us
        return restarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What exists: the items of all lists in order, which lists are missing, and whether it is complete.

    If the list of channels is missing, or a list was cut short, nothing may be concluded from what is absent.
    """

    items: list[AmiEvent]
    missing: list[str]
    is_complete: bool


async def ask_run(link: Link, times: LinkTimes) -> Run:
    """Which run of the switch answers. Raises AmiLinkLost where the link is lost."""
    status = await _try(link, actions.core_status(), times)
    settings = await _try(link, actions.core_settings(), times)
    boot = ""
    if status is not None:
        boot = f"{status.response.get('CoreStartupDate')} {status.response.get('CoreStartupTime')}".strip()
    version = settings.response.get("AsteriskVersion") if settings is not None else ""
    pong = await _try(link, actions.ping(), times)
    clock_us = parse_epoch(pong.response.get("Timestamp")) if pong is not None else None
    return Run(boot=boot, version=version, started_us=link.started_us, clock_us=clock_us)


async def ask_snapshot(link: Link, times: LinkTimes) -> Snapshot:
    """What is there now. Raises AmiLinkLost where the link is lost."""
    items: list[AmiEvent] = []
    missing = []
    is_complete = True
    hints = actions.extension_state_list()
    for action in (actions.core_show_channels(), hints, actions.queue_status(), actions.device_state_list()):
        answer = await _try(link, action, times)
        if action is hints:  # without them it is whole too: members are tied to phones otherwise
            items += answer.items if answer is not None else ()
            continue
        if answer is None:
            missing.append(action.name)
            continue
        items += answer.items
        is_complete = is_complete and answer.complete
    return Snapshot(items=items, missing=missing, is_complete=is_complete and CHANNELS not in missing)


class Resync:
    """Begins each connection: which run of the switch this is, then what is there, then the live events.

    `came_up(run)` is called as soon as the switch has said which run it is.
    """

    def __init__(
        self, stream: EventStream, times: LinkTimes, reports: LinkReports, came_up: Callable[[Run], None]
    ) -> None:
        self._stream = stream
        self._times = times
        self._reports = reports
        self._came_up = came_up
        self._known_run = KnownRun()

    async def run(self, link: Link, since_us: int) -> None:
        """Tells all this in the stream. Raises AmiLinkLost where the link is lost meanwhile.

        Nothing was missed since `since_us`, for what came meanwhile is held. So a call that began after it lies in no
        gap, however long the switch takes to answer, and this machine to go on. `SwitchTime` is a later instant, by the
        switch's own clock: nothing that it stamps later is missing.
        """
        stream = self._stream
        run = await ask_run(link, self._times)
        restarted = self._known_run.is_restarted_as(run)
        stream.origin = link.protocol.origin = Origin(pbx=stream.origin.pbx, boot=run.boot)
        self._reports.up(run.version, restarted)
        self._came_up(run)
        theirs = None if run.clock_us is None else format_epoch(run.clock_us)
        told = {"Boot": run.boot, "Restarted": int(restarted), "Version": run.version, "SwitchTime": theirs}
        stream.mark_at(since_us, "VoicedeskLink", "up", **told)
        stream.mark("VoicedeskSnapshot", "begin")
        is_complete, missing = False, ""
        try:
            snapshot = await ask_snapshot(link, self._times)
            is_complete, missing = self._give(snapshot)
        finally:
            stream.mark("VoicedeskSnapshot", "end", Complete=int(is_complete), Missing=missing or None)
            stream.release()

    def _give(self, snapshot: Snapshot) -> tuple[bool, str]:
        """Gives the snapshot's items; returns whether all of it was given, and the names of the lists it lacks."""
        missing = ",".join(snapshot.missing)
        self._reports.lists_missing(missing)
        return self._stream.give_listed(snapshot.items) and snapshot.is_complete, missing


async def _try(link: Link, action: Action, times: LinkTimes) -> Answer | None:
    """The answer, None where the switch refuses or says nothing while the link stands."""
    try:
        answer = await link.ask(action, times.list_seconds, most_seconds=times.list_most_seconds)
    except AmiLinkLost:
        link.raise_if_lost()
        return None
    return None if answer.response.is_error() else answer
