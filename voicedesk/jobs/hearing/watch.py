"""Hears what staff say on recorded calls, judges it while the call goes on, and keeps the evidence.

The switch records a staff phone from its answer into a file; speech workers hear the file as it grows. A file that
still lies there is work not done: after a crash, a restart or an outage of the workers it is taken up again. Nothing
here is in a call's way, and nothing here can hold up the following of calls.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.audio.follow import follow
from voicedesk.calls.model import CallFacts, Direction, LegFacts, Role
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError, SpeechLost, SpeechUnavailable, StoreError, StoreUnavailable
from voicedesk.greeting.export import as_json
from voicedesk.greeting.live import GreetingTask, LiveJudge, task_as_json
from voicedesk.greeting.model import Doubt, GreetingJudgement, GreetingVerdict, Thresholds
from voicedesk.greeting.privacy import without_long_numbers
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.hall.greetings import greeting_task, names_of
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.hearing import recordings
from voicedesk.jobs.hearing.recorded_calls import leg_of, stored_call
from voicedesk.jobs.news.news import News, Tell, log_news
from voicedesk.jobs.rounds import promise_round
from voicedesk.plain_files import open_plain
from voicedesk.settings import Settings
from voicedesk.speech.transcript import Transcript, Understanding, to_json
from voicedesk.speech.workers import SpeechWorkers, Voice
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store
from voicedesk.words import word

__all__ = ["RECORDED", "GreetingWatch", "Recording", "names_of"]

RECORDED = "VoicedeskRecording"
SCAN_SECONDS = 20.0
SAVE_SECONDS = 1.0
ROUND_SECONDS = 600.0
BEGINNING_BYTES = 64
TRIES = 2
LEAD_SECONDS = 0.3
"""A recording that begins so much later than it was asked for lacks sound, and its times are approximate."""
LOOKS = 6
LOOK_AGAIN = 180
"""So often the call of a recording is looked for in the database at once, and then at every so many scans: an hour."""
_ADVERSE = (
    GreetingVerdict.INCOMPLETE,
    GreetingVerdict.WRONG_DEPARTMENT,
    GreetingVerdict.WRONG_NUMBER,
    GreetingVerdict.WRONG_ORDER,
    GreetingVerdict.LATE_START,
)
_FINE = frozenset({GreetingVerdict.COMPLIANT, GreetingVerdict.NOT_JUDGED})

_log = structlog.get_logger()
CallOf = Callable[[str], CallFacts | None]
"""The call that a channel of one PBX belongs to, while it is known."""


@dataclass(slots=True, kw_only=True)
class Recording:
    """One staff phone's recording at work. Instants are microseconds on the switch's clock."""

    pbx: str
    uniqueid: str
    path: Path
    call: CallFacts
    leg: LegFacts
    task: GreetingTask
    recorded_at: int
    ended_at: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    heard_seconds: float = 0.0
    told: tuple[object, ...] = ()
    phrases_told: set[tuple[str, float]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was heard of a recording so far; `understanding` is that of the greeting when it was decided."""

    transcript: Transcript
    judged: GreetingJudgement
    understanding: Understanding | None
    is_final: bool


