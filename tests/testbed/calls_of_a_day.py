"""Calls that were really recorded, set down at other times: a day for the pages to show."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from voicedesk.calls.model import Assignment, Hall, JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge

CAPTURES = Path(__file__).parents[1] / "captures"
NUMBER = "13812341234"
HALL = Hall(
    every_extension_is_a_line=True,
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
    assignments=(Assignment(agent="zhang", endpoint="PJSIP/agent1"), Assignment(agent="li", endpoint="PJSIP/agent2")),
)
"""Who sits at the two phones of the captures."""
AT_WANG = replace(HALL, assignments=(Assignment(agent="wang", endpoint="PJSIP/agent1"),))


def call_of(name: str, hall: Hall = HALL) -> JudgedCall:
    """The one call of a capture."""
    (call,) = replay((CAPTURES / f"{name}.raw").read_bytes(), pbx="main", hall=hall).calls
    return call


def at(call: JudgedCall, n: int, started_at: int, **facts: Any) -> JudgedCall:
    """The same call at another time, as the `n`th of a day; `facts` of it that are to be others."""
    by = started_at - call.facts.started_at
    legs = tuple(_moved(leg, by) for leg in call.facts.legs)
    known = {"id": f"{n:020x}", "caller_number": NUMBER, "legs": legs, **facts}
    there = replace(_moved(call.facts, by), **known)
    return JudgedCall(facts=there, judgement=judge(there))


def _moved(one: Any, by: int) -> Any:
    """Facts, or a leg, at another time."""
    there = {field.name: getattr(one, field.name) for field in fields(one)}
    return replace(one, **{k: v + by for k, v in there.items() if k.endswith("_at") and isinstance(v, int)})
