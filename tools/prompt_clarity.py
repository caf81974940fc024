"""How much of the prompts an ear trained on people understands: `python -m tools.prompt_clarity FOLDER [COUNT]`.

FOLDER is a CTranslate2 Whisper model (faster-whisper must be installed). Every voice speaks the frame and three items,
or COUNT of their sentences, evenly taken; each is heard at 8 kHz. Tones, homophones and digits are forgiven.
"""

import sys
from datetime import date

import numpy as np
import soxr
from faster_whisper import WhisperModel
from pypinyin import lazy_pinyin
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.reading import spoken
from voicedesk.prompts.book import KOKORO, LINE_RATE, PYTTSX3, Pace, Voice
from voicedesk.prompts.build import wanted_texts
from voicedesk.prompts.pronunciation import shipped_pronunciation
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.prompts.texts import load_frames
from voicedesk.texts_folder import shipped_texts

VOICES = {KOKORO: "jm_kumo", PYTTSX3: "sit/cmn-latn-pinyin"}
LEAST_SYLLABLES = 4
"""A recogniser of sentences cannot judge a shorter text."""
WIDE_RATE = 16_000


def sentences() -> list[str]:
    """The Chinese sentences of the frame and of three items."""
    catalogue = load_catalogue(shipped_texts() / "zh_CN")
    items = catalogue.spoken_on(date(2026, 12, 1), samples=True)[:3]
    wanted = wanted_texts(load_frames(shipped_texts()), (group.name for group in catalogue.groups), items)
    return [one.text for one in wanted if one.language == "zh_CN" and len(syllables(one.text)) >= LEAST_SYLLABLES]


def syllables(text: str) -> list[str]:
    """The syllables of a text without tones; digits as they are read one by one."""
    read = spoken(text).replace("幺", "一")
    return lazy_pinyin("".join(one for one in read if "\u3400" <= one <= "\u9fff"))


def wrong(said: list[str], heard: list[str]) -> int:
    """How many syllables were lost, put in or changed."""
    row = list(range(len(heard) + 1))
    for place, one in enumerate(said, 1):
        before, row = row, [place]
        for at, other in enumerate(heard):
            row.append(min(before[at] + (one != other), before[at + 1] + 1, row[at] + 1))
    return row[-1]


def main() -> None:
    """Prints the share of each voice, and the sentences of which more than a third was not understood."""
    ear = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
    texts = sentences()
    texts = texts[:: max(1, len(texts) // int(sys.argv[2]))] if len(sys.argv) > 2 else texts
    for engine, name in VOICES.items():
        voice, missed, total = Voice(name=name, rate=160, slow_rate=120, engine=engine), 0, 0
        with Synthesis.open(shipped_pronunciation()) as synthesis:
            for text in texts:
                samples, rate = synthesis.speak(text, voice, Pace.NORMAL, "zh_CN")
                line = soxr.resample(samples.astype(np.float32) / 32768, rate, LINE_RATE)
                wide = np.pad(soxr.resample(line, LINE_RATE, WIDE_RATE), (WIDE_RATE // 4, WIDE_RATE // 2))
                found, _ = ear.transcribe(
                    wide,
                    language="zh",
                    condition_on_previous_text=False,
                    without_timestamps=True,
                    initial_prompt="以下是普通话的句子。",
                )
                heard = "".join(one.text for one in found)
                said = syllables(text)
                lost = min(wrong(said, syllables(heard)), len(said))
                missed, total = missed + lost, total + len(said)
                if lost * 3 > len(said):
                    print(f"  {engine}: {text} … {heard}", flush=True)
        print(f"{engine} {name}: {missed / total:.1%} of {total} syllables in {len(texts)} sentences", flush=True)


if __name__ == "__main__":
    main()