class GreetingWatch:
    """The greetings of all switches whose recordings can be read from here."""

    def __init__(
        self,
        store: Store,
        workers: SpeechWorkers,
        settings: Settings,
        calls: Mapping[str, CallOf],
        now: NowUs,
        *,
        rules: GreetingRules,
        thresholds: Thresholds,
        tell: Tell = log_news,
        guard: Guard | None = None,
    ) -> None:
        self._store = store
        self._guard = guard or Guard(now)
        self._workers = workers
        self._settings = settings
        self._calls = calls
        self._now = now
        self._rules = rules
        self._thresholds = thresholds
        self._tell_people = tell
        self._folders = {pbx.name: pbx.recordings for pbx in settings.pbx if pbx.recordings}
        self._open: dict[tuple[str, str], Recording] = {}
        self._done: set[tuple[str, str]] = set()
        self._looked: Counter[tuple[str, str]] = Counter()
        self._begun: asyncio.Queue[Recording] = asyncio.Queue()
        self._unsaved: dict[tuple[str, str], StoredGreeting] = {}
        self._troubles: dict[str, str] = {}

    def change_settings(self, settings: Settings, rules: GreetingRules) -> None:
        """Lines, departments and rules are others from now on; what is being heard is judged by those it began with."""
        self._settings, self._rules = settings, rules

    @property
    def is_busy(self) -> bool:
        """True while a recording is being heard or kept."""
        return bool(self._open)

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Looks for recordings that begin and phones that hang up; cheap, and never waits."""
        if pbx not in self._folders:
            return
        for event in events:
            if event.name == "Hangup" and self._open:
                self._end(self._open.get((pbx, event.get("Uniqueid") or "")), event.timestamp_us)
            elif event.name == "UserEvent" and event.get("UserEvent") == RECORDED:
                uniqueid = event.get("Uniqueid") or ""
                path = recordings.file_of(self._folders[pbx], uniqueid)
                if path is not None:
                    self._begin(pbx, uniqueid, path, self._calls[pbx](uniqueid), event.timestamp_us)

    async def run(self) -> None:
        """Hears every recording, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._scan_on(), name="recordings")
            tasks.create_task(self._save_on(), name="greetings unsaved")
            while True:
                recording = await self._begun.get()
                tasks.create_task(self._follow(recording), name=f"greeting {recording.uniqueid}")

    # --- which recordings there are

    def _begin(self, pbx: str, uniqueid: str, path: Path, call: CallFacts | None, at: int | None) -> None:
        key = (pbx, uniqueid)
        if call is None or key in self._open:
            return
        leg = leg_of(call, uniqueid)
        answered_at = leg.answered_at if leg is not None else None
        if leg is None or answered_at is None:
            return
        if call.direction is Direction.CALLBACK and at is not None:
            leg, answered_at = replace(leg, answered_at=at), at  # the citizen heard the notice of recording first
        recording = Recording(
            pbx=pbx,
            uniqueid=uniqueid,
            path=path,
            call=call,
            leg=leg,
            task=self._task(call, leg),
            recorded_at=at or answered_at,
        )
        if leg.ended_at is not None or call.ended_at is not None:
            self._end(recording, leg.ended_at or call.ended_at)
        self._open[key] = recording
        self._begun.put_nowait(recording)

    def _end(self, recording: Recording | None, at: int | None) -> None:
        if recording is not None:
            recording.ended_at = at
            recording.over.set()

    def _task(self, call: CallFacts, leg: LegFacts) -> GreetingTask:
        """What is asked of whoever answered: the inbound greeting of the first staff answer, that of a callback when
        the citizen answers (S2), else phrases."""
        if call.direction is Direction.CALLBACK:
            lines = self._settings.on(call.pbx).lines
            line = next((one.name for one in lines if leg.endpoint in one.phones), None)
            return greeting_task(line, self._settings, self._rules, agent=leg.agent, callback=True)
        is_first = leg.role is Role.STAFF and leg.answered_at == call.person_answered_at
        if not is_first or call.direction is not Direction.INBOUND:
            return GreetingTask(names=None, template="", limits=self._rules.limits)
        return greeting_task(call.line, self._settings, self._rules, agent=leg.agent)

    async def _scan_on(self) -> None:
        """Takes up what lies in the folders: events may have been missed, or the service was not there."""
        while True:
            promise_round(ROUND_SECONDS)
            for pbx, folder in self._folders.items():
                with self._guard.one(Part.RECORDING, str(folder), pbx=pbx):
                    try:
                        await self._scan(pbx, folder)
                        self._troubles.pop(pbx, None)
                    except (InputError, StoreError) as error:
                        self._trouble(pbx, "recordings_unread", error)
            await asyncio.sleep(SCAN_SECONDS)

    async def _scan(self, pbx: str, folder: Path) -> None:
        found = await asyncio.to_thread(recordings.waiting, folder)
        there = {(pbx, uniqueid) for uniqueid, _ in found}
        self._done = {key for key in self._done if key[0] != pbx or key in there}
        self._looked = Counter({key: n for key, n in self._looked.items() if key[0] != pbx or key in there})
        for uniqueid, path in found:
            key = (pbx, uniqueid)
            if key in self._done:
                continue
            with self._guard.one(Part.RECORDING, path.name, content=partial(_beginning, path), pbx=pbx):
                try:
                    await self._look_at(key, path)
                except StoreUnavailable:
                    raise
                except (InputError, StoreError) as error:
                    self._trouble(str(path), "recording_not_looked_at", error)
                continue
            self._done.add(key)  # it stays lying there, and holds up no other

    async def _look_at(self, key: tuple[str, str], path: Path) -> None:
        """One file: it is taken up, ended or removed, or left for the next time."""
        pbx, uniqueid = key
        call = self._calls[pbx](uniqueid)
        looked = self._looked[key]
        self._looked[key] += call is None
        if call is None and (looked < LOOKS or looked % LOOK_AGAIN == 0):
            call = await stored_call(self._store, pbx, uniqueid)
        if key in self._open:
            leg = leg_of(call, uniqueid) if call else None
            if leg is None or leg.ended_at is not None:  # its hang-up was missed
                self._end(self._open[key], leg.ended_at if leg else None)
            return
        stored = await self._store.greetings.get(pbx, uniqueid)
        if key in self._done:  # taken while we looked
            return
        if stored is not None and stored.recording is not None:
            recordings.remove(path)
        else:
            self._begin(pbx, uniqueid, path, call, None)

    async def hear_again(self, item: SetAside) -> str:
        """A recording that was set aside is taken up again, if it still lies there. Raises InputError if not."""
        uniqueid = item.about.removesuffix(recordings.ENDING)
        folder = self._folders.get(item.pbx)
        path = recordings.file_of(folder, uniqueid) if folder is not None else None
        if path is None or not path.is_file():
            raise InputError(f"{item.about} lies in no folder of recordings any more")
        self._done.discard((item.pbx, uniqueid))
        self._looked.pop((item.pbx, uniqueid), None)
        return f"{item.about} is heard again; if that fails it is set aside anew"

    # --- one recording

    async def _follow(self, recording: Recording) -> None:
        """Hears one recording to its end and keeps it; what no worker can hear is kept for a person to hear.

        What the disk, the database or the want of workers prevents stays lying there for the next scan.
        """
        key = (recording.pbx, recording.uniqueid)
        try:
            try:
                heard = await self._hear(recording)
            except (SpeechLost, InputError) as error:
                _log.error("greeting_not_heard", pbx=recording.pbx, call=recording.call.id, reason=str(error))
                heard = self._unheard()
                await self._tell_doubt(self._row(recording, heard))
            await self._keep(recording, heard)
            self._done.add(key)
            self._troubles.pop("speech", None)
        except SpeechUnavailable as error:
            self._trouble("speech", "speech_unavailable", error)
        except (InputError, StoreError) as error:
            self._trouble(str(recording.path), "recording_not_kept", error)
        except Exception as error:  # noqa: BLE001  # a fault of ours over one recording ends neither others nor us
            self._done.add(key)
            name, beginning = recording.path.name, partial(_beginning, recording.path)
            self._guard.set_aside(Part.RECORDING, error, about=name, content=beginning, pbx=recording.pbx)
        finally:
            del self._open[key]

    async def _hear(self, recording: Recording) -> "_Heard":
        """All of a recording, from its beginning again if a worker was lost over it."""
        for left in reversed(range(TRIES)):
            with contextlib.suppress(SpeechLost) if left else contextlib.nullcontext():
                return await self._hear_once(recording)
        raise AssertionError("the last try returns or raises")

    async def _hear_once(self, recording: Recording) -> "_Heard":
        judge = LiveJudge(recording.task, self._rules, self._thresholds)
        voice: Voice | None = None
        async with contextlib.AsyncExitStack() as stack:
            async for lump in follow(recording.path, recording.over.is_set):
                if voice is None:
                    voice = await stack.enter_async_context(self._workers.hear(lump.rate))
                heard = await voice.accept(lump.samples, tell=not judge.is_decided)
                if heard is not None:
                    asks = judge.asks_again(heard, is_behind=lump.is_behind)
                    heard = await voice.hear_again() if asks else heard
                    judged = judge.take(heard)
                    now = _Heard(heard, judged, judge.understanding, is_final=judge.is_decided)
                    await self._tell(recording, now)
            if voice is None:
                raise InputError(f"{recording.path}: there is no sound in the recording")
            heard = await voice.finish()
            heard = await voice.hear_again() if judge.asks_again(heard, is_over=True) else heard
        judged = judge.take(heard, is_over=True)
        whole = _Heard(heard, judged, judge.understanding, is_final=True)
        await self._tell(recording, whole)
        return whole

    def _unheard(self) -> "_Heard":
        """The judgement of what could not be heard: nothing can be told of it."""
        judged = GreetingJudgement(
            verdict=GreetingVerdict.CANNOT_TELL,
            rules_version=self._rules.version,
            reason=Doubt.NOT_HEARD,
            needs_review=True,
        )
        return _Heard(Transcript(words=(), heard_seconds=0.0, model=""), judged, None, is_final=True)

    async def _keep(self, recording: Recording, heard: "_Heard") -> None:
        """The recording goes to the evidence when it is over, and the greeting says where it is."""
        await recording.over.wait()
        name = None
        if await asyncio.to_thread(recordings.has_sound, recording.path):
            name = await asyncio.to_thread(
                recordings.keep,
                recording.path,
                self._settings.recording.folder,
                recording.pbx,
                recording.leg.answered_at or recording.recorded_at,
                self._settings.hall.zone,
            )
        await self._store.greetings.save(self._row(recording, heard, kept=name))
        self._unsaved.pop((recording.pbx, recording.uniqueid), None)
        await asyncio.to_thread(recordings.remove, recording.path)

    # --- what is told of it

    async def _tell(self, recording: Recording, now: "_Heard") -> None:
        """Saves and logs what changed; nothing that cannot be told yet, nor what was told before a worker was lost."""
        judged, is_final = now.judged, now.is_final
        is_again = now.transcript.heard_seconds < recording.heard_seconds
        recording.heard_seconds = max(recording.heard_seconds, now.transcript.heard_seconds)
        if not is_final and (is_again or judged.verdict is GreetingVerdict.CANNOT_TELL):
            return
        row = self._row(recording, now)
        told = (row.verdict, row.reason, row.is_final, row.forbidden, judged.missing)
        if told == recording.told:
            return
        is_new_verdict, recording.told = told[:3] != recording.told[:3], told
        await self._save(row)
        about = {"pbx": row.pbx, "call": row.call_id, "line": row.line, "endpoint": row.endpoint, "agent": row.agent}
        if is_new_verdict and recording.task.names is not None:
            log = _log.warning if is_final and judged.verdict not in _FINE else _log.info
            log("greeting_judged", **about, **self._verdict_fields(recording, judged, is_final=is_final))
            if is_final and judged.verdict is GreetingVerdict.CANNOT_TELL:
                await self._tell_doubt(row)
            if is_final and judged.verdict in _ADVERSE:
                await self._accuse("greeting_adverse", row, f"问候不合规：{word(GREETING_VERDICTS, judged.verdict)}")
        for phrase in judged.phrases.forbidden:
            key = (phrase.phrase, round(phrase.start_seconds))
            if key not in recording.phrases_told:
                recording.phrases_told.add(key)
                _log.warning("forbidden_phrase", **about, phrase=phrase.phrase, at_seconds=phrase.start_seconds)
                await self._accuse(
                    "forbidden_phrase", row, "通话中出现禁语", phrase.phrase, round(phrase.start_seconds)
                )

    async def _accuse(self, kind: str, row: StoredGreeting, title: str, phrase: str = "", second: int = 0) -> None:
        """Tells people while it happens; never of what a person must look at first: nobody is accused on doubt."""
        if row.needs_review or not self._thresholds.calibrated:
            return
        fields = {"线路": row.line or "", "话机": row.endpoint, "禁语": phrase, "通话": row.call_id[:8]}
        news = News(
            id=f"{kind} {row.pbx} {row.uniqueid} {phrase} {second}",
            kind=kind,
            at=row.answered_at + second * MICROSECONDS,
            title=title,
            fields={label: text for label, text in fields.items() if text},
            personal={"人员": row.agent} if row.agent else {},
        )
        await self._tell_people(news)

    async def _tell_doubt(self, row: StoredGreeting) -> None:
        """What cannot be told is told with its reason and what to do; of a model that tells little, nothing is."""
        why = explained(row.reason)
        if why is None or not self._thresholds.calibrated:
            return
        fields = {"线路": row.line or "", "话机": row.endpoint, "理由": why.chinese, "处理": why.todo_chinese}
        news = News(
            id=f"greeting_cannot_tell {row.pbx} {row.uniqueid}",
            kind="greeting_cannot_tell",
            at=row.answered_at,
            title="问候无法判定，请复核",
            fields={label: text for label, text in {**fields, "通话": row.call_id[:8]}.items() if text},
            personal={"人员": row.agent} if row.agent else {},
        )
        await self._tell_people(news)

    def _verdict_fields(self, recording: Recording, judged: GreetingJudgement, *, is_final: bool) -> dict[str, Any]:
        """The verdict for the log; `delay_ms` from the end of the greeting's last part until now."""
        ended = max((part.end_seconds for part in judged.parts), default=None)
        delay = None if ended is None else (self._now() - recording.recorded_at) / 1000 - ended * 1000
        return {
            "verdict": judged.verdict.value,
            "missing": list(judged.missing),
            "reason": judged.reason.value if judged.reason else None,
            "needs_review": judged.needs_review,
            "is_final": is_final,
            "delay_ms": None if delay is None else round(delay),
        }

    def _row(self, recording: Recording, now: "_Heard", *, kept: str | None = None) -> StoredGreeting:
        heard, judged = without_long_numbers(now.transcript), now.judged
        call = self._calls[recording.pbx](recording.uniqueid) or recording.call  # it may be part of another by now
        task = recording.task
        told = as_json(heard, judged)
        late = _lead_seconds(recording, heard)
        if late is not None and late > LEAD_SECONDS:
            told["remarks"].append(f"录音比接通晚约 {late:.1f} 秒开始，各时刻为近似值")
        evidence = {
            "task": task_as_json(task),
            "transcript": to_json(heard),
            "understanding": asdict(now.understanding) if now.understanding else None,
            "judgement": told,
        }
        return StoredGreeting(
            pbx=recording.pbx,
            uniqueid=recording.uniqueid,
            call_id=call.id,
            endpoint=recording.leg.endpoint,
            agent=recording.leg.agent,
            line=recording.call.line,
            answered_at=recording.leg.answered_at or recording.recorded_at,
            verdict=judged.verdict.value,
            reason=judged.reason.value if judged.reason else None,
            needs_review=judged.needs_review,
            forbidden=len(judged.phrases.forbidden),
            is_final=now.is_final,
            rules_version=judged.rules_version,
            model=heard.model,
            recording=kept,
            evidence=evidence,
        )

    async def _save(self, row: StoredGreeting) -> None:
        """Into the database, or a little later where it is in trouble."""
        try:
            await self._store.greetings.save(row)
            self._unsaved.pop((row.pbx, row.uniqueid), None)
        except StoreError:
            self._unsaved[row.pbx, row.uniqueid] = row

    async def _save_on(self) -> None:
        while True:
            promise_round(ROUND_SECONDS)
            await asyncio.sleep(SAVE_SECONDS)
            for key, row in list(self._unsaved.items()):
                with self._guard.one(Part.ROW, f"greeting {key[1]}", content=written(row), pbx=key[0]):
                    await self._save(row)
                    continue
                self._unsaved.pop(key, None)

    def _trouble(self, about: str, event: str, error: Exception) -> None:
        """Said once for as long as it is the same."""
        if self._troubles.get(about) != str(error):
            self._troubles[about] = str(error)
            _log.error(event, about=about, reason=str(error))


def _beginning(path: Path) -> bytes:
    """How a recording begins; all of it still lies where it lay."""
    with open_plain(path) as file:
        return file.read(BEGINNING_BYTES)


def _lead_seconds(recording: Recording, heard: Transcript) -> float | None:
    """How much of the time since recording began is missing from the sound; None until it is over."""
    if recording.ended_at is None:
        return None
    return max(0.0, (recording.ended_at - recording.recorded_at) / MICROSECONDS - heard.heard_seconds)
