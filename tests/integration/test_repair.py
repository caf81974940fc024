"""Gaps are filled from the switch's own logs, once and for all."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.calls.model import Hall, JudgedCall, Line, Verdict
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import format_epoch, now_us
from voicedesk.errors import InputError
from voicedesk.hall.switches import logs_of
from voicedesk.jobs.following import repair, repairing
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.repair import Repairer
from voicedesk.jobs.following.repairing import Repairing
from voicedesk.jobs.guard import Guard
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.calls import CallFilter, HumanDecision
from voicedesk.store.store import Store
from voicedesk.switch_logs.files import LogPaths
from voicedesk.tickets.meaning import Miss, meaning_of

LOGGED = Path(__file__).parents[1] / "captures" / "logged"
HALL = Hall(
    lines=(Line(name="hotline", extensions=frozenset({"4001"}), queues=frozenset({"hotline"})),),
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"}),
)
NOW = 1_900_000_000_000_000


def events_of(story):
    blocks = (LOGGED / f"{story}.raw").read_bytes().split(b"\r\n\r\n")
    events = [AmiEvent.from_bytes(block) for block in blocks if b"\r\nTimestamp: " in block]
    for event in events:
        event.arrived_us = event.timestamp_us + 200
    return [event for event in events if event.name in WANTED_EVENTS]


def logs_for(story, *, queue_log=True):
    logs = LogPaths(cel=(LOGGED / f"{story}.cel.csv",))
    return replace(logs, queue_log=(LOGGED / f"{story}.queue_log",)) if queue_log else logs


def link(state, at, **more):
    return make_event("VoicedeskLink", {"State": state, "Timestamp": format_epoch(at), **more}, arrived_us=at)


def snapshot(at):
    begin = make_event("VoicedeskSnapshot", {"State": "begin", "Timestamp": format_epoch(at)}, arrived_us=at)
    end = {"State": "end", "Complete": "1", "Timestamp": format_epoch(at)}
    return [begin, make_event("VoicedeskSnapshot", end, arrived_us=at)]


async def lived(store, story, first, last, *, behind=0):
    """The story as a service lives it whose link is lost from event `first` to before event `last`.

    `behind`: by how much the switch's clock is behind the service's.
    """
    events = events_of(story)
    for event in events:
        event.arrived_us += behind
    log = CallLog("main", HALL, store.writer)
    begun = events[0].timestamp_us - 10_000_000 + behind
    lost = events[first - 1].arrived_us + 1 if first else begun + 2
    back = (events[last].timestamp_us - 1 + behind) if last < len(events) else events[-1].arrived_us + 1_000_000
    earlier = make_event(
        "DeviceStateChange", {"Timestamp": format_epoch(begun + 1 - behind), "Device": "x"}, arrived_us=begun + 1
    )
    log.take([link("up", begun, Boot="b"), *snapshot(begun), earlier])
    log.take([*events[:first], link("lost", lost), link("up", back, Boot="b"), *snapshot(back), *events[last:]])
    log.settle()
    await store.writer.flush()
    (truth,) = replay((LOGGED / f"{story}.raw").read_bytes(), hall=HALL).calls
    return truth


async def stored(store):
    return {one.call.facts.linkedids[0]: one for one in await store.calls.list(CallFilter())}


async def repaired(store, paths, **more):
    return await Repairer(store, "main", HALL).repair(paths, zone=UTC, now=NOW, **more)


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path}/voicedesk.db") as opened:
        yield opened


RINGS = next(n for n, one in enumerate(events_of("queue_answered")) if one.get("ChannelStateDesc") == "Ringing")


async def test_fault_26_a_gap_over_answer_and_hangup_is_filled_from_the_logs(store):
    truth = await lived(store, "queue_answered", RINGS + 1, 99)
    (before,) = (await stored(store)).values()
    assert before.call.judgement.verdict is Verdict.CANNOT_TELL

    done = await repaired(store, logs_for("queue_answered"))
    (after,) = (await stored(store)).values()
    facts, judged = after.call.facts, after.call.judgement
    assert facts.id == before.call.facts.id
    assert (judged.verdict, judged.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")
    assert abs(judged.ring_us - truth.judgement.ring_us) < 5_000
    assert (facts.repaired, facts.gaps) == (True, ())
    assert facts.legs[0].ring_source.value == "newstate"  # what was seen live stays
    assert [(one.is_covered, one.repaired, one.added) for one in done.gaps] == [(True, 1, 0)]
    (gap,) = [one for one in await store.journal.gaps("main") if one.gap.reason.value == "link_lost"]
    assert (gap.repaired_at, gap.repaired_calls) == (NOW, 1)


@pytest.mark.parametrize("hours", [-30, -8, 8, 30, 24 * 365 * 20])
async def test_a_gap_is_filled_from_the_logs_of_a_switch_whose_clock_is_hours_off(store, hours):
    """The logs are written by that clock; calls and gaps are kept in the hall's time."""
    truth = await lived(store, "queue_answered", RINGS + 1, 99, behind=hours * 3_600_000_000)
    done = await repaired(store, logs_for("queue_answered"))
    (after,) = (await stored(store)).values()
    facts, judged = after.call.facts, after.call.judgement
    assert (judged.verdict, facts.gaps, facts.repaired) == (Verdict.ON_TIME, (), True)
    assert abs(judged.ring_us - truth.judgement.ring_us) < 5_000
    assert abs(facts.started_at - truth.facts.started_at - hours * 3_600_000_000) < 1_000_000
    assert [(one.is_covered, one.repaired, one.added) for one in done.gaps] == [(True, 1, 0)]


