"""Judges the calls of one PBX that changed, and hands them to the store; what does not fit costs itself alone."""

from collections.abc import Iterable
from typing import Protocol

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import CallFacts, Gap, JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.jobs.following.journal_replay import event_about
from voicedesk.jobs.guard import Guard, Part, written


class CallSink(Protocol):
    """Where a call log writes; nothing here waits for a disk."""

    def sequence(self, pbx: str) -> int:
        """The journal entry that what is added now will belong to."""

    def add(
        self,
        pbx: str,
        *,
        resume_from: int,
        events: Iterable[AmiEvent] = (),
        calls: Iterable[JudgedCall] = (),
        merged: Iterable[tuple[str, str]] = (),
        gaps: Iterable[Gap] = (),
    ) -> None:
        """Takes what belongs together: it is on disk soon, whole or not at all."""


class HandingOn:
    """The way of one PBX's calls and events into `sink`."""

    def __init__(self, pbx: str, sink: CallSink, guard: Guard) -> None:
        self._pbx, self._sink, self._guard = pbx, sink, guard

    def sequence(self) -> int:
        """The journal entry that what is handed on now will belong to."""
        return self._sink.sequence(self._pbx)

    def judged(self, changed: list[CallFacts]) -> list[JudgedCall]:
        """The calls with their judgement; one that cannot be judged is set aside, and stays as it is stored."""
        try:
            return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in changed]
        except Exception:  # noqa: BLE001  # it is one of them
            judged = []
        for facts in changed:
            with self._guard.one(Part.CALL, facts.id, content=written(facts), pbx=self._pbx):
                judged.append(JudgedCall(facts=facts, judgement=judge(facts)))
        return judged

    def add(
        self,
        resume_from: int,
        taken: list[AmiEvent],
        calls: list[JudgedCall],
        merged: list[tuple[str, str]],
        gaps: list[Gap],
    ) -> None:
        """Hands on what belongs together; where something of it does not fit, everything else of it one by one."""
        add, pbx = self._sink.add, self._pbx
        try:
            add(pbx, resume_from=resume_from, events=taken, calls=calls, merged=merged, gaps=gaps)
        except Exception:  # noqa: BLE001  # one of them does not fit: the others do
            add(pbx, resume_from=resume_from, merged=merged, gaps=gaps)
            for event in taken:
                with self._guard.one(Part.EVENT, event_about(event), content=event.raw, pbx=pbx):
                    add(pbx, resume_from=resume_from, events=[event])
            for call in calls:
                with self._guard.one(Part.CALL, call.facts.id, content=written(call.facts), pbx=pbx):
                    add(pbx, resume_from=resume_from, calls=[call])
