"""What voicedesk.toml and the environment may say, and what is told about what they may not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from voicedesk.errors import SettingsError
from voicedesk.settings import LoadedSettings, Settings, load_settings, origins, read_settings

GOOD = """\
[hall]
name = "某某市人力资源和社会保障服务大厅"
area_code = "0371"

[[pbx]]
name = "main"
host = "127.0.0.1"
username = "voicedesk"
secret = "s3cret-of-the-switch"

[[lines]]
name = "hotline"
extensions = [
  "4001",
]
phones = ["PJSIP/agent1"]
limit_seconds = 10

[[lines]]
name = "pensions"
queues = ["pensions"]

[[agents]]
id = "zhang"
name = "张三"

[[agents]]
id = "li"
name = "李四"
"""


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    return read(tmp_path, text, environ).settings


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> LoadedSettings:
    file = tmp_path / "voicedesk.toml"
    file.write_bytes(text.encode())
    return read_settings(file, environ or {})


def refusal(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text, environ)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_file_says_what_the_hall_is(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.hall.area_code == "0371"
    assert settings.lines[0].limit_seconds == 10.0
    assert settings.lines[1].limit_seconds == 15.0
    assert settings.pbx[0].port == 5038
    assert settings.pbx[0].secret_value() == "s3cret-of-the-switch"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        settings.hall.name = "another"  # type: ignore[misc]


def test_a_secret_is_in_no_text_of_the_settings_and_in_no_message(tmp_path: Path) -> None:
    assert "s3cret" not in repr(load(tmp_path, GOOD))
    assert "s3cret" not in refusal(tmp_path, GOOD.replace('host = "127.0.0.1"', "host = 1"))
    assert "4711" not in refusal(tmp_path, GOOD.replace('"s3cret-of-the-switch"', "4711"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("area_code", "area_cod", "line 3: hall.area_cod: there is no such key: did you mean area_code?"),
        ("[hall]", "[hal]", "line 1: hal: there is no such key: did you mean hall?"),
        ("[hall]", "[zzz]", "known here: agents, assignments, breaks, calendar"),
        ('"0371"', '"371"', "line 3: hall.area_code: cannot be used: write the long-distance code, as in 0371"),
        ('host = "127.0.0.1"', "host = 127", "line 7: pbx.host: input should be a valid string: write the text in"),
        ('host = "127.0.0.1"\n', "", "line 5: pbx.host: is missing: add host = … to this table"),
        ('username = "voicedesk"', 'username = ""', "line 8: pbx.username: must be one line of printable text"),
        ('username = "voicedesk"', 'username = "a\\r\\nAction: x"', "line 8: pbx.username: must be one line"),
        ("limit_seconds = 10", 'limit_seconds = "10"', "line 17: lines.limit_seconds: input should be a valid number"),
        ("limit_seconds = 10", "limit_seconds = 0.1", "line 17: lines.limit_seconds: input should be greater than"),
        ("limit_seconds = 10", "limit_seconds = nan", "line 17: lines.limit_seconds: input should be a finite number"),
        ("limit_seconds = 10", 'duty = ["Mon-Fry 9:00-12:00"]', "line 17: lines.duty: 'Mon-Fry 9:00-12:00': 'mon-fry'"),
        (
            '["PJSIP/agent1"]',
            '"PJSIP/agent1"',
            "line 16: lines.phones: input should be a valid tuple: write a list",
        ),
        ("[[pbx]]", "[pbx]", "line 5: pbx: there may be several of these: write [[pbx]] with two brackets"),
        ("[hall]", "[[hall]]", "line 1: hall: is a table: write [hall] with one pair of brackets"),
        (
            '"voicedesk"\n',
            '"voicedesk"\nport = 70000\n',
            "line 9: pbx.port: input should be less than or",
        ),
        ('"voicedesk"\n', '"voicedesk"\nport = "5038"\n', "line 9: pbx.port: input should be a valid integer: write a"),
        ('"voicedesk"\n', '"voicedesk"\ntls = 1\n', "line 9: pbx.tls: input should be a valid boolean: write true"),
        ('queues = ["pensions"]', 'extensions = ["4001"]', "line 21: lines.extensions: '4001' is there twice"),
        ('queues = ["pensions"]\n', "", "line 19: lines: line 'pensions' can never be reached"),
        ('name = "pensions"', 'name = "hotline"', "line 20: lines.name: 'hotline' is there twice"),
        ('id = "li"', 'id = "zhang"', "line 28: agents.id: 'zhang' is there twice"),
        (
            'secret = "s3cret-of-the-switch"\n',
            "",
            "line 5: pbx: pbx 'main' needs either secret_file",
        ),
        ("[hall]", "[hall", "line 1: is not TOML"),
        (
            "\n[[pbx]]",
            '\n[store]\nurl = "mysql://x"\n[[pbx]]',
            "line 6: store.url: cannot be used: write it as",
        ),
        ("\n[[pbx]]", '\n[log]\nlevel = "loud"\n[[pbx]]', "line 6: log.level: input should be 'debug', 'info'"),
        (
            'area_code = "0371"',
            'timezone = "Asia/Zhengzhou"',
            "line 3: hall.timezone: 'Asia/Zhengzhou' is no time",
        ),
    ],
)
def test_what_is_wrong_is_told_with_line_and_cure(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in GOOD
    assert message in refusal(tmp_path, GOOD.replace(before, after, 1))


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace("area_code", "area").replace("limit_seconds = 10", "limit_seconds = -1"))
    assert [line.split(":")[0] for line in told.splitlines()] == ["voicedesk.toml, line 3", "voicedesk.toml, line 17"]


def test_two_switches_of_one_name_are_refused(tmp_path: Path) -> None:
    second = '\n[[pbx]]\nname = "main"\nhost = "b"\nusername = "u"\nsecret = "s"\n'
    assert "line 32: pbx.name: 'main' is there twice" in refusal(tmp_path, GOOD + second)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('agent = "wang"\nendpoint = "PJSIP/agent1"', "assignments.agent: nobody has the id 'wang'"),
        ('agent = "li"\nendpoint = "PJSIP/x"', "assignments.endpoint: no phone is called 'PJSIP/x'"),
        ('agent = "li"', "assignments: names where somebody sits: give either endpoint or member"),
        (
            'agent = "li"\nmember = "L"\nfrom = 2026-02-01T00:00:00Z\nto = 2026-01-01T00:00:00Z',
            "assignments.to: ends before it begins",
        ),
        ('agent = "li"\nmember = "L"\nfrom = 2026-02-01T00:00:00', "assignments.from: input should have timezone info"),
    ],
)
def test_an_assignment_names_somebody_some_seat_and_some_time(tmp_path: Path, keys: str, message: str) -> None:
    assert message in refusal(tmp_path, f"{GOOD}\n[[assignments]]\n{keys}\n")


def test_two_people_in_one_seat_at_one_time_are_refused_but_not_one_after_the_other(tmp_path: Path) -> None:
    first = '[[assignments]]\nagent = "zhang"\nendpoint = "PJSIP/agent1"\nto = 2026-06-01T00:00:00+08:00\n'
    second = '[[assignments]]\nagent = "li"\nendpoint = "PJSIP/agent1"\nfrom = 2026-0{}-01T00:00:00+08:00\n'
    assert "'zhang' and 'li' sit at 'PJSIP/agent1' at the same time" in refusal(
        tmp_path, GOOD + first + second.format(5)
    )
    kept = load(tmp_path, GOOD + first + second.format(6)).assignments
    assert kept[1].from_ == datetime(2026, 5, 31, 16, tzinfo=UTC)


def test_the_environment_wins_over_the_file_and_says_so(tmp_path: Path) -> None:
    environ = {
        "VOICEDESK_LOG__LEVEL": "debug",
        "VOICEDESK_PBX__0__PORT": "15038",
        "VOICEDESK_PBX__0__TLS": "true",
        "VOICEDESK_PBX__0__SECRET": "12345",
        "VOICEDESK_LINES__1__EXTENSIONS": "4002, 4003",
        "VOICEDESK_PHONES__0__ENDPOINT": "PJSIP/agent1",
        "VOICEDESK_PHONES__0__EXTENSION": "6001",
        "VOICEDESK_SERVICE_HOST": "10.0.0.1",
        "PATH": "/bin",
    }
    loaded = read(tmp_path, GOOD, environ)
    settings = loaded.settings
    assert (settings.log.level, settings.pbx[0].port, settings.pbx[0].tls) == ("debug", 15038, True)
    assert settings.pbx[0].secret_value() == "12345"
    assert settings.lines[1].extensions == ("4002", "4003")
    assert load(tmp_path, GOOD, {"VOICEDESK_LINES__1__EXTENSIONS": "4002"}).lines[1].extensions == ("4002",)
    assert load(tmp_path, GOOD, {"VOICEDESK_CALLBACKS__RETRY_MINUTES": "[5, 10]"}).callbacks.retry_minutes == (5, 10)
    assert load(tmp_path, GOOD, {"VOICEDESK_CALLBACKS__RETRY_MINUTES": "5"}).callbacks.retry_minutes == (5,)
    assert (settings.phones[0].endpoint, settings.phones[0].extension) == ("PJSIP/agent1", "6001")
    found = origins(loaded)
    assert found["log", "level"] == "VOICEDESK_LOG__LEVEL"
    assert found["pbx", 0, "host"] == f"{tmp_path}/voicedesk.toml, line 7"
    assert found["retention", "calls_days"] == "default"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("VOICEDESK_LOG_LEVEL", "debug", "write VOICEDESK_LOG__LEVEL"),
        ("VOICEDESK_LOGS__LEVEL", "debug", "there is no table logs: did you mean log?"),
        ("VOICEDESK_LOG__LEVELS", "debug", "[log] has no key levels: did you mean level?"),
        ("VOICEDESK_PBX__HOST", "a", "write it as VOICEDESK_PBX__0__KEY"),
        ("VOICEDESK_LOG__0__LEVEL", "a", "write it as VOICEDESK_LOG__KEY"),
        ("VOICEDESK_PBX__7__HOST", "a", "there are no 7 [[pbx]] before it: count from 0"),
        ("VOICEDESK_RETENTION__CALLS_DAYS", "many", "VOICEDESK_RETENTION__CALLS_DAYS: retention.calls_days: input"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused(tmp_path: Path, variable: str, value: str, message: str) -> None:
    assert message in refusal(tmp_path, GOOD, {variable: value})


def test_a_table_written_as_a_value_is_refused_with_its_line_whatever_the_environment_adds(tmp_path: Path) -> None:
    assert "line 1: log: is a table" in refusal(tmp_path, 'log = "x"\n', {"VOICEDESK_LOG__LEVEL": "debug"})


def test_a_secret_file_is_read_beside_the_settings_if_nobody_else_can(tmp_path: Path) -> None:
    text = GOOD.replace('secret = "s3cret-of-the-switch"', 'secret_file = "ami-secret"')
    secret = tmp_path / "ami-secret"
    told = refusal(tmp_path, text)
    assert "line 9: pbx.secret_file: ami-secret is not there" in told
    assert "(umask 077; openssl rand -hex 24 > " in told
    secret.write_text("hush\nsecond line\n")
    secret.chmod(0o644)
    assert "can be read by others (mode 0644): chmod 600 ami-secret" in refusal(tmp_path, text)
    secret.chmod(0o640)
    assert "mode 0640" in refusal(tmp_path, text)
    secret.chmod(0o600)
    assert load(tmp_path, text).pbx[0].secret_value() == "hush"
    secret.write_text("\n")
    assert "ami-secret is empty" in refusal(tmp_path, text)


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    tables = '\n[calendar]\nfile = "days.csv"\n[store]\nurl = "sqlite:///data/v.db"\n'
    settings = load(tmp_path, GOOD.replace('username = "voice', 'tls_ca_file = "ca.pem"\nusername = "voice') + tables)
    assert settings.calendar.file == tmp_path / "days.csv"
    assert settings.store.url == f"sqlite:///{tmp_path}/data/v.db"
    assert settings.pbx[0].tls_ca_file == tmp_path / "ca.pem"
    assert load(tmp_path, '[store]\nurl = "sqlite:////var/v.db"').store.url == "sqlite:////var/v.db"
    assert load(tmp_path, '[store]\nurl = "sqlite:///:memory:"').store.url == "sqlite:///:memory:"


def test_the_file_is_looked_for_where_it_was_told_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("voicedesk.settings.source.SYSTEM_FILE", tmp_path / "etc.toml")
    assert read_settings(None, {}).file is None
    (tmp_path / "etc.toml").write_text('[log]\nlevel = "error"\n')
    assert load_settings(None, {}).log.level == "error"
    (tmp_path / "voicedesk.toml").write_text('[log]\nlevel = "warning"\n')
    assert load_settings(None, {}).log.level == "warning"
    (tmp_path / "told.toml").write_text('[log]\nlevel = "debug"\n')
    assert load_settings(None, {"VOICEDESK_CONFIG": "told.toml"}).log.level == "debug"
    assert load_settings(tmp_path / "etc.toml", {"VOICEDESK_CONFIG": "told.toml"}).log.level == "error"
    with pytest.raises(SettingsError, match=r"none.toml cannot be read .* voicedesk init"):
        load_settings(Path("none.toml"), {})


def test_files_as_other_editors_save_them_are_read_or_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "voicedesk.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_settings(file, {}).lines[0].extensions == ("4001",)
    file.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(SettingsError, match="line 2: is not UTF-8: save the file as UTF-8"):
        load_settings(file, {})


def test_inner_tables_lists_of_tables_on_one_line_and_long_values_keep_their_lines(tmp_path: Path) -> None:
    text = '# a\npbx = [{name = "a", host = "h", username = "u", sekret = "x"}]\n\nlog.level = """\nloud"""\n'
    told = refusal(tmp_path, text)
    assert "line 2: pbx.sekret: there is no such key: did you mean secret?" in told
    assert "line 4: log.level" in told
    assert "line 3: hall.x" in refusal(tmp_path, '[hall]\nname = "a"\n[hall.x]\ny = 1\n')
    assert "line 4: lines.x" in refusal(tmp_path, '[[lines]]\nname = "a"\nqueues = ["q"]\n[lines.x]\ny = 1\n')


def test_settings_may_come_from_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("voicedesk.settings.source.SYSTEM_FILE", tmp_path / "none.toml")
    environ = {"VOICEDESK_PBX__0__NAME": "main", "VOICEDESK_PBX__0__HOST": "a", "VOICEDESK_PBX__0__SECRET": "s"}
    with pytest.raises(SettingsError, match=r"VOICEDESK_PBX__0__HOST: pbx.username: is missing"):
        read_settings(None, environ)
    duty = "Mon-Fri 09:00-12:00,Mon-Fri 13:30-17:00"
    line = {"VOICEDESK_LINES__0__NAME": "a", "VOICEDESK_LINES__0__QUEUES": '["q"]', "VOICEDESK_LINES__0__DUTY": duty}
    settings = load_settings(
        None, environ | line | {"VOICEDESK_PBX__0__USERNAME": "u", "VOICEDESK_HALL__TIMEZONE": "UTC"}
    )
    assert (settings.pbx[0].username, settings.hall.timezone) == ("u", "UTC")
    assert settings.lines[0].duty == ("Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00")


def test_a_table_that_only_the_environment_began_is_told_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, GOOD, {"VOICEDESK_PBX__1__HOST": "h"})
    assert "VOICEDESK_PBX__1__HOST: pbx.username: is missing" in str(refused.value)


@pytest.mark.parametrize("again", ['[hall]\nname = "x"\n', '[[agents]]\nid = "a"\nid = "b"\nname = "B"\n'])
def test_what_toml_itself_finds_twice_has_the_cure_for_that(tmp_path: Path, again: str) -> None:
    with pytest.raises(SettingsError, match="there twice: remove one"):
        load(tmp_path, f"{GOOD}{again}")
