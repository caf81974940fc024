"""The help of all commands, and what stands around it, in the language that is spoken."""

from typing import Any

import typer
from typer import rich_utils

from voicedesk.cli.common import in_short
from voicedesk.language.translate import translated
from voicedesk.words import SPOKEN, Language

_PLAIN_ERROR = rich_utils.rich_format_error
_EXAMPLES = {"Example: ": "例：", "Examples: ": "例："}
_AROUND = {
    "ARGUMENTS_PANEL_TITLE": ("参数", rich_utils.ARGUMENTS_PANEL_TITLE),
    "OPTIONS_PANEL_TITLE": ("选项", rich_utils.OPTIONS_PANEL_TITLE),
    "COMMANDS_PANEL_TITLE": ("命令", rich_utils.COMMANDS_PANEL_TITLE),
    "ERRORS_PANEL_TITLE": ("错误", rich_utils.ERRORS_PANEL_TITLE),
    "RICH_HELP": ("查看说明：[blue]{command_path} {help_option}[/]", rich_utils.RICH_HELP),
    "DEFAULT_STRING": ("[默认：{}]", rich_utils.DEFAULT_STRING),
    "REQUIRED_LONG_STRING": (translated(rich_utils.REQUIRED_LONG_STRING, Language.CHINESE), "[required]"),
    "ABORTED_TEXT": (translated(rich_utils.ABORTED_TEXT, Language.CHINESE), rich_utils.ABORTED_TEXT),
}
"""What typer writes around the texts: in Chinese, and as it is."""


_Plain: Any = typer.Context.formatter_class


class _Formatter(_Plain):  # type: ignore[misc]  # typer names this class in no public module
    """Writes the line of usage in the language that is spoken."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or translated("Usage: "))


def speak(command: Any) -> None:
    """Changes the help of `voicedesk` itself, and what stands around every help."""
    setattr(rich_utils, "rich_format_error", _tell_error)  # noqa: B010  # as the titles below
    command.context_class.formatter_class = _Formatter
    for name, (chinese, english) in _AROUND.items():
        setattr(rich_utils, name, chinese if SPOKEN.get() is Language.CHINESE else english)
    if SPOKEN.get() is not None:
        _speak(command)


def speak_part(command: Any) -> None:
    """Changes the help of a command and of all below it; nothing where both languages stand in the texts."""
    if SPOKEN.get() is not None:
        _speak(command)
        for inner in getattr(command, "commands", {}).values():
            speak_part(inner)


def _tell_error(error: Any) -> None:
    """As typer tells of a wrong command line, with the reason in the language that is spoken."""
    reason = in_short(translated(error.format_message()))
    error.format_message = lambda: reason
    _PLAIN_ERROR(error)


def _speak(command: Any) -> None:
    if SPOKEN.get() is Language.CHINESE:
        command.options_metavar = "[选项]"
        if hasattr(command, "subcommand_metavar"):
            command.subcommand_metavar = "命令 [参数]..."
    option = command.get_help_option(typer.Context(command))
    if option is not None:
        option.help = translated(option.help)
    command.help = _paragraphs(command.help)
    command.short_help = _paragraphs(command.short_help)
    for parameter in command.params:
        told = getattr(parameter, "help", None)
        if told:
            parameter.help = translated(told)


def _paragraphs(text: str | None) -> str | None:
    """Each paragraph by itself: that of examples keeps its commands."""
    return None if text is None else "\n\n".join(_paragraph(" ".join(one.split())) for one in text.split("\n\n"))


def _paragraph(text: str) -> str:
    if SPOKEN.get() is Language.CHINESE:
        for english, chinese in _EXAMPLES.items():
            if text.startswith(english):
                return chinese + text.removeprefix(english)
    return translated(text)
