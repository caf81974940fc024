"""How far the guided start has come: a small file in the desk's own folder, so that one may leave and come back."""

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from voicedesk.plain_files import read_plain

_NAME = "setup.json"
_MOST_BYTES = 64 * 1024


class Step(StrEnum):
    """What is set up, in this order; the administrator was the first."""

    SWITCH = "switch"
    LINE = "line"
    STAFF = "staff"
    EAR = "ear"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done so far. `begun`: a first visit leads here; `ended`: somebody said that all is set up.

    `base` is the mark of the file that waiting changes were made from.
    """

    begun: bool = False
    ended: bool = False
    steps: frozenset[str] = field(default_factory=frozenset)
    base: str = ""

    @property
    def next(self) -> Step:
        """The first step that was not done."""
        return next((one for one in Step if one.value not in self.steps), Step.END)


class Progress:
    """Keeps it in a folder; where that may not be written, until the desk ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / _NAME
        self._held: Done | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was begun by a first visit and nobody ended it."""
        done = self.read()
        return done.begun and not done.ended

    def read(self) -> Done:
        """How far it has come; of a file that cannot be read, nowhere."""
        if self._held is not None:
            return self._held
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            said = json.loads(read_plain(self._file, _MOST_BYTES))
            steps = frozenset(str(one) for one in said["steps"]) & {one.value for one in Step}
            return Done(begun=said["begun"] is True, ended=said["ended"] is True, steps=steps, base=str(said["base"]))
        return Done()

    def begin(self) -> None:
        """A first visit leads here."""
        self._write(replace(self.read(), begun=True))

    def mark(self, step: Step) -> None:
        """A step was done."""
        done = self.read()
        self._write(replace(done, steps=done.steps | {step.value}))

    def end(self) -> None:
        """All is set up."""
        done = self.read()
        self._write(replace(done, ended=True, steps=done.steps | {Step.END.value}))

    def wait_on(self, base: str) -> None:
        """Changes wait that were made from the file with this mark; empty: none wait."""
        self._write(replace(self.read(), base=base))

    def _write(self, done: Done) -> None:
        said = {"begun": done.begun, "ended": done.ended, "steps": sorted(done.steps), "base": done.base}
        new = self._file.with_name(f".{_NAME}.new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(said), encoding="utf-8")
            new.replace(self._file)
        except OSError:
            self._held = done
        else:
            self._held = None
