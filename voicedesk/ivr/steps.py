"""What staff ask about outage announcements (S10), one class for each step, and how a row says it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from voicedesk.step_rows import STRICT, Given, Note, StepRows, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnLine:
    """A step on one line, or on all (`line` None); `by` is the person who does it."""

    __pydantic_config__ = STRICT
    by: Given
    line: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOutage(_OnLine):
    """Callers hear from now on what is broken, before anything else."""

    do: Literal["start"] = "start"
    text: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOutage(_OnLine):
    """What is announced is announced no more."""

    do: Literal["stop"] = "stop"


OutageStep = StartOutage | StopOutage

_ROWS: StepRows[OutageStep] = StepRows(Annotated[OutageStep, Field(discriminator="do")])
to_row = _ROWS.to_row
from_row = _ROWS.from_row
