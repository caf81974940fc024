"""Greetings that a person decided, with their recordings: what a model can be calibrated on (S2)."""

from dataclasses import dataclass
from pathlib import Path

from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.settings import Settings
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

_UNTOLD = frozenset({GreetingVerdict.CANNOT_TELL, GreetingVerdict.NOT_JUDGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedGreeting:
    """A recording, what was asked of whoever answered there, and what a person says of it.

    `has_forbidden` is False only where a person said that no forbidden phrase was said: a phrase of which nobody said
    anything may have been said, and no model is counted as wrong over it.
    """

    file: Path
    task: GreetingTask
    verdict: GreetingVerdict
    has_forbidden: bool


async def decided_greetings(store: Store, settings: Settings) -> list[DecidedGreeting]:
    """Every decided greeting whose recording is still kept, newest first."""
    found = []
    async for one in store.greetings.each(GreetingFilter()):
        task = one.evidence.task
        if one.human is None or one.recording is None or task is None or task.names is None:
            continue
        verdict = GreetingVerdict(one.human.verdict)
        if verdict in _UNTOLD:
            continue
        file = settings.recording.folder / one.recording
        said = one.human.forbidden is not False
        found.append(DecidedGreeting(file=file, task=task, verdict=verdict, has_forbidden=said))
    return found
