"""Every decision and appeal of the hall, the newest first: what supervisors and auditors look through (S2, S16)."""

from dataclasses import dataclass
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Listing
from voicedesk.desk.verdicts import seen_history
from voicedesk.desk.viewer import Viewer
from voicedesk.store.decisions import History, Step, Subject
from voicedesk.store.store import Store
from voicedesk.store.words import DECISION_MOVES


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One step of a history and what it is about, masked as the viewer may see it."""

    subject: Subject
    step: Step
    move: Label


def decisions(store: Store, viewer: Viewer) -> Listing[tuple[Subject, Step], DecisionRow]:
    """Single steps of all histories, the newest first."""
    viewer.reach(Thing.VERDICT)
    return Listing(
        of=Thing.VERDICT,
        kinds=(int,),
        read=lambda limit, after: store.decisions.newest(limit=limit, after=after),
        key=lambda one: (one[1].number,),
        row=lambda one: row_of(*one, viewer=viewer),
        count=store.decisions.count,
    )


def row_of(subject: Subject, step: Step, *, viewer: Viewer) -> DecisionRow:
    """What is shown of one step."""
    seen = seen_history(History(subject=subject, steps=(step,)), viewer)
    return DecisionRow(subject=seen.subject, step=seen.steps[0], move=label(DECISION_MOVES, step.move))


def decision_json(row: DecisionRow) -> dict[str, Any]:
    """One step as other programs read it; instants in seconds."""
    about, step = row.subject, row.step
    return {
        "kind": about.kind.value,
        "call": about.call_id,
        "endpoint": about.endpoint or None,
        "move": step.move.value,
        "verdict": step.verdict,
        "reason": step.reason,
        "by": step.by,
        "at": to_seconds(step.at),
    }