async def test_a_call_that_nobody_saw_is_added(store):
    truth = await lived(store, "queue_answered", 0, 99)
    assert await stored(store) == {}
    done = await repaired(store, logs_for("queue_answered"))
    (added,) = (await stored(store)).values()
    assert added.call.facts.repaired
    assert added.call.judgement.verdict is truth.judgement.verdict
    assert added.call.facts.line == "hotline"
    assert (done.gaps[0].added, done.differences) == (1, [])


async def test_fault_80_repairing_again_changes_nothing_and_a_person_s_decision_stays(store):
    await lived(store, "queue_answered", RINGS + 1, 99)
    (call,) = (await stored(store)).values()
    decision = HumanDecision(verdict=Verdict.MISSED, by="王", reason="听录音", at=1)
    await store.calls.decide(call.call.facts.id, decision)
    await repaired(store, logs_for("queue_answered"))
    once = await stored(store)
    again = await repaired(store, logs_for("queue_answered"))
    assert (again.gaps, again.changed) == ([], [])
    assert await stored(store) == once
    assert next(iter(once.values())).human == decision


async def test_a_dry_run_saves_nothing(store):
    await lived(store, "queue_answered", RINGS + 1, 99)
    before = await stored(store)
    done = await repaired(store, logs_for("queue_answered"), dry_run=True)
    assert len(done.changed) == 1
    assert await stored(store) == before


async def test_without_a_channel_log_a_gap_stays_open_but_queue_calls_are_repaired(store):
    await lived(store, "queue_answered", 0, 99)
    only_queue = LogPaths(queue_log=(LOGGED / "queue_answered.queue_log",))
    done = await repaired(store, only_queue)
    (added,) = (await stored(store)).values()
    assert added.call.judgement.verdict is Verdict.ON_TIME
    assert [one.is_covered for one in done.gaps] == [False]
    assert all(one.repaired_at is None for one in await store.journal.gaps("main"))


async def test_a_log_that_begins_within_the_gap_does_not_cover_it(store, tmp_path):
    await lived(store, "queue_answered", 1, 99)
    rows = (LOGGED / "queue_answered.cel.csv").read_text().splitlines(keepends=True)
    (tmp_path / "late.csv").write_text("".join(rows[4:]))
    done = await repaired(store, LogPaths(cel=(tmp_path / "late.csv",)))
    assert [one.is_covered for one in done.gaps] == [False]


async def test_a_call_that_is_not_over_waits(store):
    await lived(store, "queue_answered", RINGS + 1, RINGS + 2)
    (call,) = (await stored(store)).values()
    await store.calls.save([replace(call.call, facts=replace(call.call.facts, ended_at=None))])
    done = await repaired(store, logs_for("queue_answered"))
    assert (done.waiting, done.gaps) == (1, [])


