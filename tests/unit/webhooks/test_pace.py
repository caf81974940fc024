"""When messages go, wait, are gathered and given up; time is passed in."""

from hypothesis import given
from hypothesis import strategies as st
from voicedesk.webhooks.pace import MINUTE_US, PATIENCE_US, REFUSALS, WAITS_SECONDS, next_step, next_try, wait_us

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
instants = st.integers(min_value=NOW - 3 * PATIENCE_US, max_value=NOW + 3 * PATIENCE_US)


def tries_until_given_up(*, refused: bool) -> list[int]:
    """How long after it was queued each try of a message that never goes is made, in seconds."""
    at, tries = NOW, []
    while True:
        tries.append((at - NOW) // SECOND)
        again = next_try(tries=len(tries), queued_at=NOW, now=at, refused=refused)
        if again is None:
            return tries
        at = again


def test_a_message_is_tried_again_ever_more_seldom_for_a_day_and_then_given_up():
    tries = tries_until_given_up(refused=False)
    assert tries[:6] == [0, 5, 35, 155, 755, 4355]
    assert tries[-1] == 24 * 3600
    assert len(tries) < 40


def test_what_the_receiver_refuses_does_not_hold_up_the_others_for_long():
    tries = tries_until_given_up(refused=True)
    assert len(tries) == REFUSALS
    assert tries[-1] < 15 * 60


@given(st.integers(min_value=-5, max_value=10_000))
def test_waits_grow_and_have_an_end(tries):
    assert WAITS_SECONDS[0] * SECOND <= wait_us(tries) <= wait_us(tries + 1) <= WAITS_SECONDS[-1] * SECOND


@given(st.integers(min_value=1, max_value=1000), instants, st.booleans())
def test_the_next_try_is_never_in_the_past_and_never_far_away_whatever_the_clock_did(tries, queued_at, refused):
    again = next_try(tries=tries, queued_at=queued_at, now=NOW, refused=refused)
    if again is not None:
        assert NOW <= again <= NOW + WAITS_SECONDS[-1] * SECOND


@given(
    st.integers(min_value=1, max_value=600), st.lists(instants, max_size=100), st.integers(min_value=1, max_value=900)
)
def test_no_more_than_allowed_goes_in_a_minute_and_nobody_waits_longer_than_that(a_minute, sent_at, waiting):
    sent_at = sorted(sent_at)
    step = next_step(waiting=waiting, oldest_next_at=0, sent_at=sent_at, a_minute=a_minute, now=NOW)
    recent = sum(at > NOW - MINUTE_US for at in sent_at)
    assert (step.count > 0) == (recent < a_minute) == (step.wait_until is None)
    if step.wait_until is not None:
        assert NOW < step.wait_until <= NOW + MINUTE_US


def test_few_go_one_by_one_and_more_than_the_limit_allows_go_as_one():
    def count(waiting: int, sent: int) -> int:
        recent = [NOW - SECOND] * sent
        return next_step(waiting=waiting, oldest_next_at=0, sent_at=recent, a_minute=20, now=NOW).count

    assert [count(1, 0), count(20, 0), count(21, 0), count(3, 18), count(1, 19)] == [1, 1, 21, 3, 1]


def test_while_the_oldest_waits_nothing_overtakes_it_unless_the_clock_was_set_back():
    def step(next_at: int):
        return next_step(waiting=3, oldest_next_at=next_at, sent_at=[], a_minute=20, now=NOW)

    assert step(NOW + 30 * SECOND).wait_until == NOW + 30 * SECOND
    assert step(NOW).count == 1
    assert step(NOW + 10 * 3600 * SECOND).count == 1
