"""What people ask about verdicts (S2): decide, take back, appeal; one class for each step, and how a row says it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from voicedesk.step_rows import STRICT, Given, Note, StepRows, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnVerdict:
    """A step on the verdict of a call, of one of its legs, or (`about`) of its greeting.

    `call` is the call's id, or how it begins. `part` names the leg (its number in `calls show`, or its phone), or the
    phone whose greeting is meant; None: the whole call, or its only greeting. `by` is the person who does it.
    """

    __pydantic_config__ = STRICT
    call: Given
    about: Literal["call", "greeting"] = "call"
    part: Word | None = None
    by: Given
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(_OnVerdict):
    """A person's verdict stands beside the automatic one, and answers an open appeal.

    `forbidden`: whether a forbidden phrase was truly said in a greeting; None: that is not decided.
    """

    do: Literal["decide"] = "decide"
    verdict: Word
    cause: Word | None = None
    forbidden: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(_OnVerdict):
    """The last decision is taken back: what stood before it holds again."""

    do: Literal["undo"] = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(_OnVerdict):
    """The person concerned asks, once, that somebody looks at the verdict again."""

    do: Literal["appeal"] = "appeal"


VerdictStep = Decide | TakeBack | Appeal

_ROWS: StepRows[VerdictStep] = StepRows(Annotated[VerdictStep, Field(discriminator="do")])
to_row = _ROWS.to_row
from_row = _ROWS.from_row
