"""Recordings heard while they are written: verdicts in the store, evidence kept, and nothing lost on the way."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr
from structlog.testing import capture_logs
from voicedesk.ami.message import make_event
from voicedesk.audio.wav import read_sound
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.clock import now_us
from voicedesk.errors import InputError, SpeechLost, SpeechUnavailable, StoreUnavailable
from voicedesk.greeting import privacy
from voicedesk.greeting.model import Doubt, Thresholds
from voicedesk.greeting.reasons import REASONS
from voicedesk.greeting.rules import shipped_rules
from voicedesk.hall.greetings import names_of
from voicedesk.jobs import unsaved
from voicedesk.jobs.hearing import recordings, waiting
from voicedesk.jobs.hearing.rejudge import rejudge_greetings
from voicedesk.jobs.hearing.watch import GreetingWatch
from voicedesk.jobs.news.news import News
from voicedesk.settings import Settings
from voicedesk.speech.models import embedded_model
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

TESTS = Path(__file__).parents[1]
FIXTURES = TESTS.parent / "audio_fixtures"
COMPLIANT = "0003_compliant_edward2_a_law"
FORBIDDEN = "0077_forbidden_Michael_a_law"
ONLY_HELLO = "0041_only_hello_Diogo_a_law"


def raw_48(name: str, *, silence: float = 1.0) -> bytes:
    """A fixture as the switch would record it."""
    sound = read_sound(FIXTURES / f"{name}.wav")
    samples = np.concatenate([sound.samples[0], np.zeros(int(sound.rate * silence), np.int16)])
    return soxr.resample(samples, sound.rate, 48000).astype("<i2").tobytes()


def call(name: str = "a_answer_2rings") -> JudgedCall:
    (judged,) = replay((TESTS / "captures" / f"{name}.raw").read_bytes(), pbx="main").calls
    return judged


CALL = call()
LEG = next(leg for leg in CALL.facts.legs if leg.answered_at is not None)


def settings(folder: Path, **line: object) -> Settings:
    values = {"name": CALL.facts.line, "extensions": [CALL.facts.line], "department": "劳动仲裁院", **line}
    return Settings.model_validate(
        {
            "recording": {"folder": folder / "kept"},
            "pbx": [{"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": folder}],
            "lines": [values, {"name": "other", "extensions": ["9"], "department": "医保局"}],
        }
    )


class Desk:
    """A watch at work, the folder it watches, and the call that is known."""

    def __init__(
        self, store: Store, folder: Path, workers: SpeechWorkers, *, calibrated: bool = False, **line: object
    ) -> None:
        self.news: list[News] = []
        self.store, self.folder, self.known = store, folder, CALL.facts
        self.settings = settings(folder, **line)
        self.watch = GreetingWatch(
            store,
            workers,
            self.settings,
            {"main": lambda uniqueid: self.known if self.known and uniqueid == LEG.uniqueid else None},
            lambda: (LEG.answered_at or 0) + 6_000_000,
            rules=shipped_rules(),
            thresholds=Thresholds(calibrated=calibrated),
            tell=self._tell_people,
        )
        self.path = folder / f"{LEG.uniqueid}.sln48"

    async def _tell_people(self, news: News) -> None:
        self.news.append(news)

    def recorded(self) -> None:
        self.tell("UserEvent", {"UserEvent": "VoicedeskRecording", "Uniqueid": LEG.uniqueid}, LEG.answered_at)

    def hung_up(self, after: float = 20) -> None:
        self.tell("Hangup", {"Uniqueid": LEG.uniqueid}, (LEG.answered_at or 0) + int(after * 1e6))

    def tell(self, name, headers, at) -> None:
        stamped = {**headers, "Timestamp": f"{at // 1_000_000}.{at % 1_000_000:06d}"}
        self.watch.receive("main", [make_event(name, stamped, arrived_us=at)])

    async def stored(self, is_there=lambda one: one.recording is not None):
        async with asyncio.timeout(60):
            while True:
                one = await self.store.greetings.get("main", LEG.uniqueid)
                if one is not None and is_there(one):
                    return one
                await asyncio.sleep(0.02)


@pytest.fixture
async def desk(tmp_path):
    """`async with desk(...) as one`: the watch runs within."""
    workers = SpeechWorkers(embedded_model().path)

    @contextlib.asynccontextmanager
    async def run(*, with_workers=workers, still_up=True, committed=now_us, **line):
        async with Store.open(f"sqlite:///{tmp_path / 'v.db'}", now=committed) as store:
            one = Desk(store, tmp_path, with_workers, **line)
            if still_up:
                one.known = one.known and _still_up(one.known)
            running = asyncio.create_task(one.watch.run())
            try:
                yield one
            finally:
                running.cancel()
                await asyncio.wait({running})

    yield run
    await workers.close()


def _still_up(facts):
    legs = tuple(replace(leg, ended_at=None) for leg in facts.legs)
    return replace(facts, ended_at=None, legs=legs)


async def test_a_compliant_greeting_is_in_the_store_while_the_call_goes_on(desk):
    async with desk() as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        with capture_logs() as logs:
            live = await one.stored(lambda greeting: greeting.verdict is not None)
        assert (live.verdict, live.is_final, live.recording) == ("compliant", True, None)
        assert [log["verdict"] for log in logs if log["event"] == "greeting_judged"] == ["compliant"]
        one.hung_up()
        kept = await one.stored()
        assert kept.call_id == CALL.facts.id
        assert kept.evidence.told.transcript.startswith("您好 劳动 仲裁 院")
        sound = read_sound(one.settings.recording.folder / kept.recording)
        assert (sound.rate, sound.seconds) == (8000, pytest.approx(len(raw_48(COMPLIANT)) / 96_000, abs=0.01))
        async with asyncio.timeout(30):
            while one.path.exists():
                await asyncio.sleep(0.02)


async def test_a_number_read_aloud_is_masked_in_what_is_stored_and_the_verdict_is_the_same(desk, monkeypatch):
    monkeypatch.setattr(privacy, "SPOKEN_DIGITS", frozenset("您好"))  # as if this were a number, and a long one
    monkeypatch.setattr(privacy, "MAX_DIGITS", 1)
    async with desk() as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        one.hung_up()
        kept = await one.stored()
        assert kept.verdict == "compliant"
        assert kept.evidence.told.transcript.startswith("＊＊ 劳动")
        assert kept.evidence.transcript.words[0].text == "＊＊"


async def test_what_is_missing_is_told_so_far_and_then_for_good_and_warned_of(desk):
    async with desk() as one:
        sound = raw_48(ONLY_HELLO, silence=14)
        so_far = 3 * 48_000 * 2
        one.path.write_bytes(sound[:so_far])
        one.recorded()
        with capture_logs() as logs:
            await one.stored(lambda greeting: greeting.verdict == "incomplete")
            with one.path.open("ab") as file:
                file.write(sound[so_far:])
            await one.stored(lambda greeting: greeting.is_final)
        told = [
            (log["verdict"], log["is_final"], log["log_level"]) for log in logs if log["event"] == "greeting_judged"
        ]
        assert told == [("incomplete", False, "info"), ("incomplete", True, "warning")]


async def test_a_forbidden_phrase_is_told_once_and_at_once(desk):
    async with desk() as one:
        one.path.write_bytes(raw_48(FORBIDDEN))
        one.recorded()
        with capture_logs() as logs:
            one.hung_up()
            greeting = await one.stored()
        assert [log["phrase"] for log in logs if log["event"] == "forbidden_phrase"] == ["不知道"]
        assert greeting.forbidden == 1
        assert one.news == []


@pytest.mark.parametrize(
    ("fixture", "department", "kind", "title"),
    [
        (FORBIDDEN, None, "forbidden_phrase", "通话中出现禁语"),
        (ONLY_HELLO, "劳动仲裁院", "greeting_adverse", "问候不合规：不完整"),
    ],
)
async def test_people_are_told_of_what_a_calibrated_model_heard_and_of_nothing_doubtful(
    desk, fixture, department, kind, title
):
    async with desk(calibrated=True, department=department) as one:
        one.path.write_bytes(raw_48(fixture, silence=14))
        one.recorded()
        await one.stored(lambda greeting: greeting.is_final)
        one.hung_up()
        await one.stored()
        (news,) = [told for told in one.news if told.kind == kind]
        assert (news.title, news.fields["线路"], news.fields["话机"]) == (title, CALL.facts.line, LEG.endpoint)
    async with desk(department=department) as other:
        other.path.write_bytes(raw_48(fixture, silence=14))
        other.recorded()
        other.hung_up()
        await other.stored()
        assert other.news == []


async def test_without_a_department_phrases_alone_are_judged(desk):
    async with desk(department=None) as one:
        one.path.write_bytes(raw_48(FORBIDDEN))
        one.recorded()
        one.hung_up()
        greeting = await one.stored()
        assert (greeting.verdict, greeting.forbidden) == ("not_judged", 1)


async def test_a_recording_of_which_no_event_told_is_found_where_it_lies(desk):
    async with desk(still_up=False) as one:
        one.known = None
        await one.store.calls.save([CALL])
        one.path.write_bytes(raw_48(COMPLIANT))
        (one.folder / "1700000000.1.sln48").write_bytes(b"")  # of a call nobody knows
        await asyncio.sleep(0)
    async with desk() as again:
        again.known = None
        assert (await again.stored()).verdict == "compliant"


async def test_a_recording_that_was_kept_and_could_not_be_deleted_is_deleted_later_and_not_heard_again(
    desk, monkeypatch
):
    async with desk(still_up=False) as one:
        with monkeypatch.context() as patched:
            patched.setattr(recordings, "remove", _refuse)
            one.path.write_bytes(raw_48(COMPLIANT))
            one.recorded()
            before = await one.stored()
            assert one.path.exists()
    monkeypatch.setattr(waiting, "SCAN_SECONDS", 0.05)
    async with desk(with_workers=None, still_up=False) as one:
        async with asyncio.timeout(30):
            while one.path.exists():
                await asyncio.sleep(0.02)
        assert await one.stored() == before


def _refuse(path):
    raise recordings.InputError(f"{path}: the recording cannot be deleted: Permission denied")


async def test_a_recording_that_is_taken_while_the_scan_looks_is_not_taken_again(desk, monkeypatch):
    taken, looked = asyncio.Event(), asyncio.Event()
    async with desk(still_up=False) as one:
        get = one.store.greetings.get

        async def slowly(pbx, uniqueid):
            found = await get(pbx, uniqueid)
            looked.set()
            await taken.wait()
            return found

        monkeypatch.setattr(one.store.greetings, "get", slowly)
        one.path.write_bytes(raw_48(COMPLIANT))
        await looked.wait()
        monkeypatch.setattr(one.store.greetings, "get", get)
        one.recorded()
        before = await one.stored()
        async with asyncio.timeout(30):
            while one.path.exists() or one.watch.is_busy:
                await asyncio.sleep(0.02)
        taken.set()
        for _ in range(10):
            await asyncio.sleep(0.02)
        assert not one.watch.is_busy
        assert await one.stored() == before


async def test_what_was_said_in_a_call_that_became_part_of_another_is_that_ones(desk):
    async with desk() as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        await one.stored(lambda greeting: greeting.verdict is not None)
        one.known = replace(one.known, id="the other")
        one.hung_up()
        assert (await one.stored()).call_id == "the other"


class LostWorkers:
    """Workers of which the first `times` are lost over a voice."""

    def __init__(self, inner, error, times):
        self._inner, self._error, self.left = inner, error, times

    @contextlib.asynccontextmanager
    async def hear(self, rate):
        if self.left:
            self.left -= 1
            raise self._error
        async with self._inner.hear(rate) as voice:
            yield voice


async def test_fault_61_a_voice_is_heard_again_when_its_worker_is_lost(desk):
    inner = SpeechWorkers(embedded_model().path)
    async with desk(with_workers=LostWorkers(inner, SpeechLost("gone"), 1), still_up=False) as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        assert (await one.stored()).verdict == "compliant"
    await inner.close()


async def test_fault_61_what_no_worker_can_hear_is_kept_for_a_person_and_not_tried_for_ever(desk):
    workers = LostWorkers(None, SpeechLost("gone"), 1000)
    async with desk(with_workers=workers, still_up=False) as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        greeting = await one.stored()
        assert (greeting.verdict, greeting.reason, greeting.needs_review) == ("cannot_tell", "not_heard", True)
        assert workers.left == 998


async def test_fault_62_without_a_model_recordings_wait_until_there_is_one(desk, monkeypatch):
    monkeypatch.setattr(waiting, "SCAN_SECONDS", 0.05)
    inner = SpeechWorkers(embedded_model().path)
    workers = LostWorkers(inner, SpeechUnavailable("no model"), 3)
    with capture_logs() as logs:
        async with desk(with_workers=workers, still_up=False) as one:
            one.path.write_bytes(raw_48(COMPLIANT))
            one.recorded()
            assert (await one.stored()).verdict == "compliant"
    await inner.close()
    assert [log["reason"] for log in logs if log["event"] == "speech_unavailable"] == ["no model"]


async def test_fault_64_a_recording_that_never_appears_leaves_a_verdict_that_says_so(desk):
    async with desk(still_up=False) as one:
        one.recorded()
        greeting = await one.stored(lambda greeting: greeting.is_final)
        assert (greeting.verdict, greeting.reason, greeting.recording) == ("cannot_tell", "not_heard", None)


async def test_a_database_in_trouble_gets_the_verdict_when_it_is_back(desk, monkeypatch):
    monkeypatch.setattr(unsaved, "SAVE_AGAIN_SECONDS", 0.05)
    async with desk() as one:
        save, refused = one.store.greetings.save, 0

        async def refusing(greeting):
            nonlocal refused
            if refused < 3:
                refused += 1
                raise StoreUnavailable("locked")
            await save(greeting)

        monkeypatch.setattr(one.store.greetings, "save", refusing)
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        assert (await one.stored(lambda greeting: True)).verdict == "compliant"
        assert refused == 3


async def test_a_name_that_no_switch_gives_is_no_recording(desk):
    async with desk() as one:
        one.tell("UserEvent", {"UserEvent": "VoicedeskRecording", "Uniqueid": "../../etc/passwd"}, LEG.answered_at)
        assert recordings.file_of(one.folder, "../x") is None
        assert recordings.file_of(one.folder, "..") is None
        assert recordings.file_of(one.folder, "sys-1.2") == one.folder / "sys-1.2.sln48"


async def test_sound_that_begins_late_makes_its_times_approximate(desk):
    async with desk() as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        one.hung_up(after=30)
        remarks = (await one.stored()).evidence.told.remarks
        assert any("近似值" in remark for remark in remarks)


async def test_stored_greetings_are_judged_again_from_what_was_heard(desk):
    async with desk(still_up=False) as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        before = await one.stored()
        rules = shipped_rules()
        judged, changes = await rejudge_greetings(
            one.store.greetings, GreetingFilter(), rules, Thresholds(), dry_run=False
        )
        assert (judged, changes) == (1, [])
        assert await one.store.greetings.get("main", LEG.uniqueid) == before
        stricter = rules.model_copy(
            update={"version": "hall/1", "templates": {"inbound": ("hello", "number", "matter")}}
        )
        judged, changes = await rejudge_greetings(
            one.store.greetings, GreetingFilter(), stricter, Thresholds(), dry_run=True
        )
        assert [(change.before, change.after) for change in changes] == [("compliant", "cannot_tell")]
        assert await one.store.greetings.get("main", LEG.uniqueid) == before


def test_every_other_department_of_the_hall_is_another(tmp_path):
    values = settings(tmp_path, department_aliases=["仲裁院"])
    names = names_of(values.lines[0], values)
    assert (names.name, names.aliases, names.others) == ("劳动仲裁院", ("仲裁院",), ("医保局",))


LOCAL = f"{(LEG.dialled_at or 0) // 1_000_000}.777"
"""The channel that a forwarding made: none of the call's legs."""


