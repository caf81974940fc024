"""A judged call as other programs read it: the exact shape of `voicedesk replay --json` and `calls show --json`."""

from typing import Any

from voicedesk.calls.model import Gap, JudgedCall, LegFacts, LegJudgement
from voicedesk.clock import to_ms, to_seconds


def as_json(call: JudgedCall) -> dict[str, Any]:
    """Plain values: instants in epoch seconds with microseconds, spans in milliseconds, unknown is None."""
    facts, judged = call.facts, call.judgement
    return {
        "id": facts.id,
        "pbx": facts.pbx,
        "linkedids": list(facts.linkedids),
        "line": facts.line,
        "direction": facts.direction.value,
        "caller_number": facts.caller_number,
        "started_at": to_seconds(facts.started_at),
        "started_at_source": facts.started_at_source.value,
        "ended_at": to_seconds(facts.ended_at),
        "disposition": facts.disposition.value if facts.disposition else None,
        "answered_by": judged.answered_by,
        "agent": judged.agent,
        "verdict": judged.verdict.value,
        "cause": judged.cause.value if judged.cause else None,
        "reason": judged.reason.value if judged.reason else None,
        "ivr_ms": to_ms(judged.ivr_us),
        "queue_ms": to_ms(judged.queue_us),
        "ring_ms": to_ms(judged.ring_us),
        "caller_total_ms": to_ms(judged.caller_total_us),
        "limit_ms": to_ms(facts.limit_us),
        "rules_version": judged.rules_version,
        "gaps": [_gap(gap) for gap in facts.gaps],
        "doubtful": facts.doubtful,
        "legs": [_leg(leg, leg_judged) for leg, leg_judged in zip(facts.legs, judged.legs, strict=True)],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"from": to_seconds(gap.from_at), "to": to_seconds(gap.to_at), "reason": gap.reason.value}


def _leg(leg: LegFacts, judged: LegJudgement) -> dict[str, Any]:
    return {
        "uniqueid": leg.uniqueid,
        "channel": leg.channel,
        "endpoint": leg.endpoint,
        "number": leg.number,
        "agent": leg.agent,
        "role": leg.role.value,
        "ring_source": leg.ring_source.value if leg.ring_source else None,
        "ringing_at": to_seconds(leg.ringing_at),
        "answered_at": to_seconds(leg.answered_at) if leg.answer_seen else None,
        "ended_at": to_seconds(leg.ended_at),
        "ring_ms": to_ms(judged.ring_us),
        "rings_heard": judged.rings_heard,
        "outcome": leg.outcome.value if leg.outcome else None,
        "verdict": judged.verdict.value,
        "reason": judged.reason.value if judged.reason else None,
        "hangup_cause": leg.hangup_cause,
        "transferred_from": leg.transferred_from,
    }
