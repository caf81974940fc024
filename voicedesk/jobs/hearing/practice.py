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
from voicedesk.language.translate import worded
from voicedesk.speech.listening import Listener
from voicedesk.speech.transcript import Transcript
from voicedesk.words import word

QUIET_SECONDS = 2.0
"""Who says nothing more for so long has finished."""
LONGEST_SECONDS = 20.0
_HINTS = {
    "hello": "begin with “您好”",
    "department": "then name the department: “{}”",
    "matter": "then ask what it is about, such as “请问您要办理什么业务？”",
    "number": "then say your work number, such as “工号 {}”",
    "returning": "then say that you ring back, such as “您刚才来电”",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: what was heard, the verdict, and how to do better."""

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
        values = {"department": (department,), "number": (task.number or "0 1 2",)}.get(part, ())
        yield worded(_HINTS[part], *values) if part in _HINTS else part
    for violation in judged.violations:
        if violation is GreetingVerdict.WRONG_DEPARTMENT:
            yield worded("the department to name is “{}”", department)
        elif violation is GreetingVerdict.WRONG_ORDER:
            yield worded(
                "the order is: {}", " → ".join(word(GREETING_PARTS, one) for one in rules.parts_of(task.template))
            )
        elif violation is GreetingVerdict.WRONG_NUMBER:
            yield worded("the work number to say is “{}”", task.number)
        elif violation is GreetingVerdict.LATE_START:
            yield worded(
                "begin within {} s of the answer, and have said all within {} s",
                f"{task.limits.first_word_seconds:g}",
                f"{task.limits.all_parts_seconds:g}",
            )
    for phrase in judged.phrases.forbidden:
        yield worded("do not say “{}”; you may say “请稍等，待我确认后尽快回答您的问题”", phrase.phrase)
    if judged.verdict is GreetingVerdict.CANNOT_TELL:
        yield worded("not understood: come nearer to the microphone, speak clearly, and try again")
