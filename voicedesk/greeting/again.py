"""Whether a voice must be heard a second time before it is judged (S2: nobody is accused on doubtful sound)."""

from collections.abc import Callable
from dataclasses import replace

from voicedesk.greeting.model import GreetingJudgement
from voicedesk.speech.transcript import Transcript


def depends_on_hearing_again(transcript: Transcript, judge: Callable[[Transcript], GreetingJudgement]) -> bool:
    """True if the second hearing was held back and the judgement hangs on what it would say.

    `judge` must not change by being asked. Judged without the second hearing wherever this is false, a voice gets the
    very judgement that it would get with it: how far the hearings agree decides whether it was understood, and no more.
    """
    if transcript.understanding is None or not transcript.understanding.held_back:
        return False
    return judge(transcript) != judge(believed(transcript))


def believed(transcript: Transcript) -> Transcript:
    """The transcript as it would be if a second hearing heard the same."""
    if transcript.understanding is None:
        return transcript
    return replace(transcript, understanding=replace(transcript.understanding, agreement=1.0, held_back=False))
