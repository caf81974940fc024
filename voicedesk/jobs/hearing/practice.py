"""Practising a greeting (S18): one is heard and judged like on the telephone, and nothing of it is kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from voicedesk.audio.g711 import Samples
from voicedesk.greeting.live import GreetingTask, LiveJudge
from voicedesk.greeting.model import GreetingJudgement, GreetingVerdict
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.greeting.words import GREETING_PARTS
from voicedesk.speech.listening import Listener
from voicedesk.speech.transcript import Transcript
from voicedesk.words import word

QUIET_SECONDS = 2.0
"""Who says nothing more for so long has finished."""
LONGEST_SECONDS = 20.0
_HINTS = {
    "hello": "先说“您好”",
    "department": "再报部门：“{department}”",
    "matter": "再问事情，如“请问您要办理什么业务？”",
    "number": "再报工号，如“工号 {number}”",
    "returning": "再说明回电，如“您刚才来电”",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: what was heard, the verdict, and how to do better, in Chinese."""

    transcript: Transcript
    judged: GreetingJudgement
    hints: tuple[str, ...]


def attempt(
    listener: Listener,
    blocks: Iterable[tuple[Samples, int]],
    judge: LiveJudge,
    *,
    weighing: WeighingLimits | None = None,
    shown: Callable[[str], None] = lambda _words: None,
) -> Attempt:
    """Hears one greeting until it is over, showing the words as they come, and judges it.

    It is over when its speaker says nothing more for 2 s, after 20 s, or with the sound. `weighing` are the limits of a
    model that compares sentences, None for one that does not.
    """
    voice = None
    last_change, before = 0.0, ""
    for samples, rate in blocks:
        voice = voice or listener.begin(rate)
        voice.accept(samples)
        words = voice.so_far()
        if words != before:
            before, last_change = words, voice.seconds
            shown(words)
        has_finished = bool(words) and voice.seconds - last_change >= QUIET_SECONDS
        if has_finished or voice.seconds >= LONGEST_SECONDS:
            break
    name = listener.recognizer.model.name
    transcript = voice.finish() if voice else Transcript(words=(), heard_seconds=0.0, model=name)
    if voice and weighing is not None:
        weighed = WeighedVoice(judge.task, judge.rules, weighing)
        transcript = weighed.weighed_now(transcript, voice.ask)
        judge.compared = weighed.remarks
    elif voice and judge.asks_again(_waited_out(transcript, judge.task), is_over=True):
        transcript = voice.hear_again()
    judged = judge.take(_waited_out(transcript, judge.task), is_over=True)
    return Attempt(transcript=transcript, judged=judged, hints=tuple(_hints(judged, judge.task, judge.rules)))


def _waited_out(transcript: Transcript, task: GreetingTask) -> Transcript:
    """Who stopped has said all there was: time that was not waited for counts as silence."""
    whole = transcript.heard_seconds + task.limits.first_word_seconds + task.limits.all_parts_seconds
    return replace(transcript, heard_seconds=whole)


def _hints(judged: GreetingJudgement, task: GreetingTask, rules: GreetingRules) -> Iterable[str]:
    """What to do better, in the order of the greeting."""
    department = task.names.name if task.names else ""
    for part in judged.missing:
        yield _HINTS.get(part, part).format(department=department, number=task.number or "0 1 2")
    for violation in judged.violations:
        if violation is GreetingVerdict.WRONG_DEPARTMENT:
            yield f"部门应报“{department}”"
        elif violation is GreetingVerdict.WRONG_ORDER:
            yield "次序应是：" + " → ".join(word(GREETING_PARTS, part) for part in rules.parts_of(task.template))
        elif violation is GreetingVerdict.WRONG_NUMBER:
            yield f"工号应报“{task.number}”"
        elif violation is GreetingVerdict.LATE_START:
            yield f"接通后 {task.limits.first_word_seconds:g} 秒内开口，{task.limits.all_parts_seconds:g} 秒内说完"
    for phrase in judged.phrases.forbidden:
        yield f"不说“{phrase.phrase}”，可以说“请稍等，待我确认后尽快回答您的问题”"
    if judged.verdict is GreetingVerdict.CANNOT_TELL:
        yield "没有听清：靠近话筒，口齿清楚，再试一次"
