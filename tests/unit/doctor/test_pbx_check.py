"""What follows from what a manager user sees of its switch."""

import pytest
from voicedesk.ami.message import AmiEvent
from voicedesk.clock import MICROSECONDS
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.doctor.pbx import DIALLER as DIALLING
from voicedesk.doctor.pbx import NEEDED_ACTIONS, PbxSeen, judge, judge_helper, parse_commands
from voicedesk.doctor.pbx import PAUSER as PAUSING

REPORTING = frozenset({"system", "reporting"})
WATCHER = dict.fromkeys(NEEDED_ACTIONS, REPORTING)


def heard(name: str, right: str, rest: str) -> AmiEvent:
    return AmiEvent.from_bytes(f"Event: {name}\r\nPrivilege: {right},all\r\n{rest}".encode())


BOOTED = heard("FullyBooted", "system", "Status: Fully Booted")
TIMED = heard("Newstate", "call", "Timestamp: 1795421354.134550")
UNTIMED = heard("Newstate", "call", "Channel: a")


def seen(**more: object) -> PbxSeen:
    usual = {"version": "22.10.1", "commands": WATCHER, "events": (BOOTED, TIMED), "skew_us": 0}
    return PbxSeen(**(usual | more))  # type: ignore[arg-type]


def found(check: str, what: PbxSeen) -> list[Finding]:
    return [finding for finding in judge("main", what) if finding.check == check]


def test_a_switch_as_it_must_be_has_nothing_bad_and_says_what_only_a_call_shows() -> None:
    grades = {finding.check: finding.grade for finding in judge("main", seen())}
    assert grades == {
        "login": Grade.GOOD,
        "version": Grade.GOOD,
        "timestampevents": Grade.GOOD,
        "clock": Grade.GOOD,
        "rights_missing": Grade.UNSEEN,
        "rights_excessive": Grade.GOOD,
    }


@pytest.mark.parametrize(
    ("version", "grade"),
    [
        ("16.30.0", Grade.GOOD),
        ("22.10.1+dfsg-1", Grade.GOOD),
        ("certified/18.9-cert5", Grade.GOOD),
        ("GIT-23-abc", Grade.GOOD),
        ("13.38.3", Grade.BAD),
        ("24.0.0", Grade.BAD),
        ("", Grade.UNSEEN),
    ],
)
def test_the_version_is_one_whose_events_are_known(version: str, grade: Grade) -> None:
    assert found("version", seen(version=version))[0].grade is grade


@pytest.mark.parametrize(
    ("events", "grade"),
    [((BOOTED, TIMED), Grade.GOOD), ((BOOTED, UNTIMED), Grade.BAD), ((BOOTED,), Grade.UNSEEN)],
)
def test_events_must_carry_the_switch_s_time(events: tuple[AmiEvent, ...], grade: Grade) -> None:
    finding = found("timestampevents", seen(events=events))[0]
    assert finding.grade is grade
    assert (finding.cure == "") is (grade is Grade.GOOD)


@pytest.mark.parametrize(
    ("skew_us", "grade"),
    [
        (999_999, Grade.GOOD),
        (-MICROSECONDS, Grade.NOTE),
        (30 * MICROSECONDS, Grade.BAD),
        (-3600 * MICROSECONDS, Grade.BAD),
        (None, Grade.UNSEEN),
    ],
)
def test_the_two_clocks_agree(skew_us: int | None, grade: Grade) -> None:
    assert found("clock", seen(skew_us=skew_us))[0].grade is grade


def test_a_right_that_is_missing_is_named_with_the_lines_to_write() -> None:
    refused = seen(commands={}, refused=frozenset({"CoreShowChannels"}), events=(TIMED,))
    commands, system, _ = found("rights_missing", refused)
    assert commands.grade is Grade.BAD
    assert "CoreSettings, CoreShowChannels, CoreStatus, DeviceStateList" in commands.what
    assert "read = system,call,agent,user and write = reporting" in commands.cure
    assert (system.grade, system.what) == (Grade.BAD, "events of the class system do not come")


def test_a_switch_without_queues_is_told_apart_from_a_right_that_is_missing() -> None:
    finding = found("queues", seen(refused=frozenset({"QueueStatus"})))[0]
    assert finding.grade is Grade.NOTE
    assert [one.grade for one in found("rights_missing", seen(refused=frozenset({"QueueStatus"})))] == [Grade.UNSEEN]


def test_rights_beyond_watching_are_bad_and_the_gravest_is_named_first() -> None:
    more = WATCHER | {
        "AbsoluteTimeout": frozenset({"system", "call"}),
        "Atxfer": frozenset({"call"}),
        "Command": frozenset({"command"}),
        "Originate": frozenset({"originate"}),
    }
    finding = found("rights_excessive", seen(commands=more))[0]
    assert finding.grade is Grade.BAD
    assert finding.what == (
        "may do more than watch: write = call,command,originate allows Command, Originate, AbsoluteTimeout, Atxfer"
    )


