"""The IVR on real calls: real keys, real speech, real ears; a person from everywhere; never the point of failure."""

import asyncio
import contextlib
import time
import weakref
from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import pytest_asyncio
import soxr
from tests.testbed.behaviours import answers_after
from tests.testbed.call import Call
from tests.testbed.callers import SILENT_HALL, Ears, ivr_settings, sample_menu
from tests.testbed.plan import Line, Plan
from tests.testbed.service import RunningService
from tests.testbed.stage import Stage
from tools.speech_model.espeak import Espeak, Voice
from voicedesk.audio.g711 import encode_alaw
from voicedesk.desk.consultations import consultation_json, row_of
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.ivr.keys import KEYS
from voicedesk.ivr.model import MenuItem, State
from voicedesk.prompts.pronunciation import shipped_pronunciation
from voicedesk.store.consultations import ConsultationFilter
from voicedesk.store.store import Store

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600, func_only=True),  # a new machine speaks all prompts first; calls last as long as they last
]

NOTICES = "4900"
HEARD = 0.55
"""Of a text's syllables, heard bare over the telephone: the right text has 0.5 and more, another one about 0.3."""
WELCOME = "您好，这里是人力资源和社会保障服务热线。"
GAVE_UP = b"Context: voicedesk-ivr\r\nExten: T\r\n"
"""What the switch tells when it waited in vain for Voicedesk to go on with a call, and led it on by itself."""
APART_SECONDS = 2.0
"""So long after the one before a caller comes who is to be understood: not all speak in the same second."""
STAYS_SECONDS = 3.0
"""Who leaves does nothing for so long, so that the hang-up is told from what came before it."""
NOTED_SECONDS = 6.0
"""In this time a hang-up is noted, however busy the machine: sooner than the switch would lead on who hears nothing."""
STAFF = tuple(f"agent{n}" for n in range(1, 14))
STATES = [state for state in State if state is not State.LEFT]
VOICES = (("linda", 150), ("edward2", 165), ("Michael", 140), ("klatt6", 150), ("m7", 175), ("f2", 155))


@pytest_asyncio.fixture(loop_scope="session")
async def open_hall(tmp_path, book):
    """A hall on duty, whose IVR answers on a number of its own."""
    line = Line(extension="4001", name="hotline", members=STAFF, strategy="rrmemory", ring_seconds=25)
    async with hall(line, STAFF, tmp_path, book) as both:
        yield both


class hall:  # noqa: N801 -- reads as a word in `async with hall(...)`
    """A switch with its phones, and the service beside it."""

    def __init__(self, line, staff, folder, book, **settings):
        self._plan = Plan(ivr=True, staff=staff, lines=(line,))
        self._folder, self._book, self._settings = folder, book, settings

    async def __aenter__(self):
        self._stage = await Stage(self._plan).__aenter__()
        try:
            settings = ivr_settings(self._plan, self._stage.switch.run, self._book, **self._settings)
            self._service = await RunningService(self._plan, self._folder, hall=SILENT_HALL, ivr=settings).__aenter__()
        except BaseException:
            await self._stage.__aexit__()
            raise
        await self._service.wait_for("ivr_listening")
        return self._stage, self._service

    async def __aexit__(self, *_):
        await self._service.__aexit__()
        await self._stage.__aexit__()
        assert "prompts_being_built" not in [one["event"] for one in self._service.log]


async def answered(call: Call) -> Call:
    async with asyncio.timeout(60):
        await call.answered.wait()
    return call


async def entries(service: RunningService) -> list[dict]:
    """What is kept, newest first: read from the database, for a command each time would cost too much."""
    async with Store.open(f"sqlite:///{service.config.parent / 'voicedesk.db'}", upgrade=False) as store:
        found = await store.consultations.list(ConsultationFilter(), limit=1000)
    everything = replace(AT_THE_MACHINE, may_see_numbers=True)
    return [consultation_json(row_of(one, viewer=everything)) for one in found]


async def ledger(service: RunningService) -> dict[str, dict]:
    """What is kept, by the caller's number."""
    return {one["caller_number"]: one for one in await entries(service)}


