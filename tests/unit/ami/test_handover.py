"""The bounded hand-over: order, bounds, and an honest count of what is missing."""

from hypothesis import given
from hypothesis import strategies as st
from voicedesk.ami.handover import HandOver
from voicedesk.ami.message import NOWHERE, AmiEvent, Origin


def made(number):
    return AmiEvent(b"Event: E", str(number), 0)


def dropped(count):
    return AmiEvent(b"Event: D", f"dropped {count}", 0)


def names(events):
    return [found.name for found in events]


def hand_over(max_events=3, max_bytes=1000):
    return HandOver(max_events, max_bytes, dropped)


def test_what_is_put_is_taken_in_order_and_in_portions():
    queue = hand_over(10)
    queue.put([made(1), made(2), made(3)])
    assert (len(queue), queue.has_ready) == (3, True)
    assert names(queue.take(2)) == ["1", "2"]
    assert names(queue.take(2)) == ["3"]
    assert not queue.has_ready


def test_the_newest_are_dropped_when_full_and_one_mark_stands_where_they_are_missing():
    queue = hand_over()
    queue.put([made(number) for number in range(1, 6)])
    queue.put([made(6)])
    assert names(queue.take(2)) == ["1", "2"]
    queue.put([made(7)])
    assert names(queue.take(9)) == ["3", "dropped 3", "7"]
    assert queue.dropped_total == 3


def test_bytes_are_bounded_too():
    queue = hand_over(100, max_bytes=20)
    queue.put([made(1), made(2), made(3)])
    assert names(queue.take(9)) == ["1", "2"]
    assert names(queue.take(9)) == ["dropped 1"]


def test_a_mark_is_never_lost_and_comes_after_what_was_dropped_before_it():
    queue = hand_over(1)
    queue.put([made(1), made(2)])
    queue.put_mark(made("lost"))
    assert names(queue.take(9)) == ["1", "dropped 1", "lost"]


def test_live_events_wait_behind_the_snapshot_and_bear_its_origin():
    queue, origin = hand_over(10), Origin(pbx="hall", boot="b")
    queue.hold()
    queue.put([made("live")])
    queue.hold()
    queue.put_mark(made("begin"))
    assert queue.put_now([made("item")])
    assert names(queue.take(9)) == ["begin", "item"]
    assert len(queue) == 1
    queue.release(origin)
    (live,) = queue.take(9)
    assert (live.name, live.origin) == ("live", origin)
    queue.release(NOWHERE)
    assert len(queue) == 0


def test_a_snapshot_that_does_not_fit_says_so():
    queue = hand_over(2)
    queue.hold()
    assert not queue.put_now([made(1), made(2), made(3)])
    queue.release(NOWHERE)


def test_what_was_held_can_be_forgotten_and_its_room_is_free_again():
    queue = hand_over(10, max_bytes=16)
    queue.hold()
    queue.put([made(1), made(2)])
    queue.discard_held()
    queue.discard_held()
    queue.put([made(3), made(4)])
    assert names(queue.take(9)) == ["3", "4"]


STEPS = st.tuples(st.sampled_from(["put", "take", "hold", "release", "mark"]), st.integers(1, 5))


@given(st.lists(STEPS))
def test_nothing_is_missing_without_a_mark_and_nothing_out_of_order(steps):
    """Also while live events are held back and other marks overtake them."""
    queue, number, taken = hand_over(4), 0, []
    for step, size in steps:
        if step == "put":
            queue.put([made(number + offset) for offset in range(size)])
            number += size
        elif step == "take":
            taken += names(queue.take(size))
        elif step == "mark":
            queue.put_mark(made("begin"))
        elif step == "hold":
            queue.hold()
        else:
            queue.release(NOWHERE)
    queue.release(NOWHERE)
    while queue.has_ready:
        taken += names(queue.take(3))
    expected = 0
    for name in taken:
        if name.startswith("dropped"):
            expected += int(name.split()[1])
        elif name != "begin":
            assert int(name) == expected
            expected += 1
    assert expected == number
