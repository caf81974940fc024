"""Checks greetings in sound files: heard, judged, and told with the evidence."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from voicedesk.audio.wav import Sound, read_sound
from voicedesk.errors import InputError
from voicedesk.greeting import export
from voicedesk.greeting.again import depends_on_hearing_again
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames, GreetingJudgement, Thresholds
from voicedesk.greeting.rules import GreetingRules, Template
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.speech.listening import Listener, Listening
from voicedesk.speech.transcript import Transcript


class StaffChannel(StrEnum):
    """On which side of a recording of two the staff are."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedGreeting:
    """One file: what was heard and what follows, or why it could not be read."""

    file: Path
    error: str | None = None
    transcript: Transcript | None = None
    judgement: GreetingJudgement | None = None


class GreetingChecker:
    """Checks greetings of one department by one model and one set of rules.

    `weighing` are the limits of a model that compares sentences, None for one that does not.
    """

    def __init__(
        self,
        listener: Listener,
        names: DepartmentNames,
        rules: GreetingRules,
        thresholds: Thresholds | None = None,
        *,
        weighing: WeighingLimits | None = None,
        template: Template = "inbound",
        number: str | None = None,
    ) -> None:
        self._listener, self._rules, self._weighing = listener, rules, weighing
        self._thresholds = thresholds or Thresholds()
        self._task = GreetingTask(names=names, template=template, limits=rules.limits, number=number)

    def check_file(self, file: Path, staff: StaffChannel | None = None) -> CheckedGreeting:
        """The greeting of a file that begins at the answer; a file that cannot be read says why."""
        try:
            sound = read_sound(file)
            samples = sound.channel(_channel_of(file, sound, staff))
        except InputError as error:
            return CheckedGreeting(file=file, error=str(error))
        weighed = WeighedVoice(self._task, self._rules, self._weighing) if self._weighing is not None else None

        def closer(listening: Listening, heard: Transcript) -> Transcript:
            if weighed is not None:
                return weighed.weighed_now(heard, listening.ask)
            return listening.hear_again() if depends_on_hearing_again(heard, self._judge) else heard

        is_cut = sound.is_cut or sound.is_unfinished
        transcript = self._listener.transcribe(samples, sound.rate, cut_short=is_cut, closer=closer)
        judgement = self._judge(transcript)
        if weighed is not None:
            judgement = replace(judgement, remarks=(*judgement.remarks, *weighed.remarks))
        return CheckedGreeting(file=file, transcript=transcript, judgement=judgement)

    def _judge(self, transcript: Transcript) -> GreetingJudgement:
        task = self._task
        return judge_greeting(
            transcript,
            task.names or DepartmentNames(name=""),
            self._rules,
            self._thresholds,
            template=task.template,
            number=task.number,
        )


def _channel_of(file: Path, sound: Sound, staff: StaffChannel | None) -> int:
    """Nothing is judged on the caller's sound: of two channels somebody must say which is the staff's."""
    if len(sound.samples) == 1:
        return 0
    if staff is None:
        raise InputError(f"{file}: there are two channels: say with --staff-channel which one the staff's is")
    return list(StaffChannel).index(staff)


def as_json(checked: CheckedGreeting) -> dict[str, Any]:
    """The exact shape of `voicedesk greeting check --json`."""
    if checked.transcript is None or checked.judgement is None:
        return {"file": str(checked.file), "error": checked.error}
    return {"file": str(checked.file), **export.as_json(checked.transcript, checked.judgement)}
