"""A code's Chinese and English word, for lists, pages and filters."""

from dataclasses import dataclass

from voicedesk.words import Language, Words, in_both, word


@dataclass(frozen=True, slots=True)
class Label:
    """A word in Chinese and in English."""

    chinese: str
    english: str

    def __str__(self) -> str:
        """Both, where they differ; one of them alone where one language is spoken."""
        return in_both(self.chinese, self.english)


def label(words: Words, code: str | None) -> Label:
    """A code's words; a code that nobody knows stays as it is, None is nothing."""
    return Label(word(words, code, Language.CHINESE), word(words, code, Language.ENGLISH))
