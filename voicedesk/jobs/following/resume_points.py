"""From where the journal of a PBX must be read after a restart, so that every open call is known again."""

from collections import deque
from collections.abc import Collection

from voicedesk.jobs.following.journal_replay import OpenCalls

CHECKPOINT_EVERY = 200
"""After so many entries the journal says again what is known beside the calls, so that a restart need not go further
back than to the last such place before the oldest open call."""


class ResumePoints:
    """The entries of the journal that hold a checkpoint, and the entries in which the open calls began."""

    def __init__(self, first: int = 0, open_calls: OpenCalls | None = None) -> None:
        self._checkpoints = deque([first])
        self.open = open_calls or OpenCalls()

    @property
    def oldest(self) -> int:
        """The entry from which the journal is read where everything is told anew."""
        return self._checkpoints[0]

    def note(self, entry: int, open_ids: Collection[str]) -> None:
        """These calls are open at an entry."""
        self.open.note(entry, open_ids)

    def is_checkpoint_due(self, entry: int) -> bool:
        """Whether an entry should hold a checkpoint again."""
        return entry >= self._checkpoints[-1] + CHECKPOINT_EVERY

    def add_checkpoint(self, entry: int) -> None:
        """An entry holds a checkpoint."""
        self._checkpoints.append(entry)

    def resume_from(self, entry: int) -> int:
        """The last checkpoint before the oldest call that was up beside an open one: what a phone did then matters.

        `entry` is the one that is written now. Checkpoints before that place are forgotten.
        """
        oldest = self.open.needed_from(entry)
        while len(self._checkpoints) > 1 and self._checkpoints[1] < oldest:
            self._checkpoints.popleft()
        return self._checkpoints[0]
