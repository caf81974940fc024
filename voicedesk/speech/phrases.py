"""Names as a recogniser is told to expect them: spelt by the characters it knows, whatever they are written with."""

from collections.abc import Iterable

from voicedesk.speech.models import SpeechModel
from voicedesk.speech.syllables import readings
from voicedesk.speech.transcript import UNKNOWN_WORD

LEAD_INS = ("我要", "我想", "我想问", "我要办", "我想办", "请问", "怎么办", "办理", "申请", "咨询", "的", "怎么")
"""What callers say around a name."""


def grammar_of(names: Iterable[str], model: SpeechModel) -> list[str] | None:
    """What may be said, a phrase of single characters for each name; None where the model takes no grammar.

    A name of which a syllable cannot be spelt is left out.
    """
    if not model.takes_grammar:
        return None
    by_reading: dict[str, str] = {}
    for character in sorted(model.characters):
        for reading in readings(character):
            by_reading.setdefault(reading, character)
    spelt = (_spelt(name, model.characters, by_reading) for name in (*names, *LEAD_INS))
    phrases = [phrase for phrase in dict.fromkeys(spelt) if phrase]
    return [*phrases, UNKNOWN_WORD] if model.has_unknown else phrases


def _spelt(name: str, known: frozenset[str], by_reading: dict[str, str]) -> str | None:
    letters = [character for character in name if character.isalnum()]
    found = [
        one if one in known else next((by_reading[r] for r in sorted(readings(one)) if r in by_reading), None)
        for one in letters
    ]
    return None if None in found or not found else " ".join(one for one in found if one)
