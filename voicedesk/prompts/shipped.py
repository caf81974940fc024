"""The frame's sounds in the natural voice, as they come with Voicedesk: taken over in place of being spoken here.

They lie in `prompts/zh_CN/sounds.zip` as A-law at 16 kHz, a member for each text and pace, and `words.json` says how
each one was read: one that a hall reads otherwise, or speaks in another voice or rate, is spoken here.
`python -m tools.shipped_sounds` makes them.
"""

import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from voicedesk.audio.g711 import decode_alaw
from voicedesk.errors import InputError
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import FORMS, Pace, PromptBook, Voice, is_whole
from voicedesk.prompts.build import Wanted, keep
from voicedesk.prompts.pronunciation import Pronunciation, words_of
from voicedesk.prompts.rendering import WIDE_RATE, write_prompt
from voicedesk.texts_folder import shipped_texts

SOUNDS = shipped_texts() / CHINESE / "sounds.zip"
WORDS = "words.json"


def take_shipped(
    orders: Sequence[tuple[Wanted, Pace]], book: PromptBook, pronunciation: Pronunciation, file: Path = SOUNDS
) -> list[tuple[Wanted, Pace]]:
    """Takes over what was shipped; the orders that are left; all of them where the file cannot be read.

    Raises InputError where the disk refuses.
    """
    left = []
    try:
        with zipfile.ZipFile(file) as sounds:
            words = json.loads(sounds.read(WORDS))
            for one, pace in orders:
                name = member_of(one, pace, book)
                if one.language != CHINESE or name not in words or words[name] != _words(one, book, pronunciation):
                    left.append((one, pace))
                    continue
                samples = decode_alaw(sounds.read(name))
                keep(one, pace, samples, WIDE_RATE, book=book, pronunciation=pronunciation)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, NotImplementedError):
        return list(orders)
    return left


def place_shipped(
    wanted: Iterable[Wanted],
    book: PromptBook,
    pronunciation: Pronunciation,
    voice: Voice | None,
    file: Path = SOUNDS,
) -> int:
    """Lets callers of a hall without a natural voice hear what one said elsewhere, before its own; how many texts.

    `voice` is the one that was shipped; None: the hall has a voice that it chose, and what lies there goes. Raises
    InputError where the disk refuses.
    """
    natural = PromptBook(book.folder, {**book.voices, CHINESE: voice}) if voice is not None else None
    placed = 0
    try:
        with zipfile.ZipFile(file) as sounds:
            words = json.loads(sounds.read(WORDS))
            for one in wanted:
                path = book.shipped_path(one.text, one.language)
                name = member_of(one, Pace.NORMAL, natural) if natural is not None else ""
                if natural is None or name not in words or words[name] != _words(one, natural, pronunciation):
                    for form in FORMS:
                        path.with_suffix(form).unlink(missing_ok=True)
                    continue
                if not is_whole(path):
                    write_prompt(decode_alaw(sounds.read(name)), WIDE_RATE, path)
                placed += 1
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, NotImplementedError):
        return placed  # callers hear the hall's own voice
    return placed


def member_of(one: Wanted, pace: Pace, book: PromptBook) -> str:
    """The name of a text's sound in the file: it says the voice and its rate too."""
    return f"{pace}/{book.spoken_path(one.text, one.language, pace).name}"


def _words(one: Wanted, book: PromptBook, pronunciation: Pronunciation) -> str | None:
    try:
        return words_of(one.text, one.language, pronunciation, pinyin=book.voices[one.language].takes_pinyin)
    except InputError:
        return None
