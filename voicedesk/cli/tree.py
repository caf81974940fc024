"""The tree of commands. The module of a command is imported only when that command is named or listed.

So `voicedesk tickets list` does not wait until the recogniser, the pages or the natural voice are imported.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from voicedesk.cli.help import speak_part

COMMANDS = {
    "init": "init:init",
    "run": "service:run",
    "web": "web:web",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "calls": "calls:app",
    "replay": "replay:replay",
    "repair": "repair:repair",
    "rejudge": "calls:rejudge",
    "greeting": "greeting:app",
    "practice": "practice:practice",
    "recordings": "recordings:app",
    "model": "model:app",
    "catalogue": "catalogue:app",
    "prompts": "prompts:app",
    "notices": "notices:app",
    "outage": "outage:app",
    "tickets": "tickets:app",
    "news": "news:app",
    "breaks": "breaks:app",
    "quarantine": "quarantine:app",
    "account": "accounts:app",
    "audit": "audit:app",
    "agents": "agents:agents",
    "reload": "service:reload",
    "config": "config:app",
    "db": "db:app",
    "asterisk": "asterisk:app",
}
"""Each command or group of commands in the order of the help: its module in `voicedesk.cli`, and its name there."""


class CommandTree(TyperGroup):
    """The command `voicedesk` itself, with all commands below it."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands()


class _Commands(MutableMapping[str, Any]):
    """The commands by their names. One is imported when it is asked for, and then speaks the language of its reader."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, COMMANDS[name])
            speak_part(self._made[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _made(name: str, place: str) -> Any:
    """A command as typer makes it of a function, or a group of commands of the `Typer` that collects them."""
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"voicedesk.cli.{module}"), attribute)
    around = typer.Typer(rich_markup_mode="markdown", add_completion=False)
    around.callback()(_nothing)  # with it typer makes a group also around one command alone
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    group: Any = typer.main.get_command(around)
    return group.commands[name]


def _nothing() -> None:
    """Nothing is done before a command is."""
