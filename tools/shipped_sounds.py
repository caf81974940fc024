"""Makes the frame's sounds in the natural voice that are shipped: `python -m tools.shipped_sounds [FOLDER [MODEL]]`.

It needs the extra `voice`. What is in the file already and would be read the same is kept; so after a text of
`prompts/zh_CN/frame.toml` or a group's name changed, only that text is spoken. What is spoken is kept in FOLDER too,
for whoever ends it early. With MODEL, the folder of a speech model such as whisper-base, all of it is heard back; what
was not wholly understood is spoken a little slower too, and the sound that was understood best is kept. The normal pace
alone is shipped: half of the bytes, and played where no slow sound is.
"""

import contextlib
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from voicedesk.audio.g711 import encode_alaw
from voicedesk.catalogue.load import load_catalogue
from voicedesk.hall.prompts import book_of
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import FORMS, Pace, PromptBook
from voicedesk.prompts.build import Wanted, build_at_once, missing, wanted_texts
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.hearing_back import HEARD, HeardPrompt, hear_back, heard_prompts
from voicedesk.prompts.pronunciation import shipped_pronunciation, words_of
from voicedesk.prompts.shipped import SOUNDS, WORDS, member_of, take_shipped
from voicedesk.prompts.texts import load_frames
from voicedesk.settings import Settings
from voicedesk.texts_folder import shipped_texts

RATES = (144, 152)
"""Other paces for what was not wholly understood: at 136 the voice is understood no better."""
BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the earliest that a ZIP can name."""


def orders() -> list[tuple[Wanted, Pace]]:
    """The Chinese texts of the frame and the groups' names."""
    groups = load_catalogue(shipped_texts() / CHINESE).groups
    wanted = wanted_texts(load_frames(shipped_texts()), (group.name for group in groups), ())
    return [(one, Pace.NORMAL) for one in wanted if one.language == CHINESE]


def book_in(folder: Path) -> PromptBook:
    """A book of the natural voice as the settings have it by default."""
    table = {"folder": str(folder), "engine": "kokoro"}
    return book_of(Settings.model_validate({"prompts": table}))


def members(book: PromptBook) -> Iterator[tuple[str, str, bytes]]:
    """Name, reading and sound of each."""
    for one, pace in orders():
        wide = np.frombuffer(book.spoken_path(one.text, CHINESE, pace).with_suffix(".sln16").read_bytes(), "<i2")
        words = words_of(one.text, CHINESE, shipped_pronunciation())
        yield member_of(one, pace, book), words, encode_alaw(wide.astype(np.int16))


def make_clearer(book: PromptBook, model: Path) -> None:
    """Puts a slower sound in the place of one of which less was understood, and tells how much is understood then."""
    heard = {one.wanted: one for one in _heard((one for one, _ in orders()), book, model)}
    for rate in RATES:
        doubtful = [wanted for wanted, one in heard.items() if one.clarity is not None and one.clarity.wrong]
        voice = replace(book.voices[CHINESE], rate=rate)
        other = PromptBook(book.folder / f"rate-{rate}", {CHINESE: voice})
        again = [(one, Pace.NORMAL) for one in doubtful if other.find(one.text) is None]
        build_at_once(again, other, shipped_pronunciation(), PromptCheck(None), processes=2)
        for one in _heard(doubtful, other, model):
            before = heard[one.wanted]
            if one.clarity is None or before.clarity is None or one.clarity.wrong >= before.clarity.wrong:
                continue
            for form in (*FORMS, HEARD):
                shutil.copyfile(one.path.with_suffix(form), before.path.with_suffix(form))
            heard[one.wanted] = replace(one, path=before.path)
        found = [one.clarity for one in heard.values() if one.clarity is not None]
        wrong, of = sum(one.wrong for one in found), sum(one.of for one in found)
        unclear = sum(one.is_unclear for one in found)
        print(f"{wrong} of {of} syllables not understood, {unclear} of {len(found)} sentences unclear", flush=True)


def _heard(wanted: Iterable[Wanted], book: PromptBook, model: Path) -> list[HeardPrompt]:
    every = list(heard_prompts(wanted, book, (Pace.NORMAL,)))
    hear_back([one for one in every if one.clarity is None], model, processes=2, progress=lambda *_: None)
    return list(heard_prompts([one.wanted for one in every], book, (Pace.NORMAL,)))


def main() -> None:
    """Speaks what is not in the file yet, and writes it anew."""
    with contextlib.ExitStack() as stack:
        folder = sys.argv[1] if len(sys.argv) > 1 else stack.enter_context(tempfile.TemporaryDirectory())
        book, pronunciation = book_in(Path(folder)), shipped_pronunciation()
        waiting = set(missing((one for one, _ in orders()), book, pronunciation))
        left = take_shipped([one for one in orders() if one in waiting], book, pronunciation)
        built = build_at_once(left, book, pronunciation, PromptCheck(None), processes=2)
        if built.failed:
            sys.exit(f"not spoken: {built.failed}")
        if len(sys.argv) > 2:
            make_clearer(book, Path(sys.argv[2]))
        found = list(members(book))
    with zipfile.ZipFile(SOUNDS, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        words = {name: read for name, read, _ in found}
        texts = json.dumps(words, ensure_ascii=False, indent=0).encode()
        for name, content in ((WORDS, texts), *((name, sound) for name, _, sound in found)):
            file.writestr(zipfile.ZipInfo(name, BEGINNING), content, zipfile.ZIP_DEFLATED)
    print(f"{SOUNDS}: {len(found)} sounds, {len(left)} of them spoken now, {SOUNDS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