async def until(service: RunningService, done, seconds: float = 90) -> dict[str, dict]:
    """The ledger once `done` holds of it."""
    return await LEDGERS.setdefault(service, WatchedLedger(service)).until(done, seconds)


class WatchedLedger:
    """The ledger, read again and again while anybody waits for something in it, and once for all of them.

    Dozens of callers wait at a time: if each read it, this would take the machine from those who are tried.
    """

    def __init__(self, service: RunningService) -> None:
        self._service = weakref.proxy(service)
        self._read = asyncio.Condition()
        self._begun = self._waiting = 0

    async def until(self, done, seconds: float) -> dict[str, dict]:
        """The ledger once `done` holds of it, as it was read after this call."""
        since, self._waiting = self._begun, self._waiting + 1
        if self._waiting == 1:
            self._task = asyncio.create_task(self._read_on())
        try:
            async with asyncio.timeout(seconds), self._read:
                while True:
                    await self._read.wait()
                    number, kept = self._found
                    if number > since and done(kept):
                        return kept
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._task.cancel()

    async def _read_on(self) -> None:
        while True:
            self._begun += 1
            number = self._begun
            kept = await ledger(self._service)
            async with self._read:
                self._found = (number, kept)
                self._read.notify_all()
            await asyncio.sleep(0.2)


LEDGERS: weakref.WeakKeyDictionary[RunningService, WatchedLedger] = weakref.WeakKeyDictionary()


async def ended_calls(service: RunningService, numbers: Collection[str], seconds: float = 90) -> dict[str, dict]:
    """The judged calls by the caller's number, once those of `numbers` are over and saved."""
    async with asyncio.timeout(seconds):
        while True:
            judged = {one["caller_number"]: one for one in await service.calls() if one["ended_at"]}
            if judged.keys() >= set(numbers):
                return judged
            await asyncio.sleep(0.3)


async def until_state(service: RunningService, number: str, state: str) -> None:
    """The caller stands there, so that the next key is meant for it."""
    await until(service, lambda kept: number in kept and kept[number]["state"] == state)


def number_of(n: int) -> str:
    return f"138{n:08d}"


async def choose(service, call: Call, number: str, item: MenuItem) -> int:
    """Chooses an item by keys, each pressed where it belongs; the sample of the call at which that was done."""
    await call.hears_more(0)
    await call.press(item.group)
    await until_state(service, number, "group")
    begun = len(call.media.heard)
    await call.press(item.key)
    await until_state(service, number, "notice")
    return begun


async def test_a_said_name_is_read_back_and_told_or_left_by_0_or_by_a_hang_up(open_hall):
    stage, service = open_hall
    stage.set(**{name: answers_after(0.5) for name in STAFF})
    menu, espeak, ears = sample_menu(), Espeak(), Ears()
    wanted = [(menu.items[n % len(menu.items)], voice) for n, voice in enumerate(VOICES * 2)]
    calls, choosing = [], []
    for n, (item, voice) in enumerate(wanted):
        calls.append(await answered(await stage.call_in(NOTICES, number=number_of(n))))
        sound = said(espeak, item, voice)
        chooses = choose_by_name(service, calls[n], number_of(n), item, sound, ears)
        choosing.append(asyncio.create_task(chooses))
        await asyncio.sleep(APART_SECONDS)
    leavers = [await answered(await stage.call_in(NOTICES, number=number_of(100 + n))) for n in range(2)]
    chosen, _, gone_at = await asyncio.gather(
        asyncio.gather(*choosing),
        want_a_person_at_confirm(service, leavers[0], number_of(100), said(espeak, *wanted[0])),
        leave_at_confirm(service, leavers[1], number_of(101), said(espeak, *wanted[0])),
    )
    by_keys = [n for n, was_understood in enumerate(chosen) if not was_understood]
    assert len(by_keys) <= len(wanted) // 4, [wanted[n] for n in by_keys]
    for n in by_keys:
        await until_state(service, number_of(n), "menu")
    await asyncio.gather(*(choose(service, calls[n], number_of(n), wanted[n][0]) for n in by_keys))
    kept = await until(service, lambda kept: all(kept[number_of(n)]["notices"] for n in range(len(wanted))))
    assert await talking(stage, 1) == 1
    for call in (*calls, leavers[0]):
        call.bye()
    await stage.quiet()
    stage.check()
    told = {number: one["notices"][0]["item_id"] for number, one in kept.items() if number < number_of(100)}
    assert told == {number_of(n): item.id for n, (item, _) in enumerate(wanted)}
    assert list((stage.switch.run / "callers").iterdir()) == []
    judged = await ended_calls(service, [number_of(100)])
    assert judged[number_of(100)]["verdict"] == "on_time"
    kept = await ledger(service)
    served, gone = kept[number_of(100)], kept[number_of(101)]
    assert (served["state"], served["exit"]) == ("left", "person")
    assert not served["notices"]
    assert [(key["state"], key["key"]) for key in served["keys"]] == [("confirm", "0")]
    assert (gone["state"], gone["exit"], proof(gone)[0]) == ("confirm", None, 1)
    assert not gone["notices"][0]["is_complete"]
    assert [key["key"] for key in gone["keys"]] == [*KEYS_TO[State.NOTICE], "1", "*"]
    assert -0.1 < gone["ended_at"] - gone_at < NOTED_SECONDS


