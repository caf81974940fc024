"""What goes wrong a thousand times a minute is two lines in the log."""

from voicedesk.agi.complaints import EVERY_SECONDS, MOST_KINDS, Complaints


def test_the_first_is_told_at_once_and_the_rest_of_the_minute_as_one_with_the_count():
    told: list[int] = []
    complaints = Complaints()
    for n in range(1000):
        complaints.add("full", n / 100, told.append)
    assert told == [1]
    assert complaints.is_holding
    complaints.look(EVERY_SECONDS)
    assert told == [1, 999]
    complaints.add("full", EVERY_SECONDS + 1, told.append)
    assert told == [1, 999]
    complaints.close()
    assert told == [1, 999, 1]
    assert not complaints.is_holding


def test_each_kind_is_told_by_itself_and_a_kind_that_was_quiet_is_told_at_once_again():
    told: list[str] = []
    complaints = Complaints()
    for at, kind in ((0.0, "a"), (1.0, "b"), (EVERY_SECONDS + 2, "a")):
        complaints.add(kind, at, lambda _, kind=kind: told.append(kind))
    assert told == ["a", "b", "a"]


def test_kinds_without_end_are_told_together():
    told: list[int] = []
    complaints = Complaints()
    for n in range(10_000):
        complaints.add(f"kind {n}", 0.0, told.append)
    assert len(told) == MOST_KINDS + 1
    complaints.close()
    assert sum(told) == 10_000
