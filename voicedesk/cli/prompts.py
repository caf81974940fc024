"""`voicedesk prompts`: what callers hear, as sound."""

import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from voicedesk.audio.g711 import Samples, decode_alaw
from voicedesk.audio.microphone import listen, play
from voicedesk.audio.wav import write_wav
from voicedesk.cli.common import (
    ERROR,
    ConfigOption,
    JsonOption,
    complain,
    path_of,
    say,
    say_as_it_is,
    say_json,
    settings_of,
)
from voicedesk.cli.prompt_work import as_json, progress_of, tell, tell_heard
from voicedesk.errors import InputError, WrongUsage, reason_of
from voicedesk.hall.prompt_building import build_prompts, hear_prompts
from voicedesk.hall.prompts import book_of, chinese_voice, wanted_of
from voicedesk.prompts import kokoro
from voicedesk.prompts.book import LINE_RATE, PYTTSX3, Pace, recording_name, text_id
from voicedesk.prompts.build import Wanted
from voicedesk.prompts.hearing_back import heard_prompts
from voicedesk.prompts.rendering import trimmed
from voicedesk.prompts.texts import LANGUAGES
from voicedesk.settings import Settings
from voicedesk.words import in_both

app = typer.Typer(help="What callers hear: synthesis, and recordings that replace it (S5).", no_args_is_help=True)

TextArgument = Annotated[str, typer.Argument(help="The prompt's id, or its text.", metavar="ID|TEXT")]


FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="In place of the settings' folder.", parser=path_of, metavar="PATH")
]


@app.command()
def build(
    language: Annotated[str | None, typer.Option(help="Only this language: zh_CN or en.")] = None,
    folder: FolderOption = None,
    trust_voice: Annotated[
        bool, typer.Option("--trust-voice", help="Do not hear whether it can be understood, only its length.")
    ] = False,
    meanwhile: Annotated[
        bool, typer.Option("--meanwhile", help="First let pyttsx3 say what has no sound, until the voice has.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Build the sounds that are missing, or whose text, voice or recording changed. What fails keeps its old sound.

    Example: `voicedesk prompts build`
    """
    if language not in (None, *LANGUAGES):
        raise WrongUsage(f"--language {language}: there is {' and '.join(LANGUAGES)}")
    settings = _in_folder(settings_of(config), folder)
    wanted = [one for one in _wanted(settings) if language in (None, one.language)]
    if chinese_voice(settings.prompts).engine == PYTTSX3 and not kokoro.is_installed():
        complain("a voice that callers understand better: pip install 'voicedesk[voice]' (docs/prompts.md)")
    with progress_of() as progress:
        built = build_prompts(settings, wanted, progress, meanwhile=meanwhile, trust_voice=trust_voice)
    if json:
        say_json(as_json(built))
    else:
        tell(built)
    if built.failed:
        raise typer.Exit(ERROR)


@app.command()
def check(
    prompt: Annotated[str | None, typer.Argument(help="Only this one, by its id or its text.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was heard before and is the same still.")] = False,
    slow: Annotated[bool, typer.Option("--slow", help="The slow renderings too.")] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Hear what was built, with the best ear for people that is here, and list what callers may not understand.

    Example: `voicedesk prompts check`
    """
    settings = _in_folder(settings_of(config), folder, is_there=True)
    wanted = _wanted(settings) if prompt is None else [_named(settings, prompt)]
    book, paces = book_of(settings), tuple(Pace) if slow else (Pace.NORMAL,)
    every = list(heard_prompts(wanted, book, paces))
    waiting = [one for one in every if again or prompt or one.clarity is None]
    if waiting:
        with progress_of() as progress:
            hear_prompts(settings, waiting, progress("hearing"))
        every = list(heard_prompts(wanted, book, paces))
    if tell_heard(every, book, settings, json=json):
        raise typer.Exit(ERROR)


def _in_folder(settings: Settings, folder: Path | None, *, is_there: bool = False) -> Settings:
    """The settings with the sounds in another folder. Raises InputError where it must be there, and is not."""
    if folder is None:
        return settings
    if is_there and not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder: name the one of voicedesk prompts build --folder")
    return settings.model_copy(update={"prompts": settings.prompts.model_copy(update={"folder": folder})})


@app.command("list")
def list_prompts(
    missing_recording: Annotated[
        bool, typer.Option("--missing-recording", help="Only what no person has recorded yet.")
    ] = False,
    missing_sound: Annotated[bool, typer.Option("--missing", help="Only what has no sound at all.")] = False,
    unclear: Annotated[
        bool, typer.Option("--unclear", help="Only what an ear for people did not understand, with what it heard.")
    ] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List all that may be said: id, whether a person or the voice speaks it, how long it is, and the text.

    Example: `voicedesk prompts list --missing-recording`
    """
    settings = _in_folder(settings_of(config), folder, is_there=True)
    book = book_of(settings)
    if unclear:
        tell_heard(list(heard_prompts(_wanted(settings), book, tuple(Pace))), book, settings, json=json)
        return
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
    if not rows:
        complain(in_both("没有符合条件的提示音", "no prompt fits"))
    names = {None: in_both("无", "none"), "person": in_both("真人", "person"), "voice": in_both("合成", "voice")}
    for row in rows:
        say_as_it_is(f"{row['id']}  {names[row['by']]:<10}  {row['seconds'] or 0:6.2f} s  {row['text']}")  # type: ignore[index]


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
    say_as_it_is(one.text)
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
        raise InputError(f"{target}: cannot be written: {reason_of(error)}") from error


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
