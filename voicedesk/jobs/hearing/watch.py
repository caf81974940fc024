"""Hears what staff say on recorded calls, judges it while the call goes on, and keeps the evidence.

The switch records a staff phone from its answer into a file; speech workers hear the file as it grows. A file that
still lies there is work not done: after a crash, a restart or an outage of the workers it is taken up again. Nothing
here is in a call's way, and nothing here can hold up the following of calls.
"""

import asyncio
from collections.abc import Iterable, Mapping

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import NowUs
from voicedesk.errors import InputError, SpeechLost, SpeechUnavailable, StoreError
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.hearing import recordings
from voicedesk.jobs.hearing.listening import Heard, Listening
from voicedesk.jobs.hearing.open_recordings import CallOf, OpenRecordings, Recording
from voicedesk.jobs.hearing.verdicts import Verdicts, name_of
from voicedesk.jobs.hearing.waiting import WaitingRecordings, beginning_of
from voicedesk.jobs.news.news import Tell, log_news
from voicedesk.jobs.trouble import Troubles
from voicedesk.jobs.unsaved import Unsaved
from voicedesk.settings import Settings
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store

RECORDED = "VoicedeskRecording"

_log = structlog.get_logger()


class GreetingWatch:
    """The greetings of all switches whose recordings can be read from here.

    `weighing` are the limits of a model that compares sentences, None for one that does not.
    """

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
        weighing: WeighingLimits | None = None,
        tell: Tell = log_news,
        guard: Guard | None = None,
    ) -> None:
        self._settings = settings
        self._guard = guard or Guard(now)
        self._folders = {pbx.name: pbx.recordings for pbx in settings.pbx if pbx.recordings}
        self._troubles = Troubles()
        self._open = OpenRecordings(calls, settings, rules)
        self._waiting = WaitingRecordings(store, self._folders, self._open, self._guard, self._troubles)
        self._listening = Listening(workers, rules, thresholds, weighing)
        self._unsaved = Unsaved[StoredGreeting](store.greetings, self._guard, event="greetings_unsaved", named=name_of)
        self._verdicts = Verdicts(self._open, self._unsaved, now, tell_people=tell, is_calibrated=thresholds.calibrated)

    def change_settings(self, settings: Settings, rules: GreetingRules) -> None:
        """Uses new lines, departments and rules from now on; what is being heard is judged by those it began with."""
        self._settings, self._listening.rules = settings, rules
        self._open.change_settings(settings, rules)

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
                recording = self._open.get((pbx, event.get("Uniqueid") or ""))
                if recording is not None:
                    recording.end(event.timestamp_us)
            elif event.name == "UserEvent" and event.get("UserEvent") == RECORDED:
                key = (pbx, event.get("Uniqueid") or "")
                path = recordings.file_of(self._folders[pbx], key[1])
                if path is not None:
                    self._open.begin(key, path, self._open.call_of(key), event.timestamp_us)

    async def run(self) -> None:
        """Hears every recording, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._waiting.run(), name="recordings")
            tasks.create_task(self._unsaved.run(), name="greetings unsaved")
            while True:
                recording = await self._open.next_begun()
                tasks.create_task(self._follow(recording), name=f"greeting {recording.uniqueid}")

    async def hear_again(self, item: SetAside) -> str:
        """A recording that was set aside is taken up again, if it still lies there. Raises InputError if not."""
        return await self._waiting.hear_again(item)

    async def save_again(self, item: SetAside) -> str:
        """A greeting that was set aside is saved again. Raises StoreError, or InputError where it is not in memory."""
        return await self._unsaved.save_again(item)

    async def _follow(self, recording: Recording) -> None:
        """Hears one recording to its end and keeps it; what no worker can hear is kept for a person to hear.

        What the disk, the database or the want of workers prevents stays lying there for the next scan.
        """
        try:
            await self._keep(recording, await self._heard(recording))
            self._waiting.leave(recording.key)
            self._troubles.over("speech")
        except SpeechUnavailable as error:
            self._troubles.say("speech_unavailable", error, about="speech")
        except (InputError, StoreError) as error:
            self._troubles.say("recording_not_kept", error, about=str(recording.path))
        except Exception as error:  # noqa: BLE001  # a fault of ours over one recording ends neither others nor us
            self._waiting.leave(recording.key)
            about, content = recording.path.name, beginning_of(recording.path)
            self._guard.set_aside(Part.RECORDING, error, about=about, content=content, pbx=recording.pbx)
        finally:
            self._open.close(recording)

    async def _heard(self, recording: Recording) -> Heard:
        """All of a recording as it was heard; the judgement of what no worker can hear. Raises SpeechUnavailable."""
        try:
            return await self._listening.hear(recording, self._verdicts.tell)
        except (SpeechLost, InputError) as error:
            _log.error("greeting_not_heard", pbx=recording.pbx, call=recording.call.id, reason=str(error))
            unheard = self._listening.unheard()
            await self._verdicts.tell_doubt(self._verdicts.row(recording, unheard))
            return unheard

    async def _keep(self, recording: Recording, heard: Heard) -> None:
        """The recording goes to the evidence when it is over, and the greeting says where it is.

        Raises InputError or StoreError: then the recording still lies where it lay.
        """
        await recording.over.wait()
        name = None
        if await asyncio.to_thread(recordings.has_sound, recording.path):
            name = await asyncio.to_thread(
                recordings.keep,
                recording.path,
                self._settings.recording.folder,
                recording.pbx,
                recording.answered_at,
                self._settings.hall.zone,
            )
        await self._unsaved.save_last(recording.key, self._verdicts.row(recording, heard, kept=name))
        await asyncio.to_thread(recordings.remove, recording.path)
