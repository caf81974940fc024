"""The help of all commands, and what stands around it, in the language that is spoken."""

from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.style import StyleType
from rich.table import Table
from typer import rich_utils

from voicedesk.cli.common import in_short
from voicedesk.language.translate import translated
from voicedesk.words import SPOKEN, Language

_MARK_OF_PYDANTIC = "Value error, "
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
_PLACES = {
    "CODE": "编号",
    "FILE": "文件",
    "FOLDER": "文件夹",
    "FROM": "原库",
    "ID": "编号",
    "ID|TEXT": "编号|文字",
    "ITEM": "事项",
    "ITEM...": "事项...",
    "NUMBER:HASH": "序号:校验值",
    "PATH": "路径",
    "PHONE": "话机",
    "TICKET": "工单",
    "TO": "目标库",
    "VERDICT": "判定",
    "file": "文件",
    "files": "文件",
    "folder": "文件夹",
    "kind": "类别",
    "login": "登录名",
    "matter": "事由",
    "name": "姓名",
    "number": "号码",
    "part": "部分",
    "pbx": "交换机",
    "prompt": "提示音",
    "source": "来源",
    "text": "文字",
    "webhook": "推送地址",
}
"""What is to be written in a command's place, by its name in English."""
_TYPES = {
    "<str>": "<文字>",
    "<bool>": "",
    "<path>": "<路径>",
    "<Path>": "<路径>",
    "<int>": "<整数>",
    "<int range>": "<整数>",
    "<float range>": "<数>",
    "<list[Path]>": "<路径>...",
    "<list[str]>": "<文字>...",
}
"""Of which kind the value of an option is; a switch has none."""


_Plain: Any = typer.Context.formatter_class


class _Formatter(_Plain):  # type: ignore[misc]  # typer names this class in no public module
    """Writes the line of usage in the language that is spoken."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or translated("Usage: "))


class _Table(Table):
    """A table whose cells go on in the next line: rich cuts what has no spaces, as Chinese has none, with "…"."""

    def add_row(
        self, *renderables: RenderableType | None, style: StyleType | None = None, end_section: bool = False
    ) -> None:
        super().add_row(*renderables, style=style, end_section=end_section)
        for column in self.columns:
            column.overflow = "fold"


def _one_below_another(items: Any) -> Group:
    return Group(*items)


def speak(command: Any) -> None:
    """Changes the help of `voicedesk` itself, and what stands around every help."""
    setattr(rich_utils, "Table", _Table)  # noqa: B010  # as the titles below
    setattr(rich_utils, "Columns", _one_below_another)  # noqa: B010  # their cells are cut as those of tables
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
    reason = in_short(translated(error.format_message().replace(_MARK_OF_PYDANTIC, "", 1)))
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
        if SPOKEN.get() is Language.CHINESE:
            _name_in_chinese(option)
    command.help = _paragraphs(command.help)
    command.short_help = _paragraphs(command.short_help)
    for parameter in command.params:
        told = getattr(parameter, "help", None)
        if told:
            parameter.help = translated(told)
        if SPOKEN.get() is Language.CHINESE:
            _name_in_chinese(parameter)


def _name_in_chinese(parameter: Any) -> None:
    """The name of an argument, and of which kind the value of an option is."""
    if parameter.param_type_name == "argument":
        parameter.metavar = _PLACES.get(parameter.metavar or parameter.name, parameter.metavar)
    elif parameter.metavar is not None:
        parameter.metavar = _PLACES.get(parameter.metavar, parameter.metavar)
    kind_of = parameter.display_type_rich

    def kind_in_chinese(ctx: Any) -> str | None:
        kind: str | None = kind_of(ctx)
        return kind if kind is None else _TYPES.get(kind, kind)

    parameter.display_type_rich = kind_in_chinese


def _paragraphs(text: str | None) -> str | None:
    """Each paragraph by itself: that of examples keeps its commands."""
    return None if text is None else "\n\n".join(_paragraph(" ".join(one.split())) for one in text.split("\n\n"))


def _paragraph(text: str) -> str:
    if SPOKEN.get() is Language.CHINESE:
        for english, chinese in _EXAMPLES.items():
            if text.startswith(english):
                return chinese + text.removeprefix(english)
    return translated(text)
