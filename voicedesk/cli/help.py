"""The help of all commands, and what stands around it, in the language that is spoken."""

from typing import Any

from typer import rich_utils

from voicedesk.language.translate import translated
from voicedesk.words import SPOKEN, Language

_EXAMPLES = {"Example: ": "例：", "Examples: ": "例："}
_AROUND = {
    "ARGUMENTS_PANEL_TITLE": ("参数", rich_utils.ARGUMENTS_PANEL_TITLE),
    "OPTIONS_PANEL_TITLE": ("选项", rich_utils.OPTIONS_PANEL_TITLE),
    "COMMANDS_PANEL_TITLE": ("命令", rich_utils.COMMANDS_PANEL_TITLE),
    "ERRORS_PANEL_TITLE": ("错误", rich_utils.ERRORS_PANEL_TITLE),
}
"""What typer writes around the texts: in Chinese, and as it is."""


def speak(command: Any) -> None:
    """Changes the help of a command and of all below it; nothing where both languages stand in the texts."""
    for name, (chinese, english) in _AROUND.items():
        setattr(rich_utils, name, chinese if SPOKEN.get() is Language.CHINESE else english)
    if SPOKEN.get() is not None:
        _speak(command)


def _speak(command: Any) -> None:
    command.help = _paragraphs(command.help)
    command.short_help = _paragraphs(command.short_help)
    for parameter in command.params:
        told = getattr(parameter, "help", None)
        if told:
            parameter.help = translated(told)
    for inner in getattr(command, "commands", {}).values():
        _speak(inner)


def _paragraphs(text: str | None) -> str | None:
    """Each paragraph by itself: that of examples keeps its commands."""
    return None if text is None else "\n\n".join(_paragraph(" ".join(one.split())) for one in text.split("\n\n"))


def _paragraph(text: str) -> str:
    if SPOKEN.get() is Language.CHINESE:
        for english, chinese in _EXAMPLES.items():
            if text.startswith(english):
                return chinese + text.removeprefix(english)
    return translated(text)
