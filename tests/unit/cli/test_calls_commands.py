"""The commands over calls and the database, as a person or a program types them."""

import asyncio
import contextlib
import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from voicedesk import cli
from voicedesk.calls.replay import replay
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


def test_a_spreadsheet_gets_a_row_a_call(run, config):
    _, out, _ = run("calls", "list", "--csv", "--config", config)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 4
    assert rows[0]["verdict"] == "on_time"


def test_fault_43_a_cell_cannot_be_a_formula(capsys):
    from voicedesk.cli.common import say_csv

    say_csv([{"name": "=HYPERLINK(1)"}, {"name": "@SUM"}, {"name": "\t1"}, {"name": None}], ["name"])
    assert capsys.readouterr().out == "name\n'=HYPERLINK(1)\n'@SUM\n'\t1\n\"\"\n"


def test_people_see_a_table(run, config):
    _, out, _ = run("calls", "list", "--config", config)
    assert "138****8000" in out
    assert "late" in out


def test_an_empty_list_says_so(run, config):
    assert "no calls" in run("calls", "list", "--verdict", "cannot_tell", "--config", config)[1]


def test_one_call_is_shown_with_its_legs(run, config):
    _, out, _ = run("calls", "list", "--json", "--verdict", "missed", "--config", config)
    call_id = json.loads(out)[0]["id"]
    _, out, _ = run("calls", "show", call_id[:8], "--config", config)
    assert out.count("PJSIP/agent1: no_answer") == 2
    assert "three_rings/1" in out
    _, out, _ = run("calls", "show", call_id, "--json", "--config", config)
    assert json.loads(out)["id"] == call_id


def test_a_call_that_is_not_there_is_said_not_to_be(run, config):
    code, _, err = run("calls", "show", "zzz", "--config", config)
    assert (code, "no call has an id" in err) == (1, True)


def test_a_date_that_is_none_is_refused(run, config):
    code, _, err = run("calls", "list", "--from", "yesterday", "--config", config)
    assert (code, "2026-11-23" in err) == (1, True)


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
    assert (code, json.loads(out)) == (0, {"calls": 4, "journal": 0, "consultations": 0, "tickets": 0, "news": 0})
    _, out, _ = run("calls", "list", "--json", "--unmask", "--config", config)
    assert {call["caller_number"] for call in json.loads(out)} == {None}
    assert "0 calls" in run("db", "forget", "13800138000", "--config", config)[1]


def test_what_is_no_number_cannot_be_forgotten(run, config):
    code, _, err = run("db", "forget", "somebody", "--config", config)
    assert (code, "no phone number" in err) == (1, True)


def test_old_calls_are_pruned(run, config):
    assert json.loads(run("db", "prune", "--json", "--config", config)[1])["calls"] == 0
    assert "deleted: 0 calls" in run("db", "prune", "--config", config)[1]


def test_an_upgrade_says_what_it_did(run, config):
    assert "already has version" in run("db", "upgrade", "--config", config)[1]


def test_a_journal_that_is_not_there_is_said_not_to_be(run, config):
    code, _, err = run("db", "journal", "main", "--config", config)
    assert (code, "known are none" in err) == (1, True)


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
        "uniqueid", "channel", "endpoint", "agent", "role", "ring_source", "ringing_at", "answered_at", "ended_at",
        "ring_ms", "rings_heard", "outcome", "verdict", "reason", "hangup_cause", "transferred_from",
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
    assert "超时 late (person)" in run("replay", CAPTURES / "b_answer_17s.raw")[1]


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

    monkeypatch.setattr(cli, "app", fail)
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
    assert (code, err.partition(" entries")[0]) == (0, "voicedesk: 1")
    code, out, _ = run("db", "backup", copy, "--json", "--config", config)
    assert json.loads(out) == {"file": str(copy), "bytes": copy.stat().st_size, "waiting_in_spill": 1}


def test_a_database_on_a_server_is_copied_by_its_own_tools(run, config):
    config.write_text('[store]\nurl = "postgresql://voicedesk@db.example/voicedesk"\n')
    code, _, err = run("db", "backup", "copy.db", "--config", config)
    assert code != 0
    assert "pg_dump" in err
