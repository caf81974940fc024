"""A call that lives through a flood of gaps keeps a bounded number of them, and none of its time is told as whole."""

from voicedesk.calls.model import Gap, GapReason
from voicedesk.calls.records import MOST_GAPS, CallRecord


def record_with(*gaps):
    record = CallRecord("id", None, "1.1", 0, switch_tells_bridges=False)
    for gap in gaps:
        record.mark_gap(gap)
    return record


def gap(second, reason=GapReason.EVENTS_DROPPED, *, ended=True):
    return Gap(from_at=second * 10, to_at=second * 10 + 5 if ended else None, reason=reason)


def test_each_stretch_stands_once():
    assert record_with(gap(1), gap(2), gap(1)).gaps == [gap(1), gap(2)]


def test_many_stretches_become_one_from_the_last_that_is_kept_on():
    many = [gap(second) for second in range(MOST_GAPS + 50)]
    kept = record_with(*many).gaps
    assert kept == [*many[: MOST_GAPS - 1], Gap(from_at=many[MOST_GAPS - 1].from_at, to_at=None, reason=gap(0).reason)]


def test_one_that_began_before_the_last_that_is_kept_is_in_it_too():
    early = Gap(from_at=3, to_at=9_999, reason=GapReason.SWEPT)
    kept = record_with(*(gap(second) for second in range(MOST_GAPS)), early).gaps
    assert len(kept) == MOST_GAPS
    assert kept[-1] == Gap(from_at=3, to_at=None, reason=GapReason.SWEPT)


def test_what_lies_in_a_stretch_without_an_end_tells_nothing_new():
    endless = gap(1, ended=False)
    assert record_with(endless, gap(2, ended=False)).gaps == [endless]
    other = gap(2, GapReason.SWEPT, ended=False)
    assert record_with(endless, other).gaps == [endless, other]  # but for another reason
