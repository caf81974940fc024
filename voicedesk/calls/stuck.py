"""Finds calls of which nothing was heard for hours, by how often one has looked and not by what a clock says.

A clock that is set, on either machine, ends no call: between two looks no more time has passed than a look may take.
"""

from collections.abc import Mapping

from voicedesk.clock import MICROSECONDS

STUCK_AFTER_US = 4 * 3600 * MICROSECONDS
"""A call of which nothing was heard for so long is ended as swept. Chosen: longer than any talk at a hall's hotline."""
LOOK_US = 10 * 60 * MICROSECONDS
"""Between two looks no more time has passed than this, whatever the clock says: it was set, or the machine slept."""


class Stuck:
    """How long each open call has been quiet, from look to look."""

    def __init__(self) -> None:
        self._looked_at: int | None = None
        self._quiet: dict[str, tuple[int, int]] = {}

    def look(self, now: int, heard: Mapping[str, int], hall_time: int | None) -> list[str]:
        """The calls that are stuck, of all open ones with the instant at which each was last heard of.

        The first look, and only that one, measures by the hall's time; None if it is not known yet.
        """
        before, self._looked_at = self._looked_at, now
        passed = None if before is None else min(max(now - before, 0), LOOK_US)
        quiet: dict[str, tuple[int, int]] = {}
        for call_id, last_at in heard.items():
            since, span = self._quiet.get(call_id, (None, 0))
            if since == last_at and passed is not None:
                quiet[call_id] = last_at, span + passed
            elif passed is None and hall_time is not None:
                quiet[call_id] = last_at, hall_time - last_at
            else:
                quiet[call_id] = last_at, 0
        self._quiet = quiet
        return [call_id for call_id, (_, span) in quiet.items() if span > STUCK_AFTER_US]
