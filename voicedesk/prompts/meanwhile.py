"""What callers hear until the hall's own voice has spoken: pyttsx3 says what has no sound at all, in a few seconds.

A natural voice takes as long as its sound is, a whole catalogue the better part of an hour; nobody waits so long for
an IVR that is silent. Each sound gives way to that of the hall's own voice as soon as that is there.
"""

from collections.abc import Iterable

from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import FIRST_VOICE, ORDINARY_RATE, PYTTSX3, Pace, PromptBook, Voice
from voicedesk.prompts.build import Built, Wanted, build_spoken
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.pronunciation import Pronunciation
from voicedesk.prompts.synthesis import Synthesis

SLOW_RATE = 120
"""No slow sound is spoken meanwhile; a voice has both rates."""


def speak_meanwhile(wanted: Iterable[Wanted], book: PromptBook, pronunciation: Pronunciation) -> Built:
    """Has pyttsx3 say, at the normal pace, every text that has no sound at all; nothing where it is the hall's voice.

    What it cannot say is told in `failed`; the hall's own voice comes to it later.
    """
    if book.voices[CHINESE].engine == PYTTSX3:
        return Built()
    quick = Voice(name=FIRST_VOICE, rate=ORDINARY_RATE, slow_rate=SLOW_RATE)
    orders = [(one, Pace.NORMAL) for one in wanted if book.find(one.text, language=one.language) is None]
    if not orders:
        return Built()
    with Synthesis.open(pronunciation) as synthesis:
        quick_book = PromptBook(book.folder, {**book.voices, CHINESE: quick})
        return build_spoken(orders, quick_book, synthesis, PromptCheck(None))
