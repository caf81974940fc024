"""What pages say: English in the source, marked by `t`, and Chinese from the catalogue, in the reader's language."""

from collections.abc import Callable

from voicedesk.english_counts import filled
from voicedesk.language.catalogue import read_catalogue
from voicedesk.words import Language

Say = Callable[..., str]
"""Gives a text in one language, with values filled in."""


def t(text: str) -> str:
    """Marks a text that a page says later, so that the search for texts without Chinese finds it."""
    return text


def speaker(language: Language) -> Say:
    """Says texts in a language; what the catalogue does not know stays as it is."""

    def say(text: str, *values: object) -> str:
        known = read_catalogue().get(text)
        is_chinese = language is Language.CHINESE
        said = text if known is None else known[0 if is_chinese else 1]
        if not values:
            return said
        return said.format(*values) if is_chinese else filled(said, values)

    return say
