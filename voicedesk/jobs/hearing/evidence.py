"""Makes the database row and the news of one recording that was heard."""

from typing import Any

from voicedesk.clock import MICROSECONDS
from voicedesk.greeting.evidence import Evidence, told_from_json
from voicedesk.greeting.export import as_json
from voicedesk.greeting.privacy import text_without_long_numbers, without_long_numbers
from voicedesk.greeting.reasons import explained
from voicedesk.jobs.hearing.listening import Heard
from voicedesk.jobs.hearing.open_recordings import Recording
from voicedesk.jobs.news.news import CALL, News
from voicedesk.language.translate import said
from voicedesk.speech.transcript import Transcript
from voicedesk.store.greetings import StoredGreeting

LEAD_SECONDS = 0.3
"""A recording that begins so much later than it was asked for lacks sound, and its times are approximate."""


def row_of(recording: Recording, heard: Heard, call_id: str, *, kept: str | None = None) -> StoredGreeting:
    """A greeting as it is stored, without the long numbers that were read aloud; `kept` is the file of the evidence."""
    judged, transcript = heard.judged, without_long_numbers(heard.transcript)
    told = as_json(transcript, judged)
    told["remarks"] = [text_without_long_numbers(one) for one in told["remarks"]]
    late = _lead_seconds(recording, transcript)
    if late is not None and late > LEAD_SECONDS:
        told["remarks"].append(f"录音比接通晚约 {late:.1f} 秒开始，各时刻为近似值")
    return StoredGreeting(
        pbx=recording.pbx,
        uniqueid=recording.uniqueid,
        call_id=call_id,
        endpoint=recording.leg.endpoint,
        agent=recording.leg.agent,
        line=recording.call.line,
        answered_at=recording.answered_at,
        verdict=judged.verdict.value,
        reason=judged.reason.value if judged.reason else None,
        needs_review=judged.needs_review,
        forbidden=len(judged.phrases.forbidden),
        is_final=heard.is_final,
        rules_version=judged.rules_version,
        model=transcript.model,
        recording=kept,
        evidence=Evidence(
            task=recording.task,
            transcript=transcript,
            understanding=heard.understanding,
            judgement=told_from_json(told),
            compared=_masked(heard.compared),
        ),
    )


def accusation(kind: str, row: StoredGreeting, title: str, *, phrase: str = "", second: int = 0) -> News:
    """News of a greeting that is not as it should be, or of a forbidden phrase at a second of the recording."""
    return News(
        id=f"{kind} {row.pbx} {row.uniqueid} {phrase} {second}",
        kind=kind,
        at=row.answered_at + second * MICROSECONDS,
        title=title,
        fields=_fields(row, {said("Forbidden phrase"): phrase}),
        personal=_person(row),
    )


def doubt_news(row: StoredGreeting) -> News | None:
    """News of a greeting that cannot be told, with the reason and what to do; None where there is no such reason."""
    why = explained(row.reason)
    if why is None:
        return None
    return News(
        id=f"greeting_cannot_tell {row.pbx} {row.uniqueid}",
        kind="greeting_cannot_tell",
        at=row.answered_at,
        title=said("A greeting cannot be told: somebody must decide"),
        fields=_fields(row, {said("Reason"): why.said, said("What to do"): why.said_to_do}),
        personal=_person(row),
    )


def _masked(values: Any) -> Any:
    """Plain values with every long number masked in their texts."""
    if isinstance(values, str):
        return text_without_long_numbers(values)
    if isinstance(values, list | tuple):
        return [_masked(one) for one in values]
    return {key: _masked(one) for key, one in values.items()} if isinstance(values, dict) else values


def _fields(row: StoredGreeting, special: dict[str, str]) -> dict[str, str]:
    fields = {said("Line"): row.line or "", said("Phone"): row.endpoint, **special, CALL: row.call_id[:8]}
    return {label: text for label, text in fields.items() if text}


def _person(row: StoredGreeting) -> dict[str, str]:
    return {said("Person"): row.agent} if row.agent else {}


def _lead_seconds(recording: Recording, heard: Transcript) -> float | None:
    """How much of the time since recording began is missing from the sound; None until it is over."""
    if recording.ended_at is None:
        return None
    return max(0.0, (recording.ended_at - recording.recorded_at) / MICROSECONDS - heard.heard_seconds)
