"""Every item of a hall told to fifty callers at once: sound without a pause is measured, so nothing runs beside it."""

import asyncio
from itertools import pairwise

import pytest
from tests.system.test_ivr import (
    HEARD,
    NOTICES,
    answered,
    choose,
    ended_calls,
    ledger,
    number_of,
    open_hall,  # noqa: F401  # a fixture
    pytestmark,  # noqa: F401  # what holds for its calls holds for these
    until,
)
from tests.testbed.call import Call
from tests.testbed.callers import Ears, sample_menu
from voicedesk.ivr.model import MenuItem
from voicedesk.prompts.book import PromptBook

CALLERS_TURN, AUDIBLE = 5.0, 0.2
SHARED = (
    *("arbitration", "labour_capacity", "labour_inspection", "relation_transfer", "retirement", "social_security_card"),
    *("survivor_benefit", "unemployment_benefit", "work_injury", "work_injury_benefit"),
)
"""The longest items: one caller hears their first half, another skips to the second. All others are heard whole, up to
a minute and three quarters: about as long as the longest half."""
FIRST_HALF = ("name", "materials", "procedure")
TRANSCRIBED = ("materials", "procedure", "basis", "time_limit", "guide")


@pytest.mark.timeout(1200, func_only=True)
async def test_every_item_is_told_whole_to_fifty_callers_at_once_and_none_stutters(open_hall, book):  # noqa: F811
    stage, service = open_hall
    menu = sample_menu()
    items = [menu.items[n % len(menu.items)] for n in range(50)]
    calls, listening = [], []
    told = {number_of(n): item.id for n, item in enumerate(items)}

    def all_told(kept):
        done = {n for n, call in enumerate(calls) if has_heard(kept[number_of(n)], part_of(items, n))}
        for n in done:
            calls[n].bye()  # who is silent is led to a person
        return len(done) == 50

    for n, item in enumerate(items):
        calls.append(await answered(await stage.call_in(NOTICES, number=number_of(n))))
        listens = listen(service, calls[n], number_of(n), item, part_of(items, n))
        listening.append(asyncio.create_task(listens))  # at once: who hears the menu for too long is led on
    begun = await asyncio.gather(*listening)
    kept = await until(service, all_told, seconds=600)
    await stage.quiet()
    stage.check()
    assert {number: one["notices"][0]["item_id"] for number, one in kept.items()} == told
    assert len({one["code"] for one in kept.values()}) == 50
    kept = await ledger(service)
    whole = {number_of(n) for n in range(50) if part_of(items, n) == "all"}
    assert {(one["state"], one["exit"]) for number, one in kept.items() if number in whole} == {("after", None)}
    assert {number for number, one in kept.items() if one["notices"][0]["is_complete"]} == whole
    frames = sum(call.media.frames_received for call in calls)
    assert sum(map(pauses, calls)) < 0.001 * frames
    assert sum(map(lost_frames, calls)) < 0.001 * frames
    judged = await ended_calls(service, told)
    assert {judged[number]["reason"] for number in whole} == {"self_served"}
    ears = Ears()
    listeners = {item.id: [n for n in range(50) if items[n] is item] for item in menu.items}
    listeners = {id_: those[: 2 if id_ in SHARED else 1] for id_, those in listeners.items()}
    transcribed = sorted(n for those in listeners.values() for n in those)
    transcripts = await asyncio.gather(
        *(
            asyncio.to_thread(ears.heard, calls[n], since=begun[n], until=begun[n] + enough_of(items, n, book))
            for n in transcribed
        )
    )
    heard_by = dict(zip(transcribed, transcripts, strict=True))
    for item in menu.items:
        heard = [syllable for n in listeners[item.id] for syllable in heard_by[n]]
        for part in item.parts:
            if part.part in TRANSCRIBED:
                for sentence in part.sentences:
                    assert ears.share_of(heard, sentence) >= HEARD, (item.id, part.part, sentence)


def enough_of(items: list[MenuItem], n: int, book: PromptBook) -> int:
    """Samples from the choice of an item on in which all is said that is transcribed: to hear more costs much."""
    which = part_of(items, n)
    parts = [part for part in items[n].parts if part.part in ("name", *TRANSCRIBED)]
    told = (
        text
        for part in parts
        if which == "all" or (part.part in FIRST_HALF) == (which == "first half")
        for text in part.sentences
    )
    around = 30.0 if which == "second half" else 15.0  # what introduces the item, is skipped, and was on its way
    return round(8000 * (around + sum(found.seconds for text in told if (found := book.find(text)))))


def part_of(items: list[MenuItem], n: int) -> str:
    """What of its item a caller hears."""
    if items[n].id not in SHARED:
        return "all"
    return "second half" if any(one is items[n] for one in items[:n]) else "first half"


def has_heard(kept: dict, which: str) -> bool:
    if not kept["notices"]:
        return False
    parts = {one["part"]: one["finished"] == one["sentences"] for one in kept["notices"][0]["parts"]}
    first = all(parts[part] for part in FIRST_HALF if part in parts)
    second = all(done for part, done in parts.items() if part not in FIRST_HALF)
    return {"all": first and second, "first half": first, "second half": second}[which]


async def listen(service, call: Call, number: str, item: MenuItem, which: str) -> int:
    """Has a caller hear what is theirs of an item; the sample of the call at which it was chosen."""
    begun = await choose(service, call, number, item)
    if which == "second half":
        for n in range(1, 1 + len(FIRST_HALF)):
            await call.press("3")
            await until(service, lambda kept, n=n: [key["key"] for key in kept[number]["keys"]].count("3") >= n)
    return begun


def pauses(call: Call) -> int:
    """How often nothing came for a while that can be heard; longer ones are the caller's turn to press a key."""
    times = [at for at, _ in call.media.arrivals]
    return sum(AUDIBLE < b - a < CALLERS_TURN for a, b in pairwise(times))


def lost_frames(call: Call) -> int:
    numbers = [number for _, number in call.media.arrivals]
    return sum((b - a) % 65536 != 1 for a, b in pairwise(numbers))
