"""The commands of the first hour: init, config, asterisk snippet, doctor, as a person types them."""

import json
import stat
from pathlib import Path

import pytest
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.settings import load_settings


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOICEDESK_CONFIG", raising=False)


def test_init_writes_settings_that_are_right_and_a_secret_nobody_else_can_read(typed, tmp_path: Path) -> None:
    done = typed("init", "--host", "10.0.0.5")
    assert (done.code, done.err) == (0, "")
    assert "voicedesk asterisk snippet manager --config voicedesk.toml" in done.out
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("voicedesk.toml", "ami-secret")] == [0o600] * 2
    settings = load_settings(tmp_path / "voicedesk.toml", {})
    assert (settings.pbx[0].host, len(settings.pbx[0].secret_value())) == ("10.0.0.5", 43)
    assert settings.pbx[0].secret_value() not in done.out


def test_init_overwrites_only_when_told(typed, tmp_path: Path) -> None:
    typed("init")
    before = (tmp_path / "ami-secret").read_text()
    again = typed("init")
    assert again.code == 1
    assert "voicedesk.toml 和 ami-secret" in again.err
    assert "--force" in again.err
    assert (tmp_path / "ami-secret").read_text() == before
    assert typed("init", "--force").code == 0
    assert (tmp_path / "ami-secret").read_text() != before


def test_init_makes_its_folder_or_says_why_it_cannot(typed, tmp_path: Path) -> None:
    assert typed("init", "etc/voicedesk").code == 0
    assert (tmp_path / "etc" / "voicedesk" / "voicedesk.toml").is_file()
    (tmp_path / "file").touch()
    refused = typed("init", "file/below")
    assert (refused.code, "cannot be written" in refused.err) == (1, True)


@pytest.mark.parametrize("host", ["", 'a"\n[x]', "a\\b"])
def test_init_takes_no_value_that_would_break_the_file(typed, host: str) -> None:
    assert typed("init", "--host", host).code == 2


def test_config_check_says_right_or_what_is_wrong_with_exit_code_2(typed, tmp_path: Path) -> None:
    typed("init")
    assert typed("config", "check").out == "voicedesk.toml: 正确 (交换机 1 台，线路 1 条，人员 0 人)\n"
    assert json.loads(typed("config", "check", "--json").out)["lines"] == 1
    file = tmp_path / "voicedesk.toml"
    file.write_text(file.read_text().replace("timezone", "timezon"))
    wrong = typed("config", "check")
    assert (wrong.code, wrong.out) == (2, "")
    assert "voicedesk.toml 第 6 行：hall.timezon：没有这个键：是否指 timezone？" in wrong.err


def test_config_check_without_a_file_says_so(typed) -> None:
    assert typed("config", "check").out.startswith("no file: defaults and environment: 正确 right (0 pbx")
    assert json.loads(typed("config", "check", "--json").out)["file"] is None


def test_config_show_can_be_read_again_and_never_shows_a_secret(
    typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VOICEDESK_PROMPTS__ENGINE")  # what is shown holds the environment's too
    typed("init")
    shown = typed("config", "show").out
    assert (tmp_path / "ami-secret").read_text().strip() not in shown
    (tmp_path / "again.toml").write_text(shown)
    assert load_settings(tmp_path / "again.toml", {}) == load_settings(tmp_path / "voicedesk.toml"), (
        "as environment has it"
    )
    as_json = json.loads(typed("config", "show", "--json").out)
    assert as_json["pbx"][0]["secret"] == "**********"


def test_config_show_says_where_each_value_comes_from(typed, monkeypatch: pytest.MonkeyPatch) -> None:
    typed("init")
    monkeypatch.setenv("VOICEDESK_LOG__LEVEL", "debug")
    shown = typed("config", "show", "--origin").out
    assert 'level = "debug"  # VOICEDESK_LOG__LEVEL' in shown
    written = Path("voicedesk.toml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(written, 1) if text.startswith("limit_seconds"))
    assert f"limit_seconds = 15.0  # voicedesk.toml, line {line}" in shown
    assert 'area_code = ""  # default' in shown
    as_json = json.loads(typed("config", "show", "--json", "--origin").out)
    assert as_json["origins"]["log.level"] == "VOICEDESK_LOG__LEVEL"
    assert as_json["settings"]["log"]["level"] == "debug"


def test_the_snippet_is_filled_in_or_says_that_it_is_not(typed, tmp_path: Path) -> None:
    empty = typed("asterisk", "snippet", "manager")
    assert "@AMI_SECRET@" in empty.out
    assert "voicedesk init" in empty.err
    typed("init")
    filled = typed("asterisk", "snippet", "manager", "--freepbx")
    assert "[voicedesk]" in filled.out.splitlines()
    assert (tmp_path / "ami-secret").read_text().strip() in filled.out
    assert "manager_custom.conf" in filled.out
    assert filled.err == ""
    assert typed("asterisk", "snippet", "nothing").code == 2
    assert typed("asterisk", "snippet", "manager", "--pbx", "none").code == 1


def test_a_snippet_for_two_files_is_not_poured_into_one(typed, monkeypatch) -> None:
    monkeypatch.setenv("VOICEDESK_HALL__LANGUAGE", "en")
    typed("init")
    mixed = typed("asterisk", "snippet", "callback")
    assert (mixed.code, mixed.out) == (1, "")
    assert "this goes into 2 files of Asterisk: ask for each by itself, with --file extensions.conf" in mixed.err
    dialplan = typed("asterisk", "snippet", "callback", "--file", "extensions.conf")
    assert (dialplan.code, "[voicedesk-callback]" in dialplan.out, "write = originate" in dialplan.out) == (
        0,
        True,
        False,
    )
    users = typed("asterisk", "snippet", "callback", "--file", "manager.conf")
    assert ("write = originate" in users.out, "exten =>" in users.out) == (True, False)


def fake_findings(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    async def examine(*_args: object, **_kwargs: object) -> list[Finding]:
        return list(findings)

    monkeypatch.setattr("voicedesk.cli.doctor.examine", examine)


def test_the_doctor_tells_what_why_and_cure_and_fails_at_anything_bad(typed, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Finding(subject="main", check="login", grade=Grade.GOOD, what="logged in")
    bad = Finding(
        subject="disk", check="space", grade=Grade.BAD, what="full\x1b[2J", why="calls are lost", cure="make room"
    )
    fake_findings(monkeypatch, good)
    assert (typed("doctor").code, typed("doctor").out) == (0, "ok   main: logged in\n")
    fake_findings(monkeypatch, good, bad)
    told = typed("doctor")
    assert told.code == 1
    assert told.out.endswith("BAD  disk: full\\x1b[2J\n       原因 why: calls are lost\n       处理 do:  make room\n")
    as_json = typed("doctor", "--json")
    assert as_json.code == 1
    assert [one["grade"] for one in json.loads(as_json.out)] == ["good", "bad"]
