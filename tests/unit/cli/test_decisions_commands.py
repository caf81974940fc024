"""What people decide, as they type it: both verdicts shown, JSON that only gains fields, clear refusals."""

import asyncio
import json

import pytest
from tests.unit.cli.test_calls_commands import CAPTURES, fill
from voicedesk.calls.replay import replay
from voicedesk.greeting.evidence import evidence_from_json
from voicedesk.greeting.model import Doubt
from voicedesk.greeting.reasons import REASONS
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.store import Store

(LATE,) = replay((CAPTURES / "b_answer_17s.raw").read_bytes(), pbx="main").calls
ID = LATE.facts.id


@pytest.fixture
def hall(tmp_path):
    """A settings file, four calls, and the greeting of one that cannot be told."""
    file = tmp_path / "voicedesk.toml"
    agents = '[[agents]]\nid = "zhang"\nname = "张三"\n[[agents]]\nid = "wang"\nname = "王五"\n'
    file.write_text(f'[store]\nurl = "sqlite:///calls.db"\n{agents}[[lines]]\nname = "4001"\nextensions = ["4001"]\n')
    asyncio.run(fill(f"sqlite:///{tmp_path}/calls.db"))
    asyncio.run(greet(f"sqlite:///{tmp_path}/calls.db"))
    return file


async def greet(url: str) -> None:
    async with Store.open(url) as store:
        heard = StoredGreeting(
            pbx="main",
            uniqueid="1.1",
            call_id=ID,
            endpoint="PJSIP/agent1",
            answered_at=LATE.facts.started_at,
            agent="zhang",
            line="4001",
            verdict="cannot_tell",
            reason="not_understood",
            needs_review=True,
            is_final=True,
            rules_version="greeting/3",
            evidence=evidence_from_json(
                {"judgement": {"verdict": "cannot_tell", "reason": "not_understood", "transcript": "喂"}}
            ),
        )
        await store.greetings.save(heard)


@pytest.fixture
def run(typed, hall):
    return lambda *words: typed(*map(str, words), "--config", str(hall))


def test_both_verdicts_are_shown_wherever_a_call_is(run):
    done = run("calls", "decide", ID[:8], "missed", "--cause", "empty_seat", "--reason", "话机断线", "--by", "王五")
    assert (done.code, "自动 automatic: 超时 late" in done.out, "人工 by hand: 未接 missed" in done.out) == (
        0,
        True,
        True,
    )
    listed = next(line for line in run("calls", "list").out.splitlines() if line.startswith(ID[:8]))
    assert "超时 late（人员未接 person）" in listed
    assert "人工 by hand: 未接 missed（座席无人 empty seat）" in listed
    shown = run("calls", "show", ID).out
    assert "人工判定 decided wang: 未接 missed — 座席无人 empty seat — 话机断线" in shown


def test_json_gains_fields_and_keeps_those_it_had(run):
    before = json.loads(run("calls", "show", ID, "--json").out)
    run("calls", "decide", ID, "on_time", "--reason", "致电13800138000核实", "--by", "wang")
    after = json.loads(run("calls", "show", ID, "--json").out)
    assert (before["human_verdict"], after["human_verdict"], after["human_by"]) == (None, "on_time", "wang")
    assert after["verdict"] == "late"
    assert "138****8000" in after["human_reason"]
    assert after["decisions"][0]["steps"][0]["automatic"] == "late"
    same = {key for key in before if not key.startswith("human_") and key not in ("decisions", "appeal_open")}
    assert {key: before[key] for key in same} == {key: after[key] for key in same}
    assert "13800138000" not in json.dumps(after)
    assert "13800138000" in run("calls", "show", ID, "--json", "--unmask").out


def test_an_appeal_is_told_listed_and_answered(run):
    appealed = run("calls", "appeal", ID, "--reason", "话机无声", "--by", "张三")
    assert (appealed.code, "申诉待处理 appeal open" in appealed.out) == (0, True)
    assert ID[:8] in run("calls", "list", "--to-review").out
    assert "appeal_opened" in run("news", "list").out or "申诉" in run("news", "list").out
    again = run("calls", "appeal", ID, "--reason", "再次", "--by", "zhang")
    assert (again.code, "appealed already" in again.err) == (1, True)
    run("calls", "decide", ID, "late", "--reason", "属实", "--by", "wang")
    assert "申诉不成立 appeal refused" in run("calls", "show", ID).out
    assert "没有符合条件的来电" in run("calls", "list", "--to-review").err


