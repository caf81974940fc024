"""`voicedesk config check` says right only where the service would start."""

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
