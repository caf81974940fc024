"""All commands that can be typed, with their parameters, as typer makes them of the program."""

from collections.abc import Iterator
from typing import Any

import typer
from voicedesk.cli import app


def commands(command: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below `voicedesk`, by the words that are typed behind it."""
    command = typer.main.get_command(app) if command is None else command
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path.strip(), command
    for name, one in (inner or {}).items():
        yield from commands(one, f"{path} {name}")
