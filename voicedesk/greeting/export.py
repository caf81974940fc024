"""A greeting's judgement as plain values: the shape other programs rely on."""

from collections.abc import Iterable
from typing import Any

from voicedesk.greeting.model import GreetingJudgement, PhraseFound
from voicedesk.greeting.reasons import explained
from voicedesk.speech.transcript import Transcript


def as_json(transcript: Transcript, judged: GreetingJudgement) -> dict[str, Any]:
    """The verdict and its evidence, as `voicedesk greeting check --json` gives them for each file."""
    why = explained(judged.reason)
    return {
        "verdict": judged.verdict.value,
        "violations": [one.value for one in judged.violations],
        "missing": list(judged.missing),
        "reason": judged.reason.value if judged.reason else None,
        "reason_words": why.words if why else None,
        "to_do": why.to_do if why else None,
        "parts": [
            {
                "part": one.part,
                "text": one.text,
                "start_seconds": round(one.start_seconds, 3),
                "end_seconds": round(one.end_seconds, 3),
                "confidence": round(one.confidence, 3),
                "match": one.match.value,
            }
            for one in judged.parts
        ],
        "forbidden": _phrases(judged.phrases.forbidden),
        "exempted": _phrases(judged.phrases.exempted),
        "polite": _phrases(judged.phrases.polite),
        "remarks": list(judged.remarks),
        "transcript": transcript.text,
        "words": [
            {
                "word": one.text,
                "start_seconds": round(one.start_seconds, 3),
                "end_seconds": round(one.end_seconds, 3),
                "confidence": round(one.confidence, 3),
            }
            for one in transcript.words
        ],
        "model": transcript.model,
        "rules_version": judged.rules_version,
    }


def _phrases(found: Iterable[PhraseFound]) -> list[dict[str, Any]]:
    return [
        {"phrase": one.phrase, "start_seconds": round(one.start_seconds, 3), "confidence": round(one.confidence, 3)}
        for one in found
    ]
