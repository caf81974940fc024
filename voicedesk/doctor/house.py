"""The doctor's look at the house it is in: each switch's lists beside the settings and the last day's calls.

`look_around` asks and reads, and changes nothing; what follows from it is in the pure modules beside this one.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from voicedesk.ami.link import AmiAddress
from voicedesk.calls.model import JudgedCall
from voicedesk.clock import NowUs, to_datetime
from voicedesk.discovery.day import DAY_US, HouseDay, day_of
from voicedesk.discovery.lists import HouseSeen, look_at_house
from voicedesk.doctor.calls import check_calls, nothing_yet, tells_of_user_events
from voicedesk.doctor.finding import Finding, Grade, both
from voicedesk.doctor.logs import check_logs
from voicedesk.doctor.names import Surroundings, check_names
from voicedesk.doctor.recording import check_notice, check_places, check_recording
from voicedesk.english_counts import counted
from voicedesk.errors import InputError, StoreError
from voicedesk.jobs.hearing import recordings
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

MOST_CALLS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseLook:
    """What was seen of a hall. `recorded`: as `recordings_found` says of each switch."""

    around: Surroundings
    calls: tuple[JudgedCall, ...] = ()
    recorded: dict[str, tuple[int, int]] = field(default_factory=dict)

    def classes_heard(self, pbx: str) -> frozenset[str]:
        """The classes of events that came in the last day."""
        day = self.around.days.get(pbx)
        return frozenset(day.classes if day is not None else ()) - {"all", ""}

    def classes_unneeded(self, pbx: str) -> frozenset[str]:
        """Classes of which this switch sends no event that matters: it has no queue, or says nothing of ours."""
        house, day = self.around.houses.get(pbx), self.around.days.get(pbx, HouseDay())
        if house is None:
            return frozenset()
        none = set()
        if house.queues is not None and not house.queues and not any(one.queues for one in self.around.settings.lines):
            none.add("agent")
        if tells_of_user_events(day, house) is True:
            none.add("user")
        return frozenset(none)


async def look_around(
    settings: Settings, addresses: Sequence[AmiAddress], now: NowUs, *, has_database: bool = True
) -> HouseLook:
    """Asks every switch for its lists and the store for the last day; what cannot be had is left out."""
    numbers = {phone.extension for phone in settings.phones if phone.extension}
    houses = await asyncio.gather(*(look_at_house(address, now, numbers=numbers) for address in addresses))
    days: dict[str, HouseDay] = {}
    calls: list[JudgedCall] = []
    recorded: dict[str, tuple[int, int]] = {}
    since = now() - DAY_US
    if has_database:
        with contextlib.suppress(StoreError):  # what is wrong with it is a finding of its own
            async with Store.open(settings.store.url, may_write=False) as store:
                for pbx in settings.pbx:
                    days[pbx.name] = await day_of(store, pbx.name, since)
                    recorded[pbx.name] = await recordings_found(store, pbx, since)
                calls = await _calls(store, since)
    seen = {house.pbx: house for house in houses if house is not None}
    around = Surroundings(settings=settings, houses=seen, days=days)
    return HouseLook(around=around, calls=tuple(calls), recorded=recorded)


async def recordings_found(store: Store, pbx: PbxSettings, since: int) -> tuple[int, int]:
    """How many recordings of a switch were taken up since an instant, and how many lie there to be heard."""
    heard = sum([one.pbx == pbx.name async for one in store.greetings.each(GreetingFilter(from_at=since))])
    try:
        return heard, len(recordings.waiting(pbx.recordings)) if pbx.recordings is not None else 0
    except InputError:  # what is wrong with the folder is a finding of its own
        return heard, 0


async def _calls(store: Store, since: int) -> list[JudgedCall]:
    found: list[JudgedCall] = []
    async for stored in store.calls.each(CallFilter(from_at=since)):
        found.append(stored.call)
        if len(found) >= MOST_CALLS:
            break
    return found


def check_house(look: HouseLook, now: NowUs) -> list[Finding]:
    """Everything that follows; a house that is as the settings say, with calls that show it, is one good finding."""
    around, settings = look.around, look.around.settings
    if not settings.pbx:
        return []
    found = list(check_names(around, to_datetime(now())))
    found += check_calls(around, look.calls)
    found += _user_events(around)
    for pbx in settings.pbx:
        house, day = around.houses.get(pbx.name), around.days.get(pbx.name, HouseDay())
        if house is not None:
            found += check_places(pbx.name, house)
            found += check_notice(settings, pbx.name, house)
            found += check_modules(around, pbx.name, house)
        if pbx.recordings is not None:
            heard, waiting = look.recorded.get(pbx.name, (0, 0))
            found += check_recording(around, pbx.name, heard=heard, waiting=waiting)
        ended = [one.facts.ended_at for one in look.calls if one.facts.pbx == pbx.name and one.facts.ended_at]
        queued = any(call.queues for call in day.calls.values())
        found += check_logs(pbx, house, last_call_at=max(ended, default=None), has_queue_calls=queued)
    quiet = nothing_yet(around)
    if quiet is not None:
        found.append(quiet)
    if around.houses and not any(one.grade is Grade.BAD for one in found):
        told = sum(len(day.calls) for day in around.days.values())
        what = both(
            f"配置与交换机相符 (最近一天 {told} 通)",
            f"the settings fit the switch ({counted(told, 'calls')} in the last day)",
        )
        found.append(Finding.good("house", "house", what))
    return found


def check_modules(around: Surroundings, pbx: str, house: HouseSeen) -> list[Finding]:
    """Lists that the switch does not know at all: a module is not loaded, whatever the user may do."""
    has_queues = any(line.queues for line in around.settings.lines)
    needed = {
        "QueueStatus": (
            "app_queue.so",
            Grade.BAD if has_queues else Grade.NOTE,
            "the queues of the settings cannot be",
        ),
        "DeviceStateList": ("res_manager_devicestate.so", Grade.BAD, "whether phones are free or busy is not known"),
    }
    found = []
    for name, (module, grade, english) in needed.items():
        if "unknown command" in house.refused.get(name, "").lower():
            what = both(f"交换机没有装载 {module}", f"the switch does not know {name}: {module} is not loaded")
            why = both("没有它就看不到队列或话机的状态", english)
            cure = f"asterisk -rx 'module load {module}'; and take a noload for it out of modules.conf"
            found.append(Finding(subject=pbx, check="module_missing", grade=grade, what=what, why=why, cure=cure))
    return found


def _user_events(around: Surroundings) -> list[Finding]:
    """Events of class `user` that were due and never came."""
    found = []
    for pbx, house in around.houses.items():
        if tells_of_user_events(around.days.get(pbx, HouseDay()), house) is False:
            what = both("收不到 user 类事件", "events of class user were due in the last day's calls, and none came")
            why = both("线路、录音提示和小休都不会报来", "lines, the notice of recording and breaks are told by them")
            cure = "in manager.conf, for this user: read = system,call,agent,user; then: asterisk -rx 'manager reload'"
            found.append(Finding.bad(pbx, "rights_missing", what, why, cure))
    return found
