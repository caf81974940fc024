"""What staff ask about news that could not be told, and how a row says it."""

from dataclasses import dataclass

from voicedesk.step_rows import STRICT, Given, StepRows, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryNews:
    """Queue again what could not be told: the one whose id begins so, or (None) everything. `by` is who asks it."""

    __pydantic_config__ = STRICT
    by: Given
    news: Word | None = None


_ROWS: StepRows[RetryNews] = StepRows(RetryNews)
to_row = _ROWS.to_row
from_row = _ROWS.from_row
