"""What staff ask about breaks (S11), one class for each step, and how a row says it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from voicedesk.step_rows import STRICT, Given, Note, StepRows, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnPhone:
    """A step on one phone: the one named, or where `by` sits now."""

    __pydantic_config__ = STRICT
    by: Given
    phone: Word | None = None
    pbx: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBreak(_OnPhone):
    """Pause it in all its queues; `anyway` also if it is the last free one."""

    do: Literal["start"] = "start"
    reason: Note = ""
    anyway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBreak(_OnPhone):
    """Callers ring it again."""

    do: Literal["stop"] = "stop"


BreakStep = StartBreak | StopBreak

_ROWS: StepRows[BreakStep] = StepRows(Annotated[BreakStep, Field(discriminator="do")])
to_row = _ROWS.to_row
from_row = _ROWS.from_row
