"""Words as a recogniser would give them, written as a line of text."""

from voicedesk.greeting.model import DepartmentNames
from voicedesk.speech.transcript import Transcript, Understanding, Word

SYLLABLE = 0.2
NAMES = DepartmentNames(
    name="人力资源和社会保障局", aliases=("人社局", "社保中心"), others=("医保局", "税务局", "公积金中心")
)


def words(line, *, start=0.5, confidence=0.95):
    """ "您好 社保 中心 | 请问": a bar is a pause of 2 s, "~" before a word makes it hardly heard."""
    at, said = start, []
    for text in line.split():
        if text == "|":
            at += 2.0
            continue
        heard = text.removeprefix("~")
        syllables = 1 if heard == "[unk]" else len(heard)
        end = at + SYLLABLE * syllables
        sure = 0.2 if text.startswith("~") else confidence
        said.append(Word(text=heard, start_seconds=at, end_seconds=end, confidence=sure))
        at = end + 0.02
    return tuple(said)


def transcript(line, *, start=0.5, confidence=0.95, understanding=None, cut_short=False):
    said = words(line, start=start, confidence=confidence)
    return Transcript(
        words=said,
        heard_seconds=(said[-1].end_seconds if said else 0.0) + 1,
        model="test",
        understanding=understanding,
        cut_short=cut_short,
    )


FOREIGN = Understanding(confidence=0.4, known_share=0.9, agreement=0.3)