def test_a_decision_is_taken_back_and_stays_in_the_history(run):
    run("calls", "decide", ID, "on_time", "--reason", "听录音", "--by", "wang")
    undone = run("calls", "decide", ID, "--undo", "--reason", "点错", "--by", "wang", "--json")
    told = json.loads(undone.out)
    assert (told["decision"], [step["move"] for step in told["steps"]]) == (None, ["decide", "undo"])


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("decide", ID, "perfect", "--reason", "x"), 2, "is not one of"),
        (("decide", ID, "late"), 2, "--reason"),
        (("decide", ID, "late", "--reason", " "), 1, "say why"),
        (("decide", ID, "--reason", "x"), 2, "either a VERDICT or --undo"),
        (("decide", ID, "late", "--undo", "--reason", "x"), 2, "either a VERDICT or --undo"),
        (("decide", "zzz", "late", "--reason", "x"), 1, "no call has an id"),
        (("decide", "", "late", "--reason", "x"), 1, "say which call"),
        (("decide", ID, "late", "--leg", "9", "--reason", "x"), 1, "has 1 leg"),
        (("decide", ID, "--undo", "--reason", "x", "--by", "wang"), 1, "no decision to take back"),
    ],
)
def test_what_cannot_be_decided_is_refused_clearly(run, words, code, why):
    done = run("calls", *words)
    assert (done.code, why in done.err) == (code, True)


def test_a_leg_is_decided_apart_from_its_call(run):
    run("calls", "decide", ID, "on_time", "--leg", "1", "--reason", "核实", "--by", "wang")
    told = json.loads(run("calls", "show", ID, "--json").out)
    assert (told["human_verdict"], told["decisions"][0]["kind"]) == (None, "leg")
    assert "PJSIP/agent1" in run("calls", "show", ID).out.split("人工 by hand:")[1]


def test_agreement_has_both_numbers(run):
    assert "还没有人工判定" in run("calls", "agreement").out
    run("calls", "decide", ID, "on_time", "--reason", "听录音", "--by", "wang")
    assert "0/1 (0.0%)" in run("calls", "agreement").out
    told = json.loads(run("calls", "agreement", "--json").out)
    assert told["calls"]["rules"][1] == {
        "rule": "late", "automatic": 1, "human": 0, "both": 0, "precision": 0.0, "recall": None,
    }  # fmt: skip


def test_a_greeting_that_cannot_be_told_says_why_and_what_to_do(run):
    why = REASONS[Doubt.NOT_UNDERSTOOD]
    assert why.words in run("greeting", "list").out
    shown = run("greeting", "show", ID).out
    assert f"理由 reason: {why.words}" in shown
    assert f"处理 to do: {why.to_do}" in shown
    for command in (("list",), ("show", ID)):
        (told,) = json.loads(run("greeting", *command, "--json").out)
        assert (told["reason"], told["reason_words"], told["to_do"]) == ("not_understood", why.words, why.to_do)


def test_a_decided_greeting_is_no_longer_to_review_and_shows_both_verdicts(run):
    assert ID[:10] in run("greeting", "list", "--to-review").out
    concerned = run("greeting", "decide", ID, "compliant", "--reason", "听录音", "--by", "zhang")
    assert (concerned.code, "nobody decides about themselves" in concerned.err) == (1, True)
    run("greeting", "decide", ID, "compliant", "--no-forbidden", "--reason", "听录音", "--by", "wang")
    assert "没有符合条件的问候" in run("greeting", "list", "--review").err
    listed = run("greeting", "list").out
    assert "无法判定 cannot tell" in listed
    assert "人工 by hand: 合规 compliant" in listed
    assert "待复核" not in listed
    assert "无禁语 no forbidden phrase" in run("greeting", "show", ID).out
    (told,) = json.loads(run("greeting", "show", ID, "--json").out)
    assert (told["verdict"], told["human_verdict"], told["to_review"]) == ("cannot_tell", "compliant", False)
    agreed = json.loads(run("greeting", "agreement", "--json").out)
    assert (agreed["compared"], agreed["untold"]) == (0, 1)


def test_staff_appeal_against_their_greeting(run):
    run("greeting", "appeal", ID, "--reason", "已报部门", "--by", "zhang")
    assert "申诉待处理" in run("greeting", "list", "--to-review").out


def test_decided_greetings_are_too_few_for_a_calibration_until_there_are_enough(run):
    assert "too few" in run("model", "calibrate", "--decided").err
    assert "--decided" in run("model", "calibrate").err


def test_recordings_are_listed_where_a_folder_is_named(run, hall, tmp_path):
    assert "没有录音文件" in run("recordings", "list").err
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "note.txt").write_text("x")
    pbx = '[[pbx]]\nname = "main"\nhost = "h"\nusername = "u"\nsecret = "s"\nrecordings = "spool"\n'
    hall.write_text(hall.read_text() + pbx)
    assert "none of ours, never deleted" in run("recordings", "list", "--unknown").out
    (told,) = json.loads(run("recordings", "list", "--json").out)
    assert (told["file"], told["state"], told["foreign"]) == ("note.txt", "foreign", "other_name")


def test_a_broken_rule_file_is_told_by_the_check_of_the_settings(run, hall, tmp_path):
    (tmp_path / "rules.toml").write_text("version = ")
    hall.write_text('[greeting]\nrules = "rules.toml"\n' + hall.read_text())
    done = run("config", "check")
    assert (done.code, "rules.toml" in done.err) == (2, True)
