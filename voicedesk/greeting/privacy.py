"""Takes long numbers out of what is kept of a call: identity cards, bank cards and phone numbers read aloud.

A staff number that a greeting may open with is shorter, so a masked transcript is judged as the whole one was.
"""

import re
from dataclasses import replace

from voicedesk.greeting.stream import MAX_DIGITS, SPOKEN_DIGITS
from voicedesk.speech.transcript import Transcript, Word

MASKED = "＊"
_DIGIT = "[" + "".join(sorted(SPOKEN_DIGITS)) + "]"
_LONG_NUMBER = re.compile(f"{_DIGIT}(?:[,， ]*{_DIGIT}){{{MAX_DIGITS},}}")


def without_long_numbers(transcript: Transcript) -> Transcript:
    """The transcript with every digit masked that stands in a run of more than MAX_DIGITS, across words and pauses.

    A syllable that was not understood in the midst of a number does not end it.
    """
    words = list(transcript.words)
    run: list[int] = []
    length = 0
    for place, word in enumerate((*words, None)):
        if word is not None and (word.is_unknown or _is_number(word)):
            run.append(place)
            length += 0 if word.is_unknown else len(word.text)
            continue
        if length > MAX_DIGITS:
            for one in run:
                words[one] = _masked(words[one])
        run, length = [], 0
    return replace(transcript, words=tuple(words))


def text_without_long_numbers(text: str) -> str:
    """A text with every such number masked; commas and spaces do not end a number."""
    return _LONG_NUMBER.sub(lambda found: MASKED * len(found.group()), text)


def _is_number(word: Word) -> bool:
    return all(character in SPOKEN_DIGITS for character in word.text)


def _masked(word: Word) -> Word:
    return word if word.is_unknown else replace(word, text=MASKED * len(word.text))
