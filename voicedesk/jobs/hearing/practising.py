"""A greeting practised at the desk (S18): heard and judged in a process of its own, and nothing of it is kept.

    python -m voicedesk.jobs.hearing.practising < order-and-sound

The order is one line of JSON: `settings` (as a dictionary), `line`, `agent` (or null) and `language`; the sound, a WAV
file, follows it. What came of it is JSON on standard output: the fields of `Practised`.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import read_layout
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import thresholds_of, weighing_limits_of
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.weighing.telling import remark_as_spoken
from voicedesk.greeting.words import GREETING_PARTS, GREETING_VERDICTS
from voicedesk.hall.greetings import greeting_task, rules_of
from voicedesk.jobs.hearing.practice import LONGEST_SECONDS, attempt
from voicedesk.settings import Settings
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.install import find_model
from voicedesk.speech.listening import Listener
from voicedesk.words import SPOKEN, Language, word

_BLOCK_SECONDS = 0.1
_MICROPHONE = Path("microphone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Practised:
    """What came of one try, in the language of who practised. `parts` are (seconds, part, words); `verdict` is a code.

    `hears_people` is False for a model that understands synthetic voices only. `error` is why it could not be judged;
    then there is nothing else.
    """

    verdict: str = ""
    told: str = ""
    heard: str = ""
    parts: tuple[tuple[float, str, str], ...] = ()
    reason: str = ""
    hints: tuple[str, ...] = ()
    hears_people: bool = True
    error: str = ""


def practised(settings: Settings, line: str, agent: str | None, sound: bytes) -> Practised:
    """Hears and judges one greeting; `sound` is a WAV file. Raises InputError with what to do."""
    rules = rules_of(settings)
    task = greeting_task(line, settings, rules, agent=agent)
    if task.names is None:
        raise InputError("this line has no department: give it one in [[lines]], or there is no greeting to judge")
    model = find_model(settings.speech.model, settings.speech.models_folder)
    blocks = _blocks_of(sound)
    judge = LiveJudge(task, rules, thresholds_of(model))
    done = attempt(Listener(recognizer_of(model)), blocks, judge, weighing=weighing_limits_of(model))
    why = explained(done.judged.reason)
    return Practised(
        verdict=done.judged.verdict.value,
        told=word(GREETING_VERDICTS, done.judged.verdict),
        heard=done.transcript.text,
        parts=tuple((one.start_seconds, word(GREETING_PARTS, one.part), one.text) for one in done.judged.parts),
        reason=why.words if why else "",
        hints=(*(remark_as_spoken(one) for one in done.judged.remarks), *done.hints),
        hears_people=not model.synthetic_only,
    )


def _blocks_of(sound: bytes) -> Iterator[tuple[Samples, int]]:
    """The sound as a microphone gives it, a tenth of a second at a time. Raises InputError where it is none."""
    layout = read_layout(sound, _MICROPHONE)
    longest = layout.offset + round(LONGEST_SECONDS * layout.rate) * layout.frame_bytes
    samples = layout.decode(sound[layout.offset : longest])[0]
    step = int(layout.rate * _BLOCK_SECONDS)
    return ((samples[start : start + step], layout.rate) for start in range(0, len(samples), step))


def main() -> None:
    """Answers the one order on standard input."""
    order = json.loads(sys.stdin.buffer.readline())
    SPOKEN.set(Language(order["language"]))
    try:
        settings = Settings.model_validate(order["settings"])
        found = practised(settings, order["line"], order["agent"], sys.stdin.buffer.read())
    except InputError as error:
        found = Practised(error=str(error))
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False))


if __name__ == "__main__":
    main()
