"""Codes in words: what a list, a page and a facet show of them."""

from dataclasses import dataclass

from voicedesk.words import Language, Words, word


@dataclass(frozen=True, slots=True)
class Label:
    """A word in Chinese and in English."""

    chinese: str
    english: str

    def __str__(self) -> str:
        """Both, where they differ."""
        return " ".join(text for text in dict.fromkeys((self.chinese, self.english)) if text)


def label(words: Words, code: str | None) -> Label:
    """A code's words; a code that nobody knows stays as it is, None is nothing."""
    return Label(word(words, code), word(words, code, Language.ENGLISH))