async def test_gaps_close_together_are_filled_together(store):
    events = events_of("hunting_three_phones")
    log = CallLog("main", HALL, store.writer)
    begun = events[0].timestamp_us - 10_000_000
    log.take([link("up", begun, Boot="b"), *snapshot(begun)])
    for n, event in enumerate(events):
        if n in (4, 9):
            log.take([link("lost", event.arrived_us), link("up", event.arrived_us + 10, Boot="b")])
        else:
            log.take([event])
    log.settle()
    await store.writer.flush()
    done = await repaired(store, logs_for("hunting_three_phones", queue_log=False))
    assert len(done.gaps) == 2
    (call,) = (await stored(store)).values()
    assert (call.call.facts.gaps, call.call.judgement.answered_by) == ((), "PJSIP/agent3")


async def test_where_live_and_logs_differ_is_listed_and_nothing_is_changed(store, monkeypatch):
    monkeypatch.setattr(repair, "MARGIN_US", 30_000_000)
    await lived(store, "queue_answered", 0, 0)
    (before,) = (await stored(store)).values()
    facts = before.call.facts
    legs = (replace(facts.legs[0], endpoint="PJSIP/agent2"),)
    changed = replace(facts, gaps=(), person_answered_at=facts.person_answered_at + 500_000, legs=legs)
    await store.calls.save([JudgedCall(facts=changed, judgement=judge(changed))])
    before = await stored(store)
    done = await repaired(store, logs_for("queue_answered"))
    assert {one.what for one in done.differences} == {"person_answered_at", "answered_by"}
    assert next(one for one in done.differences if one.what == "answered_by").logged == "PJSIP/agent1"
    assert await stored(store) == before


async def test_a_call_that_only_the_logs_know_is_listed_where_no_gap_explains_it(store, monkeypatch):
    monkeypatch.setattr(repair, "MARGIN_US", 30_000_000)
    first = events_of("queue_answered")[0]
    log = CallLog("main", HALL, store.writer)
    begun = first.timestamp_us - 10_000_000
    log.take([link("up", begun, Boot="b"), link("lost", begun + 1), link("up", begun + 2_000_000, Boot="b")])
    log.settle()
    await store.writer.flush()
    done = await repaired(store, logs_for("queue_answered"))
    assert [(one.what, one.logged) for one in done.differences] == [("only_logged", first.linkedid)]
    assert await stored(store) == {}


async def test_a_log_that_is_not_there_says_so(store, tmp_path):
    await lived(store, "queue_answered", RINGS + 1, 99)
    with pytest.raises(InputError, match="the log cannot be read"):
        await repaired(store, LogPaths(cel=(tmp_path / "none.csv",)))


# --- by the service and by command


def settings_for(tmp_path, **logs):
    pbx = {"name": "main", "host": "127.0.0.1", "username": "u", "secret": "s", **logs}
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path}/voicedesk.db"},
            "pbx": [pbx],
            "lines": [{"name": "hotline", "extensions": ["4001"]}],
            "phones": [{"endpoint": "PJSIP/agent1"}, {"endpoint": "PJSIP/agent2"}, {"endpoint": "PJSIP/agent3"}],
        }
    )


async def test_the_service_repairs_by_itself_where_it_can_read_the_logs(store, tmp_path, monkeypatch):
    await lived(store, "queue_answered", RINGS + 1, 99)
    monkeypatch.setattr(repairing, "REPAIR_SECONDS", 0.01)
    settings = settings_for(tmp_path, cel_csv=str(LOGGED / "queue_answered.cel.csv"))
    task = asyncio.create_task(Repairing(store, settings, now_us, Guard()).run())
    async with asyncio.timeout(5):
        while not (await store.calls.list(CallFilter()))[0].call.facts.repaired:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})


