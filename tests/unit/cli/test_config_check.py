"""`voicedesk config check` says right only where the service would start."""

import json

import pytest
from voicedesk import cli

PBX = '[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nusername = "u"\nsecret = "s"\n'


@pytest.fixture
def check(tmp_path, capsys, monkeypatch):
    """Checks a text as settings; gives the exit code and what was told."""

    def run(text: str) -> tuple[object, str]:
        (tmp_path / "voicedesk.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["voicedesk", "config", "check", "--config", str(tmp_path / "voicedesk.toml")])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return run


def test_settings_that_can_be_started_are_right(check):
    code, told = check(PBX)
    assert code == 0
    assert "right (1 pbx" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'{PBX}[calendar]\nfile = "none.csv"\n', "none.csv cannot be read"),
        (f'{PBX}tls = true\ntls_ca_file = "none.pem"\n', "none.pem cannot be read"),
        (f'{PBX}[calendar]\nfile = "voicedesk.toml"\n', "is no date"),
    ],
    ids=["no calendar", "no certificates", "no calendar file at all"],
)
def test_a_file_the_settings_name_is_read_too(check, text, told):
    code, answer = check(text)
    assert code == 2
    assert told in answer


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[pbx]\nname", "line 1: is not TOML"),
        (f'{PBX}hots = "x"\n', "line 6: pbx.hots: there is no such key: did you mean host?"),
        (f'{PBX}port = "x"\n', "line 6: pbx.port: input should be a valid integer: write a whole number"),
        (f"{PBX}port = 99999999\n", "line 6: pbx.port"),
    ],
    ids=["no TOML", "an unknown key", "a wrong type", "out of range"],
)
def test_fault_73_wrong_settings_are_refused_with_line_and_hint(check, text, told):
    code, answer = check(text)
    assert code == 2
    assert told in answer


def test_fault_73_a_secret_that_others_can_read_is_refused_with_the_cure(check, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s", encoding="utf-8")
    secret.chmod(0o644)
    code, answer = check(PBX.replace('secret = "s"', 'secret_file = "secret"'))
    assert code == 2
    assert "line 5: pbx.secret_file" in answer
    assert "chmod 600" in answer


ALL_WRONG = f"""{PBX}port = "x"
[calendar]
file = "none.csv"
[[agents]]
id = "li"
name = "李"
[[agents]]
id = "li"
name = "李"
[[lines]]
name = "4001"
[[webhooks]]
name = "robot"
form = "wecom"
url_file = "none.url"
[greeting]
rules = "none.toml"
"""
KEYS = ["pbx.port", "agents.id", "lines", "webhooks.url_file", "", ""]


def test_all_that_is_wrong_is_told_at_once_whatever_stage_finds_it(check, monkeypatch):
    monkeypatch.setenv("VOICEDESK_LOG__LEVLE", "debug")
    code, told = check(ALL_WRONG)
    assert code == 2
    for part in ("line 6: pbx.port", "'li' is there twice", "can never be reached", "none.url is not there",
                 "none.csv cannot be read", "none.toml", "VOICEDESK_LOG__LEVLE: [log] has no key levle"):  # fmt: skip
        assert part in told


def test_a_table_that_cannot_be_read_makes_nobody_else_wrong(check):
    _, told = check(f'{PBX}[[agents]]\nid = 5\nname = "李"\n[[assignments]]\nagent = "li"\nendpoint = "PJSIP/a"\n')
    assert "agents.id" in told
    assert "assignments" not in told


@pytest.mark.parametrize("text", [ALL_WRONG, "[[pbx]\nname", "[hall]\nno_such = 1\n"])
def test_wrong_settings_are_told_as_json_too_with_the_same_exit_code(typed, tmp_path, text):
    file = tmp_path / "voicedesk.toml"
    file.write_text(text, encoding="utf-8")
    told = typed("config", "check", "--json", "--config", str(file))
    found = json.loads(told.out)
    assert (told.code, told.err) == (2, "")
    assert found["wrong"]
    assert set(found["wrong"][0]) == {"place", "key", "what"}
    if text == ALL_WRONG:
        assert [one["key"] for one in found["wrong"]] == KEYS