async def want_a_person_at_confirm(service, call: Call, number: str, sound: bytes) -> None:
    """Says a name, and presses 0 when one is read back."""
    await to_confirm(service, call, number, sound)
    await call.press("0")
    await until(service, lambda kept: kept[number]["exit"] == "person")


async def leave_at_confirm(service, call: Call, number: str, sound: bytes) -> float:
    """Hears the first part of an item, goes back, says a name, and hangs up while one is read back: when that was."""
    await bring(service, call, number, State.NOTICE, "")
    await call.press("1")
    await until(service, lambda kept: proof(kept[number])[0] == 1)
    await call.press("*")
    await until_state(service, number, "menu")
    await to_confirm(service, call, number, sound)
    return await left(call)


async def left(call: Call) -> float:
    """Stays for a while, so that the hang-up is told from what came before it; when it hung up."""
    await asyncio.sleep(STAYS_SECONDS)
    left_at = time.time()
    call.bye()
    return left_at


async def to_confirm(service, call: Call, number: str, sound: bytes) -> None:
    """Says a name, once more if none was understood, until one is read back: whichever."""
    for _ in range(2):
        await quiet_after(call, len(call.media.heard) + 8000 * 12)
        call.say(sound)
        with contextlib.suppress(TimeoutError):
            await until(service, lambda kept: kept[number]["state"] == "confirm", seconds=15)
            return
    raise AssertionError(f"{number}: nothing was read back")


def said(espeak: Espeak, item, voice) -> bytes:
    """ "我要办理 …" in A-law."""
    name, speed = voice
    text = shipped_pronunciation().of(f"我要办理{item.name}")
    samples = espeak.read(text, Voice(variant=name, speed=speed), "cmn-latn-pinyin")
    line = soxr.resample(samples, espeak.rate, 8000)
    return encode_alaw(np.clip(line * 0.7, -32767, 32767).astype(np.int16))


async def choose_by_name(service, call: Call, number: str, item: MenuItem, sound: bytes, ears: Ears) -> bool:
    """Says a name after the tone, once more if nothing or another item is read back, and confirms its own.

    Who was misheard twice stands before the keys.
    """
    names, heard, before = [one.name for one in sample_menu().items], call.media, 8000 * 20
    for _ in range(2):
        await quiet_after(call, before)
        call.say(sound)
        before = len(heard.heard) + 8000
        with contextlib.suppress(TimeoutError):
            await until(service, lambda kept: kept[number]["state"] == "confirm", seconds=15)
            await quiet_after(call, before + 8000)
            if await asyncio.to_thread(ears.which, call, names, since=before - 8000) == item.name:
                await call.press("1")
                return True
            before = len(heard.heard) + 8000
            await call.press("2")
    return False


