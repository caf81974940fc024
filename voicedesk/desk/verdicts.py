"""What people decided of verdicts, step by step, as a viewer may see it; and in few words, for a line of a list."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from voicedesk.calls.words import CAUSES
from voicedesk.desk.labels import Label, label
from voicedesk.desk.viewer import Viewer
from voicedesk.store.decisions import AppealState, History, Step
from voicedesk.store.words import APPEAL_STATES
from voicedesk.words import Words, aside, comma, in_both


def seen_history(history: History, viewer: Viewer) -> History:
    """A history with the numbers in its reasons and its phone masked, where the viewer may not see them."""
    steps = tuple(replace(step, reason=viewer.text(step.reason)) for step in history.steps)
    about = history.subject  # a leg that only a log tells of is known by its phone
    about = replace(about, endpoint=viewer.endpoint(about.endpoint), uniqueid=viewer.endpoint(about.uniqueid))
    return replace(history, subject=about, steps=steps)


def in_short(verdict: str, table: Words, *, cause: str | None = None, appeal_open: bool) -> str:
    """What a person decided, for a line of a list; empty where nobody did and nobody appealed."""
    why = aside(str(label(CAUSES, cause))) if cause else ""
    told = [f"{in_both('人工', 'by hand')}: {label(table, verdict)}{why}"] if verdict else []
    told += [str(label(APPEAL_STATES, AppealState.OPEN))] if appeal_open else []
    return comma().join(told)


def step_words(step: Step, table: Words) -> str:
    """What one step says: the verdict, its cause, whether a forbidden phrase was said, and why."""
    told: list[str | Label] = [label(table, step.verdict)] if step.verdict else []
    told += [label(CAUSES, step.cause)] if step.cause else []
    if step.forbidden is not None:
        told.append(Label("有禁语", "forbidden phrase") if step.forbidden else Label("无禁语", "no forbidden phrase"))
    return " — ".join(map(str, (*told, step.reason)))


def histories_json(histories: Iterable[History]) -> list[dict[str, Any]]:
    """Histories as other programs read them: what holds, the appeal, and every step."""
    return [_history(one) for one in histories]


def _history(history: History) -> dict[str, Any]:
    standing = history.standing
    return {
        "kind": history.subject.kind.value,
        "uniqueid": history.subject.uniqueid or None,
        "endpoint": history.subject.endpoint or None,
        "decision": _step(standing.decision) if standing.decision else None,
        "appeal": standing.appeal_state.value if standing.appeal_state else None,
        "steps": [_step(step) for step in history.steps],
    }


def _step(step: Step) -> Mapping[str, Any]:
    return {
        "move": step.move.value,
        "verdict": step.verdict,
        "cause": step.cause,
        "forbidden": step.forbidden,
        "reason": step.reason,
        "by": step.by,
        "at": step.at / 1_000_000,
        "automatic": step.automatic,
        "rules_version": step.rules_version,
    }
