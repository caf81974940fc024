"""Greetings in every kind of database: replaced as they become known, listed by page, forgotten in time."""

import os
from dataclasses import replace
from pathlib import Path

from tests.contracts.store.conftest import call_of
from voicedesk.greeting.evidence import Evidence, told_from_json
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import Limits
from voicedesk.jobs.hearing import recordings
from voicedesk.settings import Settings
from voicedesk.speech.transcript import Transcript, Understanding, Word
from voicedesk.store.calls import CallFilter
from voicedesk.store.greetings import GreetingFilter, StoredGreeting

TASK = GreetingTask(
    names=DepartmentNames(name="社保局", others=("医保局",)),
    template=("hello", "number", "matter"),
    limits=Limits(first_word_seconds=3, all_parts_seconds=10),
    number="008",
)
UNDERSTOOD = Understanding(confidence=0.9, known_share=1.0, agreement=0.8)
WORD = Word(text="您好", start_seconds=0.5, end_seconds=0.9, confidence=1.0)
EVIDENCE = Evidence(
    task=TASK,
    transcript=Transcript(words=(WORD,), heard_seconds=3.5, model="m", understanding=UNDERSTOOD),
    understanding=UNDERSTOOD,
    judgement=told_from_json({"verdict": "incomplete", "missing": ["number", "matter"], "transcript": "您好"}),
)
DAY = 24 * 3600 * 1_000_000


def greeting(n: int, **values) -> StoredGreeting:
    known = {"call_id": f"call{n}", "endpoint": "PJSIP/agent1", "answered_at": n, "evidence": EVIDENCE}
    return StoredGreeting(**{"pbx": "main", "uniqueid": f"1.{n}", "line": "hotline", **known, **values})


async def test_a_greeting_comes_back_as_it_was_saved_last(store):
    await store.greetings.save(greeting(1, verdict="incomplete"))
    last = greeting(
        1,
        verdict="compliant",
        is_final=True,
        forbidden=2,
        model="m",
        evidence=replace(EVIDENCE, judgement=told_from_json({"transcript": "您好\0"})),
    )
    await store.greetings.save(last)
    assert await store.greetings.get("main", "1.1") == last
    assert await store.greetings.get("other", "1.1") is None


async def test_greetings_are_listed_newest_first_and_by_what_is_asked(store):
    saved = [
        greeting(1, verdict="compliant"),
        greeting(2, verdict="incomplete", needs_review=True, agent="wang"),
        greeting(3, verdict="incomplete", line="other", forbidden=1),
    ]
    for one in saved:
        await store.greetings.save(one)

    async def listed(**which):
        return [one.answered_at for one in await store.greetings.list(GreetingFilter(**which))]

    assert await listed() == [3, 2, 1]
    assert await listed(verdict="incomplete") == [3, 2]
    assert await listed(line="hotline", needs_review=False) == [1]
    assert await listed(agent="wang") == [2]
    assert await listed(has_forbidden=True) == [3]
    assert await listed(has_forbidden=False, from_at=2, to_at=3) == [2]
    assert await listed(call_id="call1") == [1]


async def test_every_greeting_is_met_once_however_small_the_pages(store):
    saved = [greeting(n // 2, uniqueid=f"1.{n}") for n in range(7)]
    for one in saved:
        await store.greetings.save(one)
    met = [one.uniqueid async for one in store.greetings.each(GreetingFilter(), page=2)]
    assert met == [f"1.{n}" for n in reversed(range(7))]


async def test_a_call_that_became_part_of_another_takes_its_greeting_along(store):
    gone, kept = call_of("a_answer_2rings"), call_of("b_answer_17s")
    await store.greetings.save(greeting(1, call_id=gone.facts.id))
    store.writer.add("capture", resume_from=1, calls=[kept], merged=[(gone.facts.id, kept.facts.id)])
    await store.writer.flush()
    assert [one.uniqueid for one in await store.greetings.list(GreetingFilter(call_id=kept.facts.id))] == ["1.1"]


def hall(folder: Path) -> Settings:
    keep = {"recordings_days": 1, "calls_days": 10}
    pbx = [{"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": folder / "spool"}]
    return Settings.model_validate({"recording": {"folder": folder}, "retention": keep, "pbx": pbx})


def kept_file(folder: Path, name: str) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"sound")
    return name


async def test_recordings_are_deleted_in_time_and_greetings_with_their_calls(store, tmp_path):
    now = 20 * DAY
    ages = {"new": 0, "old": 2, "older": 11}
    for n, (name, age) in enumerate(ages.items()):
        file = kept_file(tmp_path, f"{name}/{name}.wav")
        await store.greetings.save(greeting(now - age * DAY, uniqueid=f"1.{n}", recording=file))
    assert await recordings.prune(store, hall(tmp_path), now) == 2
    left = {one.uniqueid: one.recording for one in await store.greetings.list(GreetingFilter())}
    assert left == {"1.0": "new/new.wav", "1.1": None}
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["new"]
    assert await recordings.prune(store, hall(tmp_path), now) == 0


async def test_what_lies_unheard_for_as_long_is_deleted_too(store, tmp_path):
    for name, seconds in (("1.1.sln48", 0), ("1.2.sln48", 10 * DAY // 1_000_000), ("note.txt", 0)):
        kept_file(tmp_path, f"spool/{name}")
        os.utime(tmp_path / "spool" / name, (seconds, seconds))
    assert await recordings.prune(store, hall(tmp_path), 10 * DAY) == 1
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["1.2.sln48", "note.txt"]


async def test_what_was_heard_in_a_callers_calls_is_forgotten_with_the_number(store, tmp_path):
    call = call_of("a_answer_2rings")
    await store.calls.save([call])
    mine = greeting(1, call_id=call.facts.id, verdict="compliant", recording=kept_file(tmp_path, "d/mine.wav"))
    others = replace(mine, uniqueid="1.2", call_id="another", recording=kept_file(tmp_path, "d/other.wav"))
    for one in (mine, others):
        await store.greetings.save(one)
    (stored,) = await store.calls.list(CallFilter())
    number = stored.call.facts.caller_number
    assert await recordings.forget_caller(store, hall(tmp_path), number) == 1
    after = await store.greetings.get("main", "1.1")
    assert (after.verdict, after.recording, after.evidence) == ("compliant", None, Evidence(task=TASK))
    assert await store.greetings.get("main", "1.2") == others
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["other.wav"]
