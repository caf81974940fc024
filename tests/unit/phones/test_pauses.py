"""When a pause began: what was seen wins over what the switch says of it."""

from pathlib import Path

import pytest
from tests.unit.phones.switch import A1, MINUTE, MORNING, SECOND, Hall1, at, device, listed, lost, member, snapshot
from voicedesk.ami.message import AmiEvent
from voicedesk.phones.pauses import MOST_US, Began, pause_began

CAPTURES = Path(__file__).parents[2] / "captures" / "members"
HOUR = 60 * MINUTE
NOW = MORNING + HOUR


def began(last: object, *, unpaused: int | None, live: bool = True, name: str = "QueueMemberStatus", **more) -> Began:
    event = member(A1, NOW, paused=True, name=name, **{"LastPause": last, **more})
    return pause_began(event, NOW, unpaused_at=unpaused, is_live=live)


def second(instant: int) -> int:
    return instant // SECOND


@pytest.mark.parametrize(
    "last", [second(MORNING), second(NOW) + HOUR // SECOND, 0, -1, "", "x", "1.5", "9" * 40, 1, "٣"]
)
def test_a_beginning_that_cannot_be_lies_between_what_was_seen_before_and_now(last):
    seen = MORNING + 5 * MINUTE
    found = began(last, unpaused=seen)
    assert (found, found.is_seen) == (Began(NOW, seen), False)


@pytest.mark.parametrize("seconds", [0, 1, 60, 3000])
def test_a_beginning_after_it_was_seen_unpaused_is_believed(seconds):
    told = NOW - seconds * SECOND
    assert began(second(told), unpaused=MORNING) == Began(told, told)


def test_paused_again_within_the_same_second_began_after_it_was_seen_unpaused():
    unpaused = NOW - SECOND // 4
    assert began(second(NOW) - 1, unpaused=unpaused) == Began(unpaused, unpaused)


def test_a_list_is_believed_of_a_member_that_nobody_saw_before():
    told = NOW - 3 * HOUR
    assert began(second(told), unpaused=None, live=False, name="QueueMember") == Began(told, told)


def test_a_member_kept_in_a_database_may_tell_an_earlier_pause():
    told = NOW - 3 * HOUR
    found = began(second(told), unpaused=None, live=False, name="QueueMember", Membership="realtime")
    assert (found, found.is_seen) == (Began(NOW, told), False)


def test_a_pause_before_the_member_was_there_is_another():
    found = began(second(NOW - 3 * HOUR), unpaused=None, live=False, name="QueueMember", LoginTime=second(NOW - HOUR))
    assert (found.latest, found.is_seen) == (NOW, False)


def test_nobody_is_on_a_break_for_more_than_a_year():
    found = began(second(NOW - MOST_US) - 5, unpaused=None, live=False, name="QueueMember")
    assert (found.latest, found.is_seen) == (NOW, False)


@pytest.mark.parametrize("name", ["QueueMemberPause", "QueueMemberAdded"])
@pytest.mark.parametrize("last", [0, "x", second(NOW) + 500])
def test_a_pause_that_is_told_as_it_happens_began_then(name, last):
    assert began(last, unpaused=MORNING, name=name) == Began(NOW, NOW)


def test_of_a_clock_that_was_set_back_what_was_seen_by_the_old_one_says_nothing():
    assert began(second(NOW), unpaused=NOW + HOUR) == Began(NOW, NOW)


# --- breaks


def realtime(when: int, *, paused: bool, last: int, name: str = "QueueMemberStatus", **more) -> AmiEvent:
    return member(A1, when, paused=paused, last=last, name=name, Membership="realtime", **more)


def test_paused_again_from_outside_begins_when_it_was_seen_and_not_with_the_first_pause():
    start = at("2026-03-02T10:00")
    hall = Hall1(start)
    blocks = (CAPTURES / "realtime_pause_old_lastpause.events.txt").read_bytes().strip().replace(b"\r\n", b"\n")
    events = [AmiEvent.from_bytes(block.replace(b"\n", b"\r\n")) for block in blocks.split(b"\n\n")]
    for event in events:
        hall.tell(event)
        hall.look(event.timestamp_us + SECOND)
    first, over, second_ = hall.breaks
    assert (over.id, over.to_at) == (first.id, start + 6 * MINUTE)
    assert (second_.from_at, second_.to_at) == (start + 106 * MINUTE, None)
    hall.look(start + 106 * MINUTE + 10 * SECOND)
    assert hall.found() == []
    hall.look(at("2026-03-02T13:45"))  # the noon is closed from 12:00 to 13:30
    assert hall.found() == []
    hall.look(at("2026-03-02T13:46"))
    (found,) = hall.findings
    assert found.from_at == second_.from_at
    assert "最迟自11:46:00起离岗（开始时刻未被看到）" in found.evidence


def test_a_restart_goes_on_with_such_a_break():
    hall = Hall1()
    hall.tell(realtime(MORNING + HOUR, paused=True, last=MORNING - HOUR))
    hall.look(MORNING + HOUR)
    hall.restarted()
    again = realtime(MORNING + HOUR + MINUTE, paused=True, last=MORNING - HOUR, name="QueueMember")
    hall.tell(*snapshot(MORNING + HOUR + MINUTE, again, device(A1, "NOT_INUSE", MORNING)))
    hall.look(MORNING + HOUR + MINUTE)
    assert [one.from_at for one in hall.breaks] == [MORNING + HOUR]


def test_a_lost_link_goes_on_with_it_too():
    hall = Hall1()
    hall.tell(realtime(MORNING + HOUR, paused=True, last=MORNING - HOUR))
    hall.look(MORNING + HOUR)
    hall.tell(lost(MORNING + HOUR + SECOND))
    again = realtime(MORNING + HOUR + MINUTE, paused=True, last=MORNING - HOUR, name="QueueMember")
    hall.tell(*snapshot(MORNING + HOUR + MINUTE, again, device(A1, "NOT_INUSE", MORNING)))
    hall.look(MORNING + HOUR + MINUTE)
    assert [one.from_at for one in hall.breaks] == [MORNING + HOUR]


def test_a_queue_that_tells_no_pauses_begins_and_ends_them_by_the_member_s_status():
    hall = Hall1()
    for hour in range(3):
        begin = MORNING + hour * 20 * MINUTE
        hall.tell(realtime(begin + MINUTE, paused=True, last=MORNING - HOUR))
        hall.look(begin + MINUTE)
        hall.tell(realtime(begin + 2 * MINUTE, paused=False, last=MORNING - HOUR))
        hall.look(begin + 2 * MINUTE)
    assert [(one.from_at, one.to_at) for one in hall.breaks if one.to_at is not None] == [
        (MORNING + (20 * n + 1) * MINUTE, MORNING + (20 * n + 2) * MINUTE) for n in range(3)
    ]
    assert hall.found() == []


def test_unpaused_and_paused_between_two_looks_are_two_breaks():
    hall = Hall1()
    hall.tell(realtime(MORNING + MINUTE, paused=True, last=MORNING + MINUTE))
    hall.look(MORNING + MINUTE)
    hall.tell(realtime(MORNING + 20 * MINUTE, paused=False, last=MORNING + MINUTE))
    hall.tell(realtime(MORNING + 20 * MINUTE + SECOND, paused=True, last=MORNING + MINUTE))
    hall.look(MORNING + 21 * MINUTE)
    assert [(one.from_at, one.to_at) for one in hall.breaks] == [
        (MORNING + MINUTE, None),
        (MORNING + MINUTE, MORNING + 20 * MINUTE),
        (MORNING + 20 * MINUTE + SECOND, None),
    ]
    hall.look(MORNING + 40 * MINUTE)
    assert hall.found() == []


def test_a_clock_set_back_does_not_lengthen_a_break():
    hall = Hall1()
    back = MORNING - HOUR
    hall.tell(member(A1, back, paused=True))
    hall.look(MORNING + SECOND)
    assert hall.breaks[0].from_at == back
    hall = Hall1()
    hall.tell(*listed(MORNING + HOUR), member(A1, MORNING + MINUTE, paused=True, last=MORNING + HOUR))
    hall.look(MORNING + MINUTE)
    assert hall.breaks[0].from_at == MORNING + MINUTE


def test_a_clock_set_back_between_two_breaks_keeps_them_two():
    hall = Hall1()
    hall.tell(member(A1, MORNING + HOUR, paused=True))
    hall.look(MORNING + HOUR)
    hall.tell(member(A1, MORNING + HOUR + MINUTE, paused=False), member(A1, MORNING + MINUTE, paused=True))
    for seconds in range(3):
        hall.look(MORNING + HOUR + 2 * MINUTE + seconds * SECOND)
    assert [(one.from_at, one.to_at is None) for one in hall.breaks] == [
        (MORNING + HOUR, True),
        (MORNING + HOUR, False),
        (MORNING + MINUTE, True),
    ]


@pytest.mark.parametrize("wrong", [-HOUR, HOUR, 400 * 24 * HOUR])
def test_breaks_of_a_switch_whose_clock_is_wrong_are_dated_by_when_they_were_told(wrong):
    hall = Hall1()
    pause = member(A1, MORNING + MINUTE + wrong, paused=True)
    pause.arrived_us = MORNING + MINUTE
    hall.tell(pause)
    hall.look(MORNING + MINUTE)
    hall.look(MORNING + 30 * MINUTE)
    assert [one.from_at for one in hall.breaks] == [MORNING + MINUTE]
    assert hall.found() == []
    listed_again = member(A1, MORNING + MINUTE + wrong, paused=True, name="QueueMember")
    items = [AmiEvent.from_bytes(listed_again.raw.replace(b"Timestamp:", b"Was:"), arrived_us=MORNING + 20 * MINUTE)]
    hall.tell(*snapshot(MORNING + 20 * MINUTE, *items, device(A1, "NOT_INUSE", MORNING)))
    hall.look(MORNING + 30 * MINUTE)
    assert len(hall.breaks) == 1