async def test_a_recording_named_after_a_forwarding_is_taken_up_by_its_call(desk, monkeypatch):
    monkeypatch.setattr(waiting, "SCAN_SECONDS", 0.05)
    began = (LEG.dialled_at or 0) + 1_000_000
    async with desk(still_up=False, committed=lambda: began) as one:
        one.known = None
        path = one.folder / f"{LOCAL}.sln48"
        made = {"Uniqueid": LOCAL, "Linkedid": CALL.facts.linkedids[0]}
        one.store.writer.add(
            "main", resume_from=1, events=[make_event("Newchannel", made, arrived_us=began)], calls=[CALL]
        )
        await one.store.writer.flush()
        path.write_bytes(raw_48(COMPLIANT))
        async with asyncio.timeout(60):
            while path.exists():
                await asyncio.sleep(0.02)
        greeting = await one.store.greetings.get("main", LOCAL)
        assert (greeting.call_id, greeting.endpoint, greeting.verdict) == (CALL.facts.id, LEG.endpoint, "compliant")
        assert (one.folder / "kept" / greeting.recording).exists()


async def test_a_link_that_is_named_like_a_recording_is_neither_read_nor_deleted(desk, monkeypatch):
    monkeypatch.setattr(waiting, "SCAN_SECONDS", 0.05)
    async with desk(still_up=False) as one:
        secret = one.folder / "secret"
        secret.write_bytes(raw_48(COMPLIANT))
        one.path.symlink_to(secret)
        for _ in range(20):
            await asyncio.sleep(0.02)
        assert await one.store.greetings.get("main", LEG.uniqueid) is None
        one.recorded()
        greeting = await one.stored(lambda greeting: greeting.is_final)
        assert (greeting.reason, greeting.recording) == ("not_heard", None)
        assert one.path.is_symlink()
        assert secret.exists()


