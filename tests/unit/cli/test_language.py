"""A Chinese hall works in Chinese: help, errors, lists and the doctor; another in English; none chosen, in both."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from tests.unit.cli.test_setting_up import fake_findings
from typer import rich_utils
from voicedesk.cli import app
from voicedesk.cli.common import say, say_as_it_is
from voicedesk.cli.help import speak
from voicedesk.doctor.finding import Finding
from voicedesk.words import SPOKEN, Language


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("voicedesk.toml").write_text('[hall]\nlanguage = "zh"\n', encoding="utf-8")


def test_the_help_of_a_command_and_its_options_is_chinese(typed) -> None:
    told = typed("tickets", "postpone", "--help").out
    assert "期限" in told
    assert "选项" in told
    assert "例：" in told
    assert "The settings file" not in told


def helps() -> dict[str, str]:
    """The help of each command, by the command, in the language that is spoken."""
    found = {}

    def read(command, path: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as told:
            command.main(["--help"], prog_name=path, standalone_mode=False)
        found[path] = told.getvalue()
        for name, inner in getattr(command, "commands", {}).items():
            read(inner, f"{path} {name}")

    command = typer.main.get_command(app)
    speak(command)
    read(command, "voicedesk")
    return found


@pytest.fixture
def spoken(request):
    token = SPOKEN.set(request.param)
    yield request.param
    SPOKEN.reset(token)


_CHINESE = re.compile(r"[\u4e00-\u9fff，：。；、（）]")
_CUT = re.compile(r"(?<!/)…\s*│")
_WORDS = re.compile(r"(?:[A-Za-z][a-z]+ ){2}[a-z]{2}")


@pytest.mark.parametrize("width", ["60", "80"])
@pytest.mark.parametrize("spoken", list(Language), indirect=True)
def test_the_help_of_every_command_is_whole_on_a_narrow_screen_and_in_one_language(monkeypatch, width, spoken) -> None:
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", int(width))
    monkeypatch.setenv("COLUMNS", width)
    told = helps()
    assert len(told) > 90
    lines = [f"{path}: {line}" for path, help_text in told.items() for line in help_text.splitlines()]
    assert [line for line in lines if _CUT.search(line)] == []
    if spoken is Language.CHINESE:
        assert [line for line in lines if _WORDS.search(line.partition(": ")[2]) and not _CHINESE.search(line)] == []
        assert [line for line in lines if re.search(r"<(str|bool|path|int|float|list)", line)] == []
    else:
        whole = {path: re.sub(r"\s+", " ", help_text) for path, help_text in told.items()}
        chinese = {path: _CHINESE.findall(_without_samples(help_text)) for path, help_text in whole.items()}
        assert {path: found for path, found in chinese.items() if found} == {}


def _without_samples(help_text: str) -> str:
    """Without the paragraphs of examples, and without what callers are told."""
    return re.sub(r"Examples?: .*?(?=[A-Z╭]|$)|\"[^\"]*\"|您好", "", help_text)


def test_an_error_is_chinese_also_where_it_holds_another(typed) -> None:
    told = typed("tickets", "list")
    assert told.code == 1
    assert "还没有数据库" in told.err
    assert "there is no database" not in told.err
    assert (
        "没有这样的" in typed("calls", "list", "--from", "yesterday").err
        or "日期" in typed("calls", "list", "--from", "x").err
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nosuch"], "没有命令 nosuch。"),
        (["calls", "shwo"], "是否要用 show？"),
        (["calls", "show"], "缺少参数 编号。"),
        (["calls", "decide", "abc"], "缺少选项 --reason。"),
        (["account", "add", "x"], "缺少选项 --role，可以写："),
        (["tickets", "register"], "缺少参数 类别，可以写："),
        (["calls", "list", "--nosuch"], "没有选项 --nosuch"),
        (["calls", "list", "--from"], "选项 --from 后面要写值。"),
        (["calls", "list", "--json=x"], "选项 --json 后面不写值。"),
        (["calls", "list", "extra"], "多了参数：extra"),
        (["calls", "list", "--limit", "x"], "--limit 的值不对：应为整数"),
        (["calls", "list", "--limit", "0"], "--limit 的值不对：不能小于 1"),
        (["calls", "list", "--verdict", "x"], "--verdict 的值不对：没有 x，可以写："),
        (["doctor", "--listen", "x"], "--listen 的值不对：应为数字"),
    ],
)
def test_a_wrong_command_line_is_told_in_chinese_whichever_library_reads_it(typed, arguments, reason) -> None:
    told = typed(*arguments)
    assert told.code == 2
    assert reason in told.err
    assert "Usage:" not in told.err
    assert "for help" not in told.err


def test_what_typer_writes_around_the_help_is_chinese(typed) -> None:
    told = typed("calls", "show", "--help").out
    assert "用法：" in told
    assert "显示本说明。" in told
    assert "[OPTIONS]" not in told


def test_the_doctor_speaks_chinese(typed, monkeypatch) -> None:
    bad = Finding.bad("settings", "pbx", "no PBX is named", "there is nothing to follow", "make room")
    fake_findings(monkeypatch, bad)
    told = typed("doctor").out
    assert "原因: " in told
    assert "no PBX is named" not in told
    assert "make room" in told  # nobody says this text: it stays as it is


def test_english_alone_where_it_is_chosen(typed, monkeypatch) -> None:
    monkeypatch.setenv("VOICEDESK_HALL__LANGUAGE", "en")
    told = typed("tickets", "postpone", "--help").out
    assert "Options" in told
    assert "Usage:" in told
    assert "Show this message and exit." in told
    assert "there is no database" in typed("tickets", "list").err


def test_a_language_that_nobody_speaks_is_refused_with_a_cure(typed, monkeypatch) -> None:
    monkeypatch.setenv("VOICEDESK_HALL__LANGUAGE", "fr")
    told = typed("tickets", "list")
    assert told.code == 2
    assert "language" in told.err


def test_a_command_leaves_no_language_behind(typed) -> None:
    typed("tickets", "list")
    assert SPOKEN.get() is None


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1"])
def test_a_terminal_that_cannot_show_a_character_gets_it_escaped_not_a_traceback(encoding) -> None:
    program = (
        "import sys; from voicedesk.cli.common import say; from voicedesk.cli import main\n"
        "sys.argv[1:] = ['--version']\n"
        "try:\n    main()\nexcept SystemExit:\n    say('来电人 \U0001f600')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True, env=environment)
    shown = done.stdout.decode(encoding)
    assert "\\U0001f600" in shown
    assert ("来电人" in shown) == (encoding == "gbk")


@pytest.mark.parametrize("written", [None, "[hall", "[hall]\nno_such = 1\n"], ids=["missing", "no TOML", "unknown key"])
def test_settings_that_name_no_language_are_refused_in_chinese_and_then_in_english(typed, written) -> None:
    file = Path("other.toml")
    if written is not None:
        file.write_text(written, encoding="utf-8")
    told = typed("config", "check", "--config", str(file))
    chinese, english = told.err.splitlines()
    assert told.code == 2
    assert re.search(r"无法读取|不是 TOML|没有这个键", chinese)
    assert re.search(r"cannot be read|is not TOML|there is no such key", english)


def test_every_line_of_wrong_settings_is_chinese_with_the_reasons_of_the_library(typed) -> None:
    Path("voicedesk.toml").write_text(
        """[hall]
