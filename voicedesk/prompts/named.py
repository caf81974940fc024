"""Prompts that the dialplan plays by itself: each has a file of a fixed name, with the newest sound of its text.

<folder>/<language>/named/recording-notice.alaw, .sln16

Every other prompt is played by the service, which looks up its file; Playback() in the dialplan has to know a name.
"""

from collections.abc import Mapping
from pathlib import Path

from voicedesk.errors import InputError, reason_of
from voicedesk.ivr.wording import RECORDING_NOTICE, Frame
from voicedesk.prompts.book import FORMS, Prompt, PromptBook
from voicedesk.prompts.rendering import READABLE, make_readable, write_whole

NAMED = {RECORDING_NOTICE: "recording-notice"}
"""Keys of the frame, and the names of their files."""


def named_path(folder: Path, language: str, key: str) -> Path:
    """The file of a text of the frame, without its ending, in a folder of prompts."""
    return folder / language / "named" / NAMED[key]


def publish_named(book: PromptBook, frames: Mapping[str, Frame]) -> None:
    """Puts the sounds in their places, where they are not there yet. Raises InputError where the disk refuses."""
    for path, sound in _stale(book, frames):
        make_readable(path.parent)
        for form in FORMS:
            write_whole(path.with_suffix(form), _bytes(sound.path.with_suffix(form)), mode=READABLE)


def is_published(book: PromptBook, frames: Mapping[str, Frame]) -> bool:
    """Whether each of them is what its text sounds like now; a text without any sound is nothing to publish."""
    return not _stale(book, frames)


def _stale(book: PromptBook, frames: Mapping[str, Frame]) -> list[tuple[Path, Prompt]]:
    found = []
    for language, frame in frames.items():
        for key in NAMED:
            sound, path = book.find(frame[key], language=language), named_path(book.folder, language, key)
            if sound is not None and any(
                _read(path.with_suffix(form)) != _read(sound.path.with_suffix(form)) for form in FORMS
            ):
                found.append((path, sound))
    return found


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {reason_of(error)}") from error
