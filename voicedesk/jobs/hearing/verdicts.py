"""Saves, logs and reports the verdict of a greeting each time it changes."""

import structlog

from voicedesk.clock import NowUs
from voicedesk.greeting.model import GreetingJudgement, GreetingVerdict, PhraseFound
from voicedesk.greeting.verdict import ADVERSE
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.jobs.hearing.evidence import accusation, doubt_news, row_of
from voicedesk.jobs.hearing.listening import Heard
from voicedesk.jobs.hearing.open_recordings import OpenRecordings, Recording
from voicedesk.jobs.news.news import News, Tell
from voicedesk.jobs.unsaved import RowOf, Unsaved
from voicedesk.language.translate import said
from voicedesk.store.greetings import StoredGreeting
from voicedesk.words import said_of

_FINE = frozenset({GreetingVerdict.COMPLIANT, GreetingVerdict.NOT_JUDGED})

_log = structlog.get_logger()


class Verdicts:
    """The verdicts of what is being heard. Rows go into `unsaved`.

    People are told of nothing that a model heard which was never calibrated (`is_calibrated`).
    """

    def __init__(
        self,
        heard_now: OpenRecordings,
        unsaved: Unsaved[StoredGreeting],
        now: NowUs,
        *,
        tell_people: Tell,
        is_calibrated: bool,
    ) -> None:
        self._open, self._unsaved, self._now = heard_now, unsaved, now
        self._tell_people, self._is_calibrated = tell_people, is_calibrated

    def row(self, recording: Recording, heard: Heard, *, kept: str | None = None) -> StoredGreeting:
        """A greeting as it is stored now; its call may have become part of another one since it began."""
        call = self._open.call_of(recording.key) or recording.call
        return row_of(recording, heard, call.id, kept=kept)

    async def tell(self, recording: Recording, heard: Heard) -> None:
        """Saves and logs what changed, and tells people of it.

        Nothing is said of what cannot be told yet, and nothing again that was said before a worker was lost.
        """
        judged, is_final = heard.judged, heard.is_final
        is_again = heard.transcript.heard_seconds < recording.heard_seconds
        recording.heard_seconds = max(recording.heard_seconds, heard.transcript.heard_seconds)
        if not is_final and (is_again or judged.verdict is GreetingVerdict.CANNOT_TELL):
            return
        row = self.row(recording, heard)
        told = (row.verdict, row.reason, row.is_final, row.forbidden, judged.missing)
        if told == recording.told:
            return
        is_new_verdict, recording.told = told[:3] != recording.told[:3], told
        await self._unsaved.save(recording.key, row)
        if is_new_verdict and recording.task.names is not None:
            await self._tell_verdict(recording, row, judged)
        for phrase in judged.phrases.forbidden:
            key = (phrase.phrase, round(phrase.start_seconds))
            if key not in recording.phrases_told:
                recording.phrases_told.add(key)
                await self._tell_phrase(row, phrase)

    async def tell_doubt(self, row: StoredGreeting) -> None:
        """Tells people what cannot be told, so that a person listens."""
        news = doubt_news(row)
        if news is not None and self._is_calibrated:
            await self._tell_people(news)

    async def _tell_verdict(self, recording: Recording, row: StoredGreeting, judged: GreetingJudgement) -> None:
        is_final, verdict = row.is_final, judged.verdict
        log = _log.warning if is_final and verdict not in _FINE else _log.info
        log(
            "greeting_judged",
            **_about(row),
            verdict=verdict.value,
            missing=list(judged.missing),
            reason=row.reason,
            needs_review=judged.needs_review,
            is_final=is_final,
            delay_ms=self._delay_ms(recording, judged),
        )
        if is_final and verdict is GreetingVerdict.CANNOT_TELL:
            await self.tell_doubt(row)
        if is_final and verdict in ADVERSE:
            title = said("Greeting not as it should be: {}", said_of(GREETING_VERDICTS, verdict))
            await self._accuse(row, accusation("greeting_adverse", row, title))

    async def _tell_phrase(self, row: StoredGreeting, phrase: PhraseFound) -> None:
        _log.warning("forbidden_phrase", **_about(row), phrase=phrase.phrase, at_seconds=phrase.start_seconds)
        second = round(phrase.start_seconds)
        news = accusation(
            "forbidden_phrase", row, said("A forbidden phrase was said in a call"), phrase=phrase.phrase, second=second
        )
        await self._accuse(row, news)

    async def _accuse(self, row: StoredGreeting, news: News) -> None:
        """Tells people while it happens; never of what a person must look at first: nobody is accused on doubt."""
        if self._is_calibrated and not row.needs_review:
            await self._tell_people(news)

    def _delay_ms(self, recording: Recording, judged: GreetingJudgement) -> int | None:
        """From the end of the greeting's last part until now."""
        ended = max((part.end_seconds for part in judged.parts), default=None)
        return None if ended is None else round((self._now() - recording.recorded_at) / 1000 - ended * 1000)


def _about(row: StoredGreeting) -> dict[str, str | None]:
    return {"pbx": row.pbx, "call": row.call_id, "line": row.line, "endpoint": row.endpoint, "agent": row.agent}


def name_of(row: StoredGreeting) -> tuple[str, str]:
    """The PBX of a greeting, and what it is called where it is set aside."""
    return row.pbx, RowOf.GREETING.called(row.uniqueid)