def test_rights_that_cannot_be_told_apart_are_not_guessed() -> None:
    more = WATCHER | {"Hangup": frozenset({"system", "call"})}
    assert "write = … allows Hangup" in found("rights_excessive", seen(commands=more))[0].what


def test_events_of_classes_nobody_needs_are_noted() -> None:
    noise = heard("VarSet", "dialplan", "Timestamp: 1795421354.134550")
    finding = found("rights_excessive", seen(events=(BOOTED, noise)))[0]
    assert (finding.grade, finding.what) == (Grade.NOTE, "is told more than it needs: read has dialplan")


def test_the_list_of_commands_is_read_as_asterisk_writes_it() -> None:
    raw = (
        b"Response: Success\r\nActionID: 1\r\nAtxfer: Attended transfer.  (Priv: call,all)\r\n"
        b"Ping: Keepalive command.  (Priv: <none>)\r\n"
        b"Status: List channel status (all).  (Priv: system,call,reporting,all)"
    )
    assert parse_commands(raw) == {"Atxfer": {"call"}, "Status": {"system", "call", "reporting"}}


def test_a_finding_is_plain_json() -> None:
    finding = judge("main", seen())[0].as_json()
    assert finding == {
        "subject": "main", "check": "login", "grade": "good", "what": "logged in", "why": "", "cure": "",
    }  # fmt: skip


PAUSER = {"QueuePause": frozenset({"agent"}), "QueueAdd": frozenset({"agent"})}


def test_a_pausing_user_that_may_pause_and_hears_nothing_is_good() -> None:
    (finding,) = judge_helper(PAUSING, "main", PbxSeen(commands=PAUSER))
    assert (finding.check, finding.grade) == ("pauser", Grade.GOOD)


def test_what_a_pausing_user_lacks_or_has_too_much_is_named() -> None:
    more = {"Originate": frozenset({"originate"}), "Command": frozenset({"command"})}
    missing, beyond, hears = judge_helper(PAUSING, "main", PbxSeen(commands=more, events=(TIMED,)))
    assert (missing.grade, beyond.grade, hears.grade) == (Grade.BAD, Grade.BAD, Grade.NOTE)
    assert "QueuePause" in missing.what
    assert "Command, Originate" in beyond.what
    assert "read has call" in hears.what
    assert "write = agent" in beyond.cure


DIALLER = {"Originate": frozenset({"originate"})}


def test_the_dialling_user_may_place_calls_and_nothing_else() -> None:
    (finding,) = judge_helper(DIALLING, "main", PbxSeen(commands=DIALLER))
    assert (finding.grade, finding.check) == (Grade.GOOD, "dialler")


def test_a_dialling_user_with_other_rights_is_told_with_the_line_to_write() -> None:
    more = {"Command": frozenset({"command"}), "Hangup": frozenset({"system", "call"})}
    missing, beyond, hears = judge_helper(DIALLING, "main", PbxSeen(commands=more, events=(TIMED,)))
    assert [one.check for one in (missing, beyond, hears)] == [
        "dialler_missing",
        "dialler_excessive",
        "dialler_excessive",
    ]
    assert [one.grade for one in (missing, beyond, hears)] == [Grade.BAD, Grade.BAD, Grade.NOTE]
    assert "write = originate" in missing.cure
    assert "Command" in beyond.what


def test_what_was_heard_in_the_last_day_or_is_not_needed_is_no_doubt() -> None:
    every = seen(heard=frozenset({"call", "agent", "user"}), events=(BOOTED,))
    assert found("rights_missing", every) == []
    own = seen(heard=frozenset({"call"}), unneeded=frozenset({"agent", "user"}), events=(BOOTED,))
    assert found("rights_missing", own) == []
    (doubt,) = found("rights_missing", seen(heard=frozenset({"call"}), unneeded=frozenset({"user"}), events=(BOOTED,)))
    assert "class agent come" in doubt.what


def test_a_call_that_changes_while_no_event_comes_shows_that_the_class_call_is_missing() -> None:
    ringing, up = {"PJSIP/a-1": "Ringing"}, {"PJSIP/a-1": "Up"}
    deaf, doubt = found("rights_missing", seen(before=ringing, after=up, events=(BOOTED,)))
    assert (deaf.grade, "PJSIP/a-1" in deaf.what) == (Grade.BAD, True)
    assert "class agent, user" in doubt.what
    (told,) = found("rights_missing", seen(before=ringing, after=up))
    assert told.grade is Grade.UNSEEN


def test_a_call_that_rings_on_while_listening_is_seen_and_said() -> None:
    ringing = {"PJSIP/a-1": "Ringing"}
    (doubt,) = found("rights_missing", seen(before=ringing, after=ringing, events=(BOOTED,)))
    assert "PJSIP/a-1 Ringing): listen until it is answered" in doubt.what
