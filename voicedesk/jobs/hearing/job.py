"""The job of hearing: finds the speech model and the rules of greetings, and starts the watch over recordings."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import thresholds_of, weighing_limits_of
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.hearing.rules_in_force import RulesInForce
from voicedesk.jobs.hearing.watch import GreetingWatch
from voicedesk.jobs.job import CallsNow
from voicedesk.jobs.news.news import Tell
from voicedesk.settings import Settings
from voicedesk.speech.install import find_model
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.syllables import load_readings
from voicedesk.speech.workers import SpeechWorkers, limits_of
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store

_log = structlog.get_logger()


class Hearing:
    """The greetings of the hall. Whatever is wrong with them, calls are followed. `watch` makes what hears them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: CallsNow,
        now: NowUs,
        *,
        tell: Tell,
        guard: Guard,
        watch: Callable[..., GreetingWatch] = GreetingWatch,
    ) -> None:
        self._store, self._settings, self._calls, self._now = store, settings, calls, now
        self._tell, self._guard, self._new_watch = tell, guard, watch
        self._rules = RulesInForce()
        self._watch: GreetingWatch | None = None

    def receive(self, pbx: str, events: Iterable[AmiEvent]) -> None:
        """Looks for recordings that begin and phones that hang up; cheap, and never waits."""
        if self._watch is not None:
            self._watch.receive(pbx, events)

    async def run(self) -> None:
        """Hears until cancelled; ends at once where no recordings can be read, or no model is installed."""
        found = await asyncio.to_thread(self._model)
        if found is None:
            return
        model, thresholds, weighing = found
        rules = await self._rules.wait(lambda: self._settings)
        workers = SpeechWorkers(model.path, self._settings.speech.workers, limits_of(model))
        self._watch = self._new_watch(
            self._store,
            workers,
            self._settings,
            self._calls,
            self._now,
            rules=rules,
            thresholds=thresholds,
            weighing=weighing,
            tell=self._tell,
            guard=self._guard,
        )
        try:
            await self._watch.run()
        finally:
            self._watch = None
            await workers.close()

    def _model(self) -> tuple[SpeechModel, Thresholds, WeighingLimits | None] | None:
        """What greetings are heard with; None where there is nothing to hear, or nothing to hear it with."""
        if not any(pbx.recordings for pbx in self._settings.pbx):
            return None
        try:
            speech = self._settings.speech
            model = find_model(speech.model, speech.models_folder)
            thresholds, weighing = thresholds_of(model), weighing_limits_of(model)
            load_readings()
        except InputError as error:
            _log.error("speech_unavailable", reason=str(error))
            return None
        log = _log.warning if model.synthetic_only else _log.info
        log(
            "speech_model",
            model=model.name,
            rate=model.rate,
            calibrated=thresholds.calibrated,
            statement=model.statement or None,
        )
        return model, thresholds, weighing

    def change_settings(self, settings: Settings) -> str | None:
        """Takes greetings and rules as they are written now; rules that are broken change nothing, and are told."""
        self._settings = settings
        if self._watch is None:
            return None
        rules, told = self._rules.read_again(settings)
        if rules is not None:
            self._watch.change_settings(settings, rules)
        return told

    async def hear_again(self, item: SetAside) -> str:
        """A recording that was set aside is heard again; what is told of it. Raises InputError where it cannot be."""
        if self._watch is None:
            raise InputError("recordings are not heard now: see `voicedesk doctor`")
        return await self._watch.hear_again(item)

    async def save_again(self, item: SetAside) -> str:
        """A verdict that was set aside is saved again; what is told of it. Raises InputError where it cannot be."""
        if self._watch is None:
            raise InputError("this row belongs to no part that runs now")
        return await self._watch.save_again(item)
