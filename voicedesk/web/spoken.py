"""What rows say in words they say in the reader's language."""

from collections.abc import Iterator
from contextlib import contextmanager

from voicedesk.words import SPOKEN, Language


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Within the block the words of codes are given in one language."""
    before = SPOKEN.set(language)
    try:
        yield
    finally:
        SPOKEN.reset(before)
