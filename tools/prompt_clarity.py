"""How much of the prompts an ear trained on people understands: `python -m tools.prompt_clarity FOLDER [COUNT]`.

FOLDER is a speech model's, such as whisper-base. Every voice speaks the frame and three items, or COUNT of their
sentences, evenly taken; each is heard as callers hear it. The figures stand in docs/prompts.md.
"""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from voicedesk.catalogue.load import load_catalogue
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import FIRST_VOICE, KOKORO, PYTTSX3, Pace, PromptBook, Voice
from voicedesk.prompts.build import Wanted, build_at_once, wanted_texts
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.hearing_back import hear_back, heard_prompts
from voicedesk.prompts.pronunciation import shipped_pronunciation
from voicedesk.prompts.texts import load_frames
from voicedesk.texts_folder import shipped_texts

VOICES = {KOKORO: "jm_kumo", PYTTSX3: FIRST_VOICE}
DAY = date(2026, 12, 1)


def sentences() -> list[Wanted]:
    """The Chinese sentences of the frame and of three items."""
    catalogue = load_catalogue(shipped_texts() / CHINESE)
    items = catalogue.spoken_on(DAY, samples=True)[:3]
    wanted = wanted_texts(load_frames(shipped_texts()), (group.name for group in catalogue.groups), items)
    return [one for one in wanted if one.language == CHINESE]


def tell(engine: str, texts: list[Wanted], model: Path) -> None:
    """Prints a voice's figures, and what was not understood."""
    voice = Voice(name=VOICES[engine], rate=160, slow_rate=120, engine=engine)
    with tempfile.TemporaryDirectory() as folder:
        book = PromptBook(Path(folder), {CHINESE: voice})
        orders = [(one, Pace.NORMAL) for one in texts]
        begun = time.monotonic()
        build_at_once(orders, book, shipped_pronunciation(), PromptCheck(None), processes=1)
        took = time.monotonic() - begun
        seconds = sum(sound.seconds for one in texts if (sound := book.find(one.text)) is not None)
        waiting = list(heard_prompts(texts, book, (Pace.NORMAL,)))
        heard = [one for one in hear_back(waiting, model, processes=1, progress=lambda *_: None) if one.clarity]
    for one in heard:
        if one.clarity and one.clarity.is_unclear:
            print(f"  {engine}: {one.wanted.text} … {one.clarity.heard}", flush=True)
    wrong, of = (sum(getattr(one.clarity, what) for one in heard) for what in ("wrong", "of"))
    print(f"{engine} {voice.name}: {wrong / of:.1%} of {of} syllables in {len(heard)} sentences not understood")
    print(f"  {seconds:.0f} s of sound took {took:.0f} s: {took / seconds:.2f} s for each second", flush=True)


def main() -> None:
    """Prints the figures of each voice."""
    texts = sentences()
    texts = texts[:: max(1, len(texts) // int(sys.argv[2]))] if len(sys.argv) > 2 else texts
    for engine in VOICES:
        tell(engine, texts, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
