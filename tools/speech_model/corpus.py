"""Training speech: utterance after utterance, synthesised, sent over a line, turned into frames with a phone each.

Frames are log mel energies; a network that sees cepstra gets them from these while it learns.

Every shard is made by a process of its own, so the corpus is the same however many processes make it.
"""

import multiprocessing
import multiprocessing.process
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tools.speech_model.channel import LINE_RATE, Line, rough_line
from tools.speech_model.espeak import Espeak, EspeakError, Speech
from tools.speech_model.features import STEP_SECONDS, WINDOW_SECONDS, log_mel
from tools.speech_model.lexicon import words_of
from tools.speech_model.phrases import Phrases, name_spelled, phrases_in
from tools.speech_model.plans import Plan
from tools.speech_model.syllables import phone_names, spelling
from tools.speech_model.tones import not_speech
from tools.speech_model.voices import training_voice

SHARD = 250
_PAUSES = (",", ",", "", ".", ";")
_NOT_SPEECH_SHARE = 0.07

Frames = tuple[NDArray[np.float16], NDArray[np.uint8]]


def text_to_learn(rng: random.Random, said: Phrases) -> list[str]:
    """Phrases of one utterance: a sentence of the hall, something said alone, words at random, syllables at random."""
    roll = rng.random()
    if roll < 0.50:
        return [name_spelled(rng, part.text) for part in said.sentence(rng)]
    if roll < 0.60:
        return [rng.choice(said.lists["alone"] + [rng.choice(tuple(spelling().values()))])]
    if roll < 0.76:
        return [" ".join(rng.choices(words_of(said), k=rng.randint(2, 7)))]
    syllables = tuple(spelling().values())
    return [" ".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(rng.randint(2, 4))]


def frame_phones(speech: Speech, line: Line, count: int) -> NDArray[np.uint8]:
    """The phone heard in the middle of each frame."""
    numbers = {name: number for number, name in enumerate(phone_names())}
    labels = np.zeros(count, np.uint8)
    for phone in speech.phones:
        first, last = (max(0, int(np.ceil(_frame(line.place(t))))) for t in (phone.start, phone.end))
        labels[first:last] = numbers[phone.name]
    return labels


def _frame(seconds: float) -> float:
    return (seconds - WINDOW_SECONDS / 2) / STEP_SECONDS


def utterance(espeak: Espeak, plan: Plan, seed: int) -> Frames | None:
    """The frames of one utterance, or nothing if the synthesiser said something else than it was given."""
    rng, draw = random.Random(seed), np.random.default_rng(seed)
    if rng.random() < _NOT_SPEECH_SHARE:
        frames = log_mel(_at_model_rate(not_speech(draw), plan), plan.features)
        return frames.astype(np.float16), np.zeros(len(frames), np.uint8)
    try:
        speech = _spoken(espeak, phrases_in(plan.phrases), rng)
    except EspeakError:
        return None
    line = rough_line(draw, speech.samples, speech.rate)
    frames = log_mel(_at_model_rate(line.samples, plan), plan.features)
    return frames.astype(np.float16), frame_phones(speech, line, len(frames))


def _spoken(espeak: Espeak, phrases: Phrases, rng: random.Random) -> Speech:
    said = text_to_learn(rng, phrases)
    return espeak.say(said, training_voice(rng), [rng.choice(_PAUSES) for _ in said[1:]])


def _at_model_rate(samples: NDArray[np.float32], plan: Plan) -> NDArray[np.float32]:
    """A model of a higher rate hears the telephone upsampled, as it will in use."""
    if plan.features.rate == LINE_RATE:
        return samples
    return resample_poly(samples, plan.features.rate // LINE_RATE, 1).astype(np.float32)


def make_shard(plan: Plan, start: int, path: Path) -> None:
    """Utterances `start` to `start + SHARD` into a file."""
    espeak = Espeak()
    seeds = range(plan.first_seed + start, plan.first_seed + min(start + SHARD, plan.utterances))
    made = [frames for seed in seeds if (frames := utterance(espeak, plan, seed)) is not None]
    np.savez(path, x=np.concatenate([x for x, _ in made]), y=np.concatenate([y for _, y in made]))


def make_corpus(plan: Plan, folder: Path, workers: int, progress: Callable[[int, int], None]) -> list[Path]:
    """All shards of a plan, `workers` at a time; `progress` is told how many of how many are there."""
    starts = range(0, plan.utterances, SHARD)
    paths = [folder / f"shard{start:06}.npz" for start in starts]
    waiting = list(zip(starts, paths, strict=True))
    running: list[multiprocessing.process.BaseProcess] = []
    # never a fork of a process in which a network has been trained: its threads would be missing
    processes = multiprocessing.get_context("forkserver")
    done = 0
    while waiting or running:
        while waiting and len(running) < workers:
            process = processes.Process(target=make_shard, args=(plan, *waiting.pop(0)))
            process.start()
            running.append(process)
        first = running.pop(0)
        first.join()
        if first.exitcode:
            raise RuntimeError(f"a synthesis process ended with {first.exitcode}")
        done += 1
        progress(done, len(paths))
    return paths
