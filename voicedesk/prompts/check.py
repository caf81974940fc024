"""Hears whether what a voice says can be understood: its length, that it is not silent, and its syllables.

Syllables are heard bare, without the help of language. One sentence proves little: the right voice is understood at
0.40 or more of it, a wrong one (hanzi read as English) at up to 0.70 of a lucky one. Several together do: see
docs/prompts.md for the figures. So a voice has to pass TESTS before it speaks anything that is kept, and each text by
itself is only guarded against nonsense. English, which the model does not know, is judged by length and loudness alone.
"""

from collections.abc import Mapping

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.ivr.wording import CHINESE, ENGLISH
from voicedesk.prompts.book import LINE_RATE
from voicedesk.speech.listening import bare_syllables
from voicedesk.speech.recognizer import Recognizer
from voicedesk.speech.syllables import blurred

TESTS = {
    CHINESE: (
        "社会保障卡和失业保险金的申领。",
        "请工作人员办理工伤认定申请。",
        "您选择的是养老保险关系转移。",
        "请您在工作时间到服务大厅咨询。",
        "劳动争议仲裁申请需要准备材料。",
    ),
    ENGLISH: ("To speak with a person, press zero.",),
}
"""What a voice has to say first, by language."""
VOICE_UNDERSTOOD = 0.6
"""Share of the syllables of all tests together."""
UNDERSTOOD = 0.3
"""Share of the syllables of one text."""
HEARD_FROM = 8
"""Syllables: a shorter text proves nothing."""
SYLLABLE_SECONDS = (0.12, 0.9)
LETTER_SECONDS = (0.02, 0.3)
ROOM_SECONDS = 0.8
_AROUND = np.zeros(LINE_RATE * 3 // 10, np.int16)


class PromptCheck:
    """Hears prompts with one recogniser; without one only lengths are looked at."""

    def __init__(self, recognizer: Recognizer | None) -> None:
        self._recognizer = recognizer
        self._bare = bare_syllables(recognizer.model) if recognizer else None

    def check_voice(self, tests: Mapping[str, Samples], language: str) -> None:
        """The sound of each of a language's TESTS at 8 kHz. Raises InputError with what is wrong with the voice."""
        for text, samples in tests.items():
            _check_length(text, samples, language)
        if language == CHINESE and self._recognizer is not None and self._bare is not None:
            heard = sum(self.heard(text, samples) for text, samples in tests.items())
            _check_share(heard / sum(len(_syllables(text)) for text in tests), VOICE_UNDERSTOOD)

    def check(self, text: str, samples: Samples, language: str) -> None:
        """`samples` at 8 kHz. Raises InputError with what is wrong."""
        _check_length(text, samples, language)
        count = len(_syllables(text))
        if language == CHINESE and count >= HEARD_FROM and self._recognizer is not None and self._bare is not None:
            _check_share(self.heard(text, samples) / count, UNDERSTOOD)

    def heard(self, text: str, samples: Samples) -> int:
        """How many of a text's syllables are heard, in their order."""
        if self._recognizer is None:
            return 0
        hearing = self._recognizer.hear(LINE_RATE, self._bare)
        hearing.accept(np.concatenate([_AROUND, samples, _AROUND, _AROUND]))
        heard = [blurred(character) for word in hearing.finish() for character in word.text]
        row = [0] * (len(heard) + 1)
        for syllable in map(blurred, _syllables(text)):
            before, row = row, [0]
            for place, other in enumerate(heard):
                row.append(before[place] + 1 if syllable & other else max(before[place + 1], row[place]))
        return row[-1]


def _check_length(text: str, samples: Samples, language: str) -> None:
    is_chinese = language == CHINESE
    count = len(_syllables(text)) if is_chinese else sum(character.isalnum() for character in text)
    least, most = SYLLABLE_SECONDS if is_chinese else LETTER_SECONDS
    seconds = len(samples) / LINE_RATE
    if not count * least <= seconds <= count * most + ROOM_SECONDS:
        raise InputError(f"it is {seconds:.1f} s long, which cannot be right for {count} syllables or letters")


def _check_share(share: float, least: float) -> None:
    if share < least:
        raise InputError(f"only {share:.0%} of it can be understood: is it the right voice, and not too fast?")


def _syllables(text: str) -> list[str]:
    return [character for character in text if "\u3400" <= character <= "\u9fff"]