async def quiet_after(call: Call, frames: int) -> None:
    """It has said this much and is silent."""
    async with asyncio.timeout(90):
        while not is_quiet(call.media, 0.4) or len(call.media.heard) < frames:
            await asyncio.sleep(0.05)


def is_quiet(media, seconds: float) -> bool:
    """Nothing has been sent to this phone for a while: the tone is over, it is the caller's turn."""
    return bool(media.arrivals) and time.time() - media.arrivals[-1][0] > seconds


KEYS_TO = {
    State.MENU: "",
    State.GROUP: "6",
    State.NOTICE: "65",
    State.AFTER: "651H3",
    State.CALLBACK: "7",
    State.NUMBER: "72",
    State.NUMBER_CONFIRM: "72N",
    State.COMPLAINT: "9",
    State.CODE: "8",
    State.STANDING: "8C",
    State.SECOND_VISIT: "8C2",
    State.DONE: "71",
}
"""Keys that lead to a state; N is a number, C a code, H the item's name, heard to its end."""


async def bring(service, call, number, state, code, *, since: int = 0) -> None:
    """Leads a caller to a state by keys; each key is pressed where it belongs, the first when the menu is heard.

    `since` is the sample of the call before which no menu was told.
    """
    at = [State.MENU, *(one for one in KEYS_TO if one is not State.MENU and KEYS_TO[state].startswith(KEYS_TO[one]))]
    path = sorted(set(at), key=lambda one: len(KEYS_TO[one]))
    await call.hears_more(since)
    for before, after in pairwise(path):
        keys = KEYS_TO[after].removeprefix(KEYS_TO[before])
        first, is_listened, then = keys.partition("H")
        await call.press(first.replace("N", "13912345678#").replace("C", code))
        if is_listened:
            await until(service, lambda kept: proof(kept[number])[0] == 1)
        await call.press(then)
        await until_state(service, number, after.value)


def proof(kept: dict) -> list[int]:
    """How many sentences of each part of the one item were heard to their end."""
    (told,) = kept["notices"]
    return [part["finished"] for part in told["parts"]]


async def test_0_reaches_a_person_from_every_state_and_a_hang_up_leaves_what_was_heard(open_hall):
    stage, service = open_hall
    stage.set(**{name: answers_after(0.5) for name in STAFF})
    code = await a_code(stage, service)
    states, left_at = list(KEYS_TO), {}
    leavers = [await answered(await stage.call_in(NOTICES, number=number_of(100 + n))) for n in range(len(states))]
    callers = [await answered(await stage.call_in(NOTICES, number=number_of(n))) for n in range(len(states))]

    async def leave(call: Call, n: int) -> None:
        await bring(service, call, number_of(100 + n), states[n], code)
        left_at[n] = await left(call)

    async def want_a_person(call: Call, n: int) -> None:
        await bring(service, call, number_of(n), states[n], code)
        await call.press("0")

    both = [(leave, leavers), (want_a_person, callers)]
    await asyncio.gather(*(does(call, n) for does, calls in both for n, call in enumerate(calls)))
    kept = await until(service, lambda kept: all(kept[number_of(n)]["exit"] == "person" for n in range(len(states))))
    await talking(stage, len(states))
    for call in callers:
        await call.hang_up()
    await stage.quiet()
    stage.check()
    judged = await ended_calls(service, [number_of(n) for n in range(len(states))])
    assert {judged[number_of(n)]["verdict"] for n in range(len(states))} == {"on_time"}
    kept = await ledger(service)
    for n, state in enumerate(states):
        gone = kept[number_of(100 + n)]
        assert (gone["state"], gone["exit"]) == (state.value, None)
        assert -0.1 < gone["ended_at"] - left_at[n] < NOTED_SECONDS, state
        assert bool(gone["requests"]) == (state is State.DONE)
        if state in (State.NOTICE, State.AFTER):
            assert proof(gone)[0] == (
                0 if state is State.NOTICE else 1
            )  # of the rest, what was heard till the key came
            assert not gone["notices"][0]["is_complete"]
        assert "13912345678" not in {key["key"] for key in gone["keys"]}