async def test_the_account_of_gaps_says_who_repaired_them_and_why_the_others_are_open(store, tmp_path):
    await lived(store, "queue_answered", RINGS + 1, 99)
    settings = settings_for(tmp_path, cel_csv=str(LOGGED / "queue_answered.cel.csv"))
    await Repairing(store, settings, now_us, Guard()).repair(settings.pbx[0])
    before, lost = await store.journal.gaps("main")
    assert (lost.repaired_by, lost.repaired_calls, repair.why_open(lost)) == ("service", 1, None)
    assert "before the service's first connection" in repair.why_open(before)
    done = await repaired(store, logs_for("queue_answered"))
    assert (done.gaps, await store.journal.gaps("main")) == ([], [before, lost])


async def test_calls_told_in_a_gap_that_stays_open_are_in_the_account(store):
    await lived(store, "queue_answered", 0, 99)
    await repaired(store, LogPaths(queue_log=(LOGGED / "queue_answered.queue_log",)))
    _, lost = await store.journal.gaps("main")
    assert (lost.repaired_at, lost.repaired_by, lost.repaired_calls) == (None, "command", 1)
    assert "no channel log" in repair.why_open(lost)


@pytest.mark.parametrize("seen", [0, 3])
async def test_a_missed_call_repaired_from_the_channel_log_alone_can_be_rung_back(store, seen):
    truth = await lived(store, "abandoned_past_the_limit", seen, 999)
    await repaired(store, logs_for("abandoned_past_the_limit", queue_log=False))
    (call,) = (await stored(store)).values()
    told = meaning_of(call.call, lambda facts: facts.line)
    assert isinstance(told, Miss)
    assert (told.number, truth.facts.caller_number) == ("13800138000", "13800138000")


async def test_a_log_in_trouble_does_not_stop_the_service(store, tmp_path):
    await lived(store, "queue_answered", RINGS + 1, 99)
    settings = settings_for(tmp_path, cel_csv=str(tmp_path / "none.csv"), queue_log=str(tmp_path / "none"))
    await Repairing(store, settings, now_us, Guard()).repair(settings.pbx[0])
    assert (await store.calls.list(CallFilter()))[0].call.judgement.verdict is Verdict.CANNOT_TELL


def test_a_pbx_without_logs_has_none():
    assert logs_of(PbxSettings(name="a", host="h", username="u", secret="s")).all == ()


def run(tmp_path, *words):
    command = [sys.executable, "-m", "voicedesk", "repair", "--config", str(tmp_path / "voicedesk.toml"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


async def test_the_command_tells_what_it_did_and_leaves_bad_lines_out(store, tmp_path):
    await lived(store, "queue_answered", RINGS + 1, 99)
    toml = tmp_path / "voicedesk.toml"
    toml.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/voicedesk.db"\n[[pbx]]\nname = "main"\nhost = "h"\nusername = "u"\n'
        'secret = "s"\n[[lines]]\nname = "hotline"\nextensions = ["4001"]\n[[phones]]\nendpoint = "PJSIP/agent1"\n'
    )
    toml.chmod(0o600)
    code, _, told = run(tmp_path)
    assert (code, "no log of 'main' is known" in told) == (1, True)
    code, _, told = run(tmp_path, "--pbx", "other", "--cel", "x")
    assert (code, "which PBX" in told) == (2, True)
    log = tmp_path / "cel.csv"
    log.write_text((LOGGED / "queue_answered.cel.csv").read_text() + "nonsense\n")
    code, printed, told = run(tmp_path, "--cel", str(log), "--json", "--dry-run")
    assert (code, json.loads(printed)["calls"][0]["verdict"], "1 line of" in told) == (3, "on_time", True)
    code, printed, _ = run(tmp_path, "--cel", str(log))
    assert (code, "covered; 1 call repaired, 0 added" in printed) == (3, True)
    code, printed, _ = run(tmp_path, "--cel", str(LOGGED / "queue_answered.cel.csv"))
    *account, total = printed.splitlines()
    assert (code, total) == (0, "2 gaps in all, 1 repaired, 1 open")
    opened, done = account
    assert opened.startswith("open: gap")
    assert done.startswith("repaired ")
    assert done.endswith("(连接中断 the link was lost), 来电 1 通 1 call，由命令补录 by the command")