async def test_the_staff_number_of_whoever_sat_there_is_what_is_compared(desk):
    async with desk(still_up=False, greeting=["hello", "number", "matter"]) as one:
        agents = Settings.model_validate({"agents": [{"id": "zhang", "name": "张三", "number": "008"}]}).agents
        one.watch.change_settings(one.settings.model_copy(update={"agents": agents}), shipped_rules())
        legs = tuple(replace(leg, agent="zhang") if leg == LEG else leg for leg in one.known.legs)
        one.known = replace(one.known, legs=legs)
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        task = (await one.stored()).evidence.task
        assert (task.number, task.template) == ("008", ("hello", "number", "matter"))


async def test_what_cannot_be_told_is_told_with_its_reason_and_what_to_do(desk):
    async with desk(still_up=False, calibrated=True) as one:
        one.path.write_bytes(raw_48(COMPLIANT)[:48_000])
        one.recorded()
        greeting = await one.stored(lambda greeting: greeting.is_final)
        assert greeting.verdict == "cannot_tell"
        (news,) = one.news
        why = REASONS[Doubt(greeting.reason)]
        assert (news.kind, news.fields["理由"], news.fields["处理"]) == (
            "greeting_cannot_tell", why.chinese, why.todo_chinese,
        )  # fmt: skip


async def test_rules_that_lack_a_template_change_nothing_when_all_is_judged_again(desk):
    async with desk(still_up=False) as one:
        one.path.write_bytes(raw_48(COMPLIANT))
        one.recorded()
        before = await one.stored()
        others = shipped_rules().model_copy(update={"templates": {"numbered": ("hello", "number")}})
        with pytest.raises(InputError, match="no template 'inbound'"):
            await rejudge_greetings(one.store.greetings, GreetingFilter(), others, Thresholds(), dry_run=False)
        assert await one.store.greetings.get("main", LEG.uniqueid) == before