language = "zh"
timezone = "Mars/Base"
[store]
url = 5
[speech]
workers = "x"
[tickets]
within_hours = 0
retry = 5
[[pbx]]
port = 99999
tls = "yes"
[log]
level = "loud"
[[assignments]]
agent = "zhang"
from = "soon"
""",
        encoding="utf-8",
    )
    told = typed("config", "check").err.removeprefix("voicedesk: ").splitlines()
    assert len(told) > 8
    assert [line for line in told if not re.match(r"voicedesk.toml 第 \d+ 行：[a-z_.]+：.*[\u4e00-\u9fff]", line)] == []
    assert [line for line in told if "nput should" in line or "correct" in line or "write" in line] == []


def test_what_the_system_says_of_a_file_is_chinese(typed) -> None:
    assert "没有这个文件或文件夹" in typed("replay", "none.raw").err


def test_right_settings_and_the_state_of_a_model_are_told_in_chinese(typed) -> None:
    assert typed("config", "check").out == "voicedesk.toml: 正确 (交换机 0 台，线路 0 条，人员 0 人)\n"
    assert "未校准" in typed("model", "list").out


@pytest.mark.parametrize("spoken", Language)
@pytest.mark.parametrize(
    ("line", "chinese", "english"),
    [
        ("事由 matter: It is closed: never", "事由：It is closed: never", "matter: It is closed: never"),
        ("事由 matter: follow up", "事由：follow up", "matter: follow up"),
        ("延期原因 why later Due", "延期原因 Due", "why later Due"),
    ],
)
def test_what_people_wrote_is_printed_as_they_wrote_it(capsys, spoken, line, chinese, english) -> None:
    """Their words may be like texts of ours: a note was told in other words, and a name was translated."""
    token = SPOKEN.set(spoken)
    try:
        say(line)
        say_as_it_is("  11-30 17:00:06  close  6001  his paper is missing, 2 h, repaired, 3 left")
    finally:
        SPOKEN.reset(token)
    told, row = capsys.readouterr().out.splitlines()
    assert told == (chinese if spoken is Language.CHINESE else english)
    assert row == "  11-30 17:00:06  close  6001  his paper is missing, 2 h, repaired, 3 left"
