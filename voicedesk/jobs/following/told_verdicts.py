"""The log line of a call's verdict: one when it falls, and another one if it changes."""

import structlog

from voicedesk.calls.model import JudgedCall, Verdict
from voicedesk.clock import to_ms

MAX_TOLD = 2000
"""So many of the last verdicts told are remembered: what comes late about a call is not told again."""

_log = structlog.get_logger()


class ToldVerdicts:
    """The verdicts that were told last, by call."""

    def __init__(self) -> None:
        self._told: dict[str, Verdict] = {}

    def tell(self, call: JudgedCall) -> None:
        """Tells the verdict of a call that a person answered, or that is over, unless it was told already."""
        facts, judged = call.facts, call.judgement
        if facts.person_answered_at is None and facts.ended_at is None:
            return
        before = self._told.pop(facts.id, None)
        self._told[facts.id] = judged.verdict
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        if before is judged.verdict:
            return
        _log.info(
            "call_judged",
            pbx=facts.pbx,
            call=facts.id,
            line=facts.line,
            direction=facts.direction.value,
            caller_number=facts.caller_number,
            verdict=judged.verdict.value,
            cause=judged.cause.value if judged.cause else None,
            reason=judged.reason.value if judged.reason else None,
            answered_by=judged.answered_by,
            ring_ms=to_ms(judged.ring_us),
        )