async def talking(stage, count: int) -> int:
    """How many phones of the staff were answered, once there are `count`."""
    async with asyncio.timeout(90):
        while (found := sum(map(is_talking, stage.phones.values()))) < count:
            await asyncio.sleep(0.1)
    return found


def is_talking(phone) -> bool:
    return any(call.answered.is_set() for call in phone.calls.values())


async def test_a_caller_whom_the_staff_transfer_hears_the_menu_and_the_ledger_says_it_was_on_request(open_hall, book):
    stage, service = open_hall
    stage.set(**{name: answers_after(0.3) for name in STAFF})
    by_refer, by_keys, wants_staff = [number_of(n) for n in range(3)]
    callers = {number: await stage.call_in("4001", number=number) for number in (by_refer, by_keys, wants_staff)}
    staff = {number: await staff_call(stage, number) for number in callers}
    for call in staff.values():
        await call.joined()
    before = {number: len(call.media.heard) for number, call in callers.items()}
    for number in (by_refer, wants_staff):
        await staff[number].transfer(NOTICES)
        staff[number].bye()
    await press_when_asked(staff[by_keys], "#1", NOTICES)
    await until(service, lambda kept: set(kept) == set(callers))
    menu = {number: len(call.media.heard) for number, call in callers.items()}
    for number, call in callers.items():
        await call.hears_more(menu[number])  # a key that is pressed before the menu is told is lost
    await callers[wants_staff].press("0")
    assert await staff_call(stage, wants_staff) is not staff[wants_staff]
    welcome, told = round(8000 * book.find(WELCOME).seconds), {}
    for number in (by_refer, by_keys):
        await callers[number].hears_more(menu[number], samples=welcome)
        told[number] = len(callers[number].media.heard)
        await bring(service, callers[number], number, State.NOTICE, "", since=menu[number])
    for call in callers.values():
        call.bye()
    await stage.quiet()
    stage.check()
    judged = await ended_calls(service, callers)
    kept = await ledger(service)
    for number in callers:
        assert (kept[number]["entry"], kept[number]["line"]) == ("on_request", "hotline")
        assert kept[number]["call_id"] == judged[number]["id"]
        assert judged[number]["verdict"] == "on_time"
    assert kept[wants_staff]["exit"] == "person"
    ears = Ears()
    for number in (by_refer, by_keys):
        assert [one["item_id"] for one in kept[number]["notices"]] == ["housing_fund"]
        heard = ears.heard(callers[number], since=before[number], until=told[number])
        assert ears.share_of(heard, WELCOME) >= HEARD


async def press_when_asked(call: Call, feature: str, number: str) -> None:
    """Presses the keys of a feature, and a number once the switch asks for it: earlier it takes no digits."""
    silent_until = len(call.media.heard)
    await call.press(feature)
    await call.hears_more(silent_until)
    await call.press(number)


async def staff_call(stage, number: str) -> Call:
    """The call in which a member of the staff talks to a caller now, waiting for it."""
    async with asyncio.timeout(60):
        while True:
            calls = [call for phone in stage.phones.values() for call in phone.calls.values()]
            for call in calls:
                if call.other_number == number and call.answered.is_set() and not call.ended.is_set():
                    return call
            await asyncio.sleep(0.02)


async def a_code(stage, service) -> str:
    """A code that belongs to an earlier call, in which a notice was begun."""
    call = await answered(await stage.call_in(NOTICES, number="13700000000"))
    await bring(service, call, "13700000000", State.NOTICE, "")
    call.bye()
    kept = await until(service, lambda kept: kept["13700000000"]["ended_at"] > kept["13700000000"]["started_at"])
    await stage.quiet()
    return kept["13700000000"]["code"]


async def test_every_state_that_keys_lead_to_is_tried():
    spoken_to = {State.CONFIRM}  # only a name leads there: tried where names are said
    assert set(KEYS_TO) | spoken_to == set(STATES)
    assert all("0" in KEYS[state] for state in STATES)
