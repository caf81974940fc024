"""The recipe from beginning to end: speech, training, files, scores."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.speech_model.acoustic import write_acoustics
from tools.speech_model.corpus import make_corpus
from tools.speech_model.graph import write_graphs
from tools.speech_model.language import Odds, sentences
from tools.speech_model.lexicon import lexicon_of
from tools.speech_model.network import folded
from tools.speech_model.origin import write_origin
from tools.speech_model.phrases import phrases_in
from tools.speech_model.plans import Plan
from tools.speech_model.training import Stream, priors, train


class Progress:
    """Tells on the terminal what is being done, and since when."""

    def __init__(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()

    def __call__(self, done: int, of: int, note: str = "") -> None:
        """Say how far it is."""
        seconds = time.monotonic() - self._began
        print(f"\r{self._title}: {done}/{of}  {seconds:4.0f} s  {note}", end="\n" if done == of else "", flush=True)


def build(plan: Plan, folder: Path, workers: int = os.cpu_count() or 1) -> None:
    """Build a plan's model and put it where `folder` says, in place of what is there."""
    with tempfile.TemporaryDirectory(prefix="speech-model-") as temporary:
        work, made = Path(temporary), Path(temporary, "model")
        shards = make_corpus(plan, work, workers, Progress("synthesis"))
        stream = Stream(shards)
        network = train(plan, stream, Progress("training"))
        write_acoustics(made, folded(network), priors(network, stream, plan), plan.features)
        write_language(plan, made)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
    note(plan, folder, {"hours_of_speech": round(len(stream.frames) / 360_000, 1), "utterances": plan.utterances})


def write_language(plan: Plan, folder: Path) -> None:
    """Write the graphs alone: a matter of seconds."""
    phrases = phrases_in(plan.phrases)
    lexicon = lexicon_of(phrases)
    write_graphs(folder, lexicon, sentences(phrases, lexicon, Odds()))


def note(plan: Plan, folder: Path, facts: dict[str, Any]) -> None:
    """Score a model and write its origin.json."""
    print("scoring on voices kept apart")
    # apart from the process that built the graphs: the engine and the library for graphs do not bear each other
    command = [sys.executable, "-m", "tools.speech_model.scoring", str(folder), str(plan.features.rate)]
    measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for name, score in measured.items():
        print(f"  {name}: {score}")
    write_origin(folder, plan.name, datetime.now(UTC).date().isoformat(), {**facts, "scores": measured})
