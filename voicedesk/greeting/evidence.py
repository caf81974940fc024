"""What a greeting was judged from, and what was told of it: the one place that knows how this is stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

from voicedesk.greeting.live import GreetingTask, task_as_json, task_from_json
from voicedesk.greeting.model import PartFound, PhraseFound
from voicedesk.speech.transcript import Transcript, Understanding, from_json, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldJudgement:
    """What was told of a greeting when it was judged, as `told_from_json` reads it. `transcript` is what was heard.

    `plain` is all of it as `voicedesk greeting check --json` gives it: programs are shown it unchanged, also where an
    earlier version told less.
    """

    missing: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    parts: tuple[PartFound, ...] = ()
    forbidden: tuple[PhraseFound, ...] = ()
    polite: tuple[PhraseFound, ...] = ()
    remarks: tuple[str, ...] = ()
    transcript: str = ""
    plain: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was asked of whoever answered, what was heard, and what was told of it.

    `understanding` is how well the greeting was understood when its verdict was decided, `compared` the sentences that
    were compared for it (`weighed_as_json`). What is None was never heard, or was deleted when the number of the caller
    was forgotten; `compared` is None too where the engine compares no sentences.
    """

    task: GreetingTask | None = None
    transcript: Transcript | None = None
    understanding: Understanding | None = None
    judgement: ToldJudgement | None = None
    compared: Mapping[str, Any] | None = None

    @property
    def told(self) -> ToldJudgement:
        """The judgement as it was told; an empty one where there is none."""
        return self.judgement or ToldJudgement()


_TOLD = TypeAdapter(ToldJudgement)


def told_from_json(plain: Mapping[str, Any]) -> ToldJudgement:
    """A judgement as `export.as_json` gives it. Raises ValueError where it is damaged."""
    return _TOLD.validate_python({**plain, "plain": plain})


def evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain values, as they are stored; `evidence_from_json` reads them back."""
    values: dict[str, Any] = {"task": task_as_json(evidence.task) if evidence.task else None}
    if evidence.transcript is not None:
        values["transcript"] = to_json(evidence.transcript)
        values["understanding"] = asdict(evidence.understanding) if evidence.understanding else None
    if evidence.judgement is not None:
        values["judgement"] = dict(evidence.judgement.plain)
    if evidence.compared is not None:
        values["compared"] = dict(evidence.compared)
    return values


def evidence_from_json(values: Mapping[str, Any]) -> Evidence:
    """The evidence of a row. Raises ValueError, TypeError or LookupError where the row is damaged."""
    task, transcript, told = values.get("task"), values.get("transcript"), values.get("judgement")
    understanding = values.get("understanding")
    return Evidence(
        task=task_from_json(task) if task else None,
        transcript=from_json(transcript) if transcript is not None else None,
        understanding=Understanding(**understanding) if understanding is not None else None,
        judgement=told_from_json(told) if told is not None else None,
        compared=_mapping(values.get("compared")),
    )


def _mapping(found: Any) -> Mapping[str, Any] | None:
    if found is not None and not isinstance(found, Mapping):
        raise ValueError(f"the sentences compared are damaged: {found!r}")
    return found
