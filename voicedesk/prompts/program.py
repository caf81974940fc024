"""Voices that are programs: Piper, or any that writes a WAV file; each text starts it once, and its time is bounded.

In the arguments {file} is where the WAV belongs, {voice}, {model}, {rate} (words a minute), {speed} (1 is the ordinary
pace) and {length} (its inverse) come from the settings, {text} is what to say; the text comes on standard input too.
"""

import subprocess
from pathlib import Path

from voicedesk.errors import why
from voicedesk.prompts.book import ORDINARY_RATE, PIPER, Voice

PIPER_PROGRAM = ("piper", "--model", "{model}", "--length_scale", "{length}", "--output_file", "{file}")
PROGRAM_SECONDS = 60.0
_TOLD_CHARACTERS = 200


def run_program(voice: Voice, text: str, rate: int, file: Path) -> str | None:
    """Has a voice's program speak one text into a file; what went wrong, None for nothing."""
    arguments = PIPER_PROGRAM if voice.engine == PIPER else voice.program
    speed = rate / ORDINARY_RATE
    values = {
        **{"{file}": str(file), "{voice}": voice.name, "{model}": voice.model, "{text}": text},
        **{"{rate}": str(rate), "{speed}": f"{speed:.3f}", "{length}": f"{1 / speed:.3f}"},
    }
    command = [_filled(argument, values) for argument in arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- the hall's own settings name it; no shell reads it
            command,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} was not done within {PROGRAM_SECONDS:g} s"
    except (OSError, ValueError) as error:
        return f"{command[0]} cannot be started: {why(error)}"
    if done.returncode:
        ended = f"{command[0]} ended with {done.returncode}"
        return f"{ended}: {_last_line(done.stderr)}".removesuffix(": ")
    no_sound = f"{command[0]} wrote no sound"
    return None if file.is_file() else f"{no_sound}: {_last_line(done.stderr)}".removesuffix(": ")


def _filled(argument: str, values: dict[str, str]) -> str:
    for place, value in values.items():
        if argument == place or place != "{text}":  # a text is an argument of its own, never a part of one
            argument = argument.replace(place, value)
    return argument


def _last_line(errors: bytes) -> str:
    lines = errors.decode(errors="replace").split("\n")
    told = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return told[:_TOLD_CHARACTERS]
