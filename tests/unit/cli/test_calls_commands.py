"""The commands over calls and the database, as a person or a program types them."""

import asyncio
import contextlib
import csv
import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from voicedesk import cli
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.store.spill import Spill
from voicedesk.store.store import Store

CAPTURES = Path(__file__).parents[2] / "captures"
CALLS = ("a_answer_2rings", "b_answer_17s", "c_no_answer_queue_timeout", "d_caller_abandons")


@pytest.fixture
def config(tmp_path):
    """A settings file and a database with four calls and a journal."""
    file = tmp_path / "voicedesk.toml"
    file.write_text('[store]\nurl = "sqlite:///calls.db"\n[[lines]]\nname = "4001"\nextensions = ["4001"]\n')
    asyncio.run(fill(f"sqlite:///{tmp_path}/calls.db"))
    return file


async def fill(url: str) -> None:
    async with Store.open(url) as store:
        for name in CALLS:
            await store.calls.save(replay((CAPTURES / f"{name}.raw").read_bytes(), pbx="main").calls)


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command line; gives exit code, standard output and standard error."""

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["voicedesk", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return command


def test_calls_are_listed_newest_first_with_their_numbers_masked(run, config):
    code, out, _ = run("calls", "list", "--json", "--config", config)
    calls = json.loads(out)
    assert code == 0
    assert [call["verdict"] for call in calls] == ["on_time", "left_early", "missed", "late"]
    assert {call["caller_number"] for call in calls} == {"138****8000"}


def test_numbers_are_shown_in_full_when_asked_for(run, config):
    _, out, _ = run("calls", "list", "--json", "--unmask", "--limit", 1, "--config", config)
    assert json.loads(out)[0]["caller_number"] == "13800138000"


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--verdict", "late"], 1),
        (["--cause", "person"], 2),
        (["--line", "4001"], 4),
        (["--phone", "PJSIP/agent1"], 4),
        (["--agent", "nobody"], 0),
        (["--direction", "internal"], 0),
        (["--number", "13800138000"], 4),
        (["--from", "2026-11-24"], 0),
        (["--from", "2026-11-23", "--to", "2026-11-23T16:08:30"], 1),
    ],
)
def test_calls_are_filtered(run, config, options, count):
    _, out, _ = run("calls", "list", "--json", *options, "--config", config)
    assert len(json.loads(out)) == count


def test_a_spreadsheet_gets_a_row_a_call_in_words_and_local_time(run, config):
    config.write_text('[hall]\ntimezone = "Asia/Shanghai"\n' + config.read_text())
    _, out, err = run("calls", "list", "--csv", "--config", config)
    assert out.startswith("\ufeff通话编号,")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert [row["判定"] for row in rows] == ["按时", "早挂", "未接", "超时"]
    assert rows[3]["责任原因"] == "人员未接"
    assert rows[0]["开始时间（Asia/Shanghai）"] == "2026-11-23 16:40:55"
    assert (rows[0]["响铃（秒）"], rows[0]["铃响（声）"], rows[0]["来电号码"]) == ("6.007", "2", "138****8000")
    assert err == ""


def test_a_list_that_is_cut_says_how_many_there_are_and_an_export_is_whole(run, config, monkeypatch):
    from voicedesk.cli import listing
    from voicedesk.desk import lists

    monkeypatch.setattr(listing, "SCREENFUL", 3)
    monkeypatch.setattr(lists, "READ_AT_ONCE", 2)
    _, out, err = run("calls", "list", "--json", "--config", config)
    assert len(json.loads(out)) == 3
    assert "3 of 4" in err
    assert "--limit 4" in err
    assert "3 of 4" in run("calls", "list", "--config", config)[2]
    _, out, err = run("calls", "list", "--csv", "--config", config)
    assert (len(out.splitlines()), err) == (5, "")
    _, out, err = run("calls", "list", "--csv", "--limit", 1, "--config", config)
    assert (len(out.splitlines()), "1 of 4" in err) == (2, True)
    assert run("calls", "list", "--limit", 4, "--json", "--config", config)[2] == ""


def test_a_workbook_holds_the_same_as_the_csv(run, config, tmp_path):
    _, out, _ = run("calls", "list", "--csv", "--unmask", "--config", config)
    code, told, _ = run("calls", "list", "--xlsx", tmp_path / "calls.xlsx", "--unmask", "--config", config)
    assert (code, "4 rows" in told) == (0, True)
    header, *rows = list(csv.reader(io.StringIO(out.removeprefix("\ufeff"))))
    titles, *cells = sheet_of(tmp_path / "calls.xlsx")
    assert titles == header
    assert len(cells) == len(rows) == 4
    number = header.index("来电号码")
    assert [row[number] for row in rows] == ["13800138000\t"] * 4
    assert [row[number] for row in cells] == ["13800138000"] * 4
    assert list(tmp_path.glob(".*")) == []


def test_a_workbook_that_cannot_be_written_is_an_error_and_leaves_nothing(run, config, tmp_path):
    code, _, err = run("calls", "list", "--xlsx", tmp_path / "no" / "calls.xlsx", "--config", config)
    assert (code, "cannot be written" in err) == (1, True)
    code, _, err = run("calls", "list", "--xlsx", tmp_path / "a.xlsx", "--csv", "--config", config)
    assert (code, "one of them" in err) == (2, True)
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["calls", "list", "--line", "401"], "no line is called '401': did you mean 4001? known are 4001"),
        (["calls", "list", "--agent", "zhnag"], "did you mean zhang?"),
        (["calls", "list", "--phone", "PJSIP/agent9"], "no phone is called 'PJSIP/agent9': did you mean"),
        (["greeting", "list", "--line", "401"], "did you mean 4001?"),
        (["greeting", "list", "--agent", "zhnag"], "did you mean zhang?"),
        (["tickets", "list", "--group", "401"], "no line group is called '401'"),
        (["tickets", "list", "--owner", "zhnag"], "did you mean zhang?"),
        (["notices", "list", "--line", "401"], "did you mean 4001?"),
        (["notices", "list", "--item", "work_injurie"], "no item is called 'work_injurie'"),
    ],
)
def test_a_name_that_nobody_knows_is_an_error_that_names_the_nearest(run, config, words, told):
    more = 'phones = ["PJSIP/agent1"]\n[[agents]]\nid = "zhang"\nname = "张"\n[notices]\nsamples = true\n'
    config.write_text(config.read_text() + more)
    code, out, err = run(*words, "--config", config)
    assert (code, out) == (1, "")
    assert told in err


def test_people_and_phones_are_found_by_what_people_call_them(run, config):
    more = 'phones = ["PJSIP/agent1"]\n[[phones]]\nendpoint = "PJSIP/agent1"\nextension = "6001"\n'
    config.write_text(config.read_text() + more + '[[agents]]\nid = "zhang"\nname = "张三"\n')
    rang = json.loads(run("calls", "list", "--json", "--phone", "6001", "--config", config)[1])
    assert rang
    assert rang == json.loads(run("calls", "list", "--json", "--phone", "PJSIP/agent1", "--config", config)[1])
    for words in (["calls", "list", "--agent"], ["greeting", "list", "--agent"], ["tickets", "list", "--owner"]):
        assert run(*words, "张三", "--config", config)[0] == 0


def test_whoever_is_reached_at_a_mobile_is_shown_with_it_masked_and_whoever_is_nowhere_as_such(run, config):
    more = '[[agents]]\nid = "wang"\nname = "王五"\n[[agents]]\nid = "li"\nname = "李四"\n'
    config.write_text(config.read_text() + more + '[[assignments]]\nagent = "wang"\nnumber = "13900001111"\n')
    _, out, _ = run("agents", "--config", config)
    wang = next(line for line in out.splitlines() if line.startswith("王五"))
    assert "外线 outside phone 139****1111" in wang
    assert "13900001111" not in out
    assert "李四  未入座 sits nowhere" in out


def test_a_line_that_was_renamed_is_still_known_by_its_calls(run, config):
    config.write_text(config.read_text().replace('name = "4001"', 'name = "hotline"'))
    assert len(json.loads(run("calls", "list", "--json", "--line", "4001", "--config", config)[1])) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["greeting", "list"], "no greetings"),
        (["tickets", "list"], "no tickets"),
        (["breaks", "list"], "nobody is on a break"),
        (["breaks", "list", "--all"], "no breaks"),
        (["notices", "list"], "nobody was told"),
        (["news", "list"], "no news"),
        (["outage", "list"], "no outage"),
    ],
)
def test_every_empty_list_says_so(run, config, words, told):
    code, out, err = run(*words, "--config", config)
    assert (code, told in out + err) == (0, True)


@pytest.mark.parametrize("group", ["greeting", "tickets", "breaks", "notices"])
def test_every_list_has_an_export_with_the_same_titles_in_both_forms(run, config, tmp_path, group):
    _, out, _ = run(group, "list", "--csv", "--config", config)
    assert run(group, "list", "--xlsx", tmp_path / "a.xlsx", "--config", config)[0] == 0
    (titles,) = sheet_of(tmp_path / "a.xlsx")
    assert out.startswith("\ufeff")
    assert [titles] == list(csv.reader(io.StringIO(out.removeprefix("\ufeff"))))


def test_a_call_that_goes_on_reads_in_progress_everywhere_but_in_json(run, config):
    asyncio.run(open_call(f"sqlite:///{config.parent}/calls.db"))
    record = json.loads(run("calls", "list", "--json", "--verdict", "cannot_tell", "--config", config)[1])[0]
    assert (record["verdict"], record["reason"]) == ("cannot_tell", "still_open")
    for words in (["calls", "list"], ["calls", "show", record["id"]], ["calls", "list", "--csv"]):
        _, out, _ = run(*words, "--config", config)
        assert "进行中" in out
        assert "振铃" in out
        assert "PJSIP/agent1" in out
        assert "无法判定" not in out
        assert "still_open" not in out


async def open_call(url: str) -> None:
    """A call whose phone rings at this moment."""
    data = (CAPTURES / "a_answer_2rings.raw").read_bytes()
    at = data.index(b"ChannelStateDesc: Up", data.index(b"PJSIP/agent1"))
    events = data[: data.rindex(b"Event:", 0, at)]
    (call,) = replay(events, pbx="main").calls
    facts = replace(call.facts, gaps=())
    async with Store.open(url) as store:
        await store.calls.save([JudgedCall(facts=facts, judgement=judge(facts))])


def sheet_of(path: Path) -> list[list[str]]:
    """The texts and figures of a workbook's only sheet, row by row."""
    space = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            shared = ["".join(one.itertext()) for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
        page = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert page.findall(".//s:f", space) == []  # no formula anywhere
    rows = []
    for row in page.findall(".//s:row", space):
        cells = []
        for cell in row.findall("s:c", space):
            column = "".join(letter for letter in cell.get("r") if letter.isalpha())
            index = 0
            for letter in column:
                index = index * 26 + ord(letter) - 64
            cells += [""] * (index - 1 - len(cells))
            text = "".join(cell.itertext())
            cells.append(shared[int(text)] if cell.get("t") == "s" else text)
        rows.append(cells)
    return rows


def test_fault_43_a_cell_cannot_be_a_formula(capsys):
    from voicedesk.cli.common import say_csv

    say_csv([{"name": "=HYPERLINK(1)"}, {"name": "@SUM"}, {"name": "\t1"}, {"name": None}], ["name"])
    assert capsys.readouterr().out == "name\n'=HYPERLINK(1)\n'@SUM\n'\t1\n\"\"\n"


def test_people_see_a_table(run, config):
    _, out, _ = run("calls", "list", "--config", config)
    assert "138****8000" in out
    assert "late" in out


def test_an_empty_list_says_so(run, config):
    assert "no call fits" in run("calls", "list", "--verdict", "cannot_tell", "--config", config)[2]


def test_one_call_is_shown_with_its_legs(run, config):
    _, out, _ = run("calls", "list", "--json", "--verdict", "missed", "--config", config)
    call_id = json.loads(out)[0]["id"]
    _, out, _ = run("calls", "show", call_id[:8], "--config", config)
    assert out.count("PJSIP/agent1: 未接听 no answer，响铃 ring ") == 2
    assert "clocks: 自助 ivr 0.000 s，" in out
    assert "three_rings/2" in out
    _, out, _ = run("calls", "show", call_id, "--json", "--config", config)
    assert json.loads(out)["id"] == call_id


def test_a_call_that_is_not_there_is_said_not_to_be(run, config):
    code, _, err = run("calls", "show", "zzz", "--config", config)
    assert (code, "no call has an id" in err) == (1, True)


def test_a_date_that_is_none_is_refused(run, config):
    code, _, err = run("calls", "list", "--from", "yesterday", "--config", config)
    assert (code, "2026-11-23" in err) == (2, True)


def test_rejudging_by_todays_limits_can_be_tried_first(run, config):
    config.write_text(config.read_text() + "limit_seconds = 30\n")
    _, out, _ = run("rejudge", "--current", "--dry-run", "--config", config)
    assert "1 would change" in out
    _, out, _ = run("rejudge", "--current", "--json", "--config", config)
    assert [(one["before"], one["after"]) for one in json.loads(out)["changes"]] == [("late", "on_time")]
    _, out, _ = run("rejudge", "--config", config)
    assert "0 changed" in out


def test_a_number_is_forgotten(run, config):
    code, out, _ = run("db", "forget", "+86 138 0013 8000", "--json", "--config", config)
    counts = dict.fromkeys(("journal", "consultations", "tickets", "news", "requests", "elsewhere"), 0)
    assert (code, json.loads(out)) == (0, {"calls": 4, **counts, "not_looked_into": []})
    _, out, _ = run("calls", "list", "--json", "--unmask", "--config", config)
    assert {call["caller_number"] for call in json.loads(out)} == {None}
    assert "0 calls" in run("db", "forget", "13800138000", "--config", config)[1]


def test_what_is_no_number_cannot_be_forgotten(run, config):
    code, _, err = run("db", "forget", "somebody", "--config", config)
    assert (code, "no phone number" in err) == (2, True)


def test_old_calls_are_pruned(run, config):
    assert json.loads(run("db", "prune", "--json", "--config", config)[1])["calls"] == 0
    assert "deleted: 0 calls" in run("db", "prune", "--config", config)[1]


def test_an_upgrade_says_what_it_did(run, config):
    assert "already has version" in run("db", "upgrade", "--config", config)[1]


def test_a_journal_that_is_not_there_is_said_not_to_be(run, config):
    code, _, err = run("db", "journal", "main", "--config", config)
    assert (code, "there is no journal yet" in err) == (1, True)


def test_a_reload_needs_a_running_service(run, config):
    code, _, err = run("reload", "--config", config)
    assert (code, "is `voicedesk run` running" in err) == (1, True)


def test_replay_gives_what_programs_rely_on(run):
    code, out, _ = run("replay", CAPTURES / "e_agent1_busy_agent2_answers.raw", "--json")
    (call,) = json.loads(out)
    assert code == 0
    assert list(call) == [
        "id", "pbx", "linkedids", "line", "direction", "caller_number", "started_at", "started_at_source", "ended_at",
        "disposition", "answered_by", "agent", "verdict", "cause", "reason", "ivr_ms", "queue_ms", "ring_ms",
        "caller_total_ms", "limit_ms", "rules_version", "gaps", "doubtful", "legs",
    ]  # fmt: skip
    assert list(call["legs"][0]) == [
        "uniqueid", "channel", "endpoint", "number", "agent", "role", "ring_source", "ringing_at", "answered_at",
        "ended_at", "ring_ms", "rings_heard", "outcome", "verdict", "reason", "hangup_cause", "transferred_from",
    ]  # fmt: skip
    assert call["started_at"] == 1795421364.037653


def test_replay_with_settings_knows_the_hall(run, config):
    config.write_text(
        config.read_text()
        + '[[phones]]\nendpoint = "PJSIP/agent1"\n[[agents]]\nid = "zhang"\nname = "张三"\n'
        + '[[assignments]]\nagent = "zhang"\nendpoint = "PJSIP/agent1"\n'
    )
    _, out, _ = run("replay", CAPTURES / "b_answer_17s.raw", "--config", config, "--json")
    assert json.loads(out)[0]["agent"] == "zhang"


def test_replay_of_a_damaged_file_gives_what_could_be_read_and_code_3(run, tmp_path):
    cut = tmp_path / "cut.raw"
    cut.write_bytes((CAPTURES / "b_answer_17s.raw").read_bytes()[:40_000])
    code, out, err = run("replay", cut, "--json")
    assert (code, len(json.loads(out)), "middle of a message" in err) == (3, 1, True)
    empty = tmp_path / "empty.raw"
    empty.touch()
    code, out, err = run("replay", empty, "--json")
    assert (code, json.loads(out), "no AMI event" in err) == (3, [], True)


def test_replay_of_a_file_that_is_not_there_says_so(run):
    code, _, err = run("replay", "/nowhere.raw")
    assert (code, "cannot be read" in err) == (1, True)


def test_replay_shows_people_a_table(run):
    assert "超时 late（人员未接 person）" in run("replay", CAPTURES / "b_answer_17s.raw")[1]


def test_wrong_settings_end_with_code_2(run, tmp_path):
    file = tmp_path / "voicedesk.toml"
    file.write_text("[nonsense]\n")
    code, _, err = run("calls", "list", "--config", file)
    assert (code, "line 1" in err) == (2, True)


def test_the_version_is_told(run):
    assert run("--version")[1].startswith("voicedesk ")


@pytest.mark.parametrize(("error", "code"), [(BrokenPipeError, 1), (KeyboardInterrupt, 130)])
def test_a_closed_pipe_and_ctrl_c_are_quiet(run, monkeypatch, error, code):
    def fail():
        raise error

    monkeypatch.setattr("typer.main.get_command", lambda _: fail)
    monkeypatch.setattr("voicedesk.cli.speak", lambda _: None)
    monkeypatch.setattr("sys.stderr.close", lambda: None, raising=False)
    ended, out, err = run()
    assert (ended, out, err) == (code, "", "")


def test_the_database_is_copied_and_what_waits_in_the_spill_file_is_told(run, config, tmp_path):
    copy = tmp_path / "copy.db"
    code, out, err = run("db", "backup", copy, "--config", config)
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path}/calls.db is copied to {copy}: ")
    with contextlib.closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("SELECT count(*) FROM calls").fetchall() == [(len(CALLS),)]
    spill = Spill(tmp_path / "calls.db.spill", reserve_bytes=4096)
    with contextlib.closing(spill):
        spill.append([b"something"])
    code, _, err = run("db", "backup", copy, "--config", config)
    assert (code, err.partition(" entry")[0]) == (0, "voicedesk: 1")
    code, out, _ = run("db", "backup", copy, "--json", "--config", config)
    assert json.loads(out) == {"file": str(copy), "bytes": copy.stat().st_size, "waiting_in_spill": 1}


def test_a_database_on_a_server_is_copied_by_its_own_tools(run, config):
    config.write_text('[store]\nurl = "postgresql://voicedesk@db.example/voicedesk"\n')
    code, _, err = run("db", "backup", "copy.db", "--config", config)
    assert code != 0
    assert "pg_dump" in err
