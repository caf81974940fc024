"""When a pause began: what was seen decides, and what the switch says of it (`LastPause`) only within that.

A member that was seen unpaused later than that cannot have been paused since. In queues kept in a database the switch
goes on telling the first pause of all, and a clock that was set makes it any instant.
"""

from dataclasses import dataclass

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.clock import MICROSECONDS

SLACK_US = 2 * MICROSECONDS
"""A switch tells whole seconds, and a list is dated by our clock."""
MOST_US = 366 * 24 * 3600 * MICROSECONDS
"""No break lasts as long as this: an older instant is not believed."""
SAME_PAUSE_US = 1_500_000
"""The switch tells the second in which a pause began: two instants this close are one pause."""


@dataclass(frozen=True, slots=True)
class Began:
    """A pause began at `latest` at the latest, and not before `earliest` (None: nobody knows)."""

    latest: int
    earliest: int | None

    @property
    def is_seen(self) -> bool:
        """Whether the beginning is known exactly; otherwise the person may have been there until `latest`."""
        return self.earliest is not None and self.latest - self.earliest <= SAME_PAUSE_US


def pause_began(event: AmiEvent, at: int, *, unpaused_at: int | None, is_live: bool, behind_us: int = 0) -> Began:
    """The beginning of the pause that an event at `at` tells of. `unpaused_at`: when the member was last seen unpaused.

    `is_live`: every event until now was heard; otherwise the event is an item of a list. `behind_us`: by how much the
    switch's own clock, by which it dates pauses, is behind the clock of `at`.
    """
    free_at = unpaused_at if unpaused_at is not None and unpaused_at <= at else None  # else the clock was set back
    told = _instant(event, "LastPause", behind_us)
    if told is not None and not _is_possible(told, at, _instant(event, "LoginTime", behind_us)):
        told = None
    if told is not None and free_at is not None and told + MICROSECONDS <= free_at:
        told = None  # that pause is over
    if told is not None and (free_at is not None or not _keeps_the_first(event)):
        since = max(told, free_at or told)
        return Began(since, since)
    if is_live and event.name in ("QueueMemberAdded", "QueueMemberPause"):
        return Began(at, at)
    return Began(at, free_at if free_at is not None else told)


def _is_possible(told: int, at: int, joined: int | None) -> bool:
    is_before_joining = joined is not None and joined <= at and told + MICROSECONDS <= joined
    return at - MOST_US <= told <= at + SLACK_US and not is_before_joining


def _keeps_the_first(event: AmiEvent) -> bool:
    """Whether the member is kept in a database: the told beginning may then be that of an earlier pause."""
    return (event.get("Membership") or "").casefold() == "realtime" and event.name != "QueueMemberPause"


def _instant(event: AmiEvent, header: str, behind_us: int) -> int | None:
    seconds = whole_number(event.get(header), most_digits=10)
    return seconds * MICROSECONDS + behind_us if seconds else None
