"""不推脱、不敷衍 (S3): forbidden phrases in all that the staff say, what excuses them, and the polite alternative."""

from collections.abc import Iterable

from voicedesk.greeting.model import PhraseFound, PhrasesFound, Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.stream import Found, Stream

QUOTE_SYLLABLES = 3
"""A phrase that begins at most so many syllables behind “您说” is still the caller's. Chosen, not measured."""
SHORTEST_BY_SOUND = 3
"""A phrase with fewer syllables must be heard by its very characters: too many others sound like it."""


def find_phrases(stream: Stream, rules: GreetingRules, thresholds: Thresholds, *, understood: bool) -> PhrasesFound:
    """The phrases of the standard in a stream; what was not surely heard is `doubtful` and accuses nobody."""
    unless = stream.find_any(rules.forbidden.unless)
    quoting = stream.find_any(rules.forbidden.quoted_after)
    forbidden, exempted, doubtful = [], [], []
    for found in stream.find_any(rules.forbidden.phrases):
        if any(excuse.covers(found) for excuse in unless) or _is_quoted(stream, found, quoting):
            exempted.append(found)
        elif understood and is_sure(stream, found, thresholds.forbidden_confidence):
            forbidden.append(found)
        elif not found.unknown:
            doubtful.append(found)
    polite = [one for one in stream.find_any(rules.polite.phrases) if not one.unknown]
    return PhrasesFound(
        forbidden=_told(stream, forbidden),
        exempted=_told(stream, exempted),
        polite=_told(stream, polite),
        doubtful=_told(stream, doubtful),
    )


def is_sure(stream: Stream, found: Found, confidence: float) -> bool:
    """Whether somebody may be accused on it: no syllable taken on trust, each one well heard, no short sound-alike."""
    length = found.last - found.first
    if found.unknown or found.blurred or (found.alike and length < SHORTEST_BY_SOUND):
        return False
    return all(one.confidence >= confidence for one in stream.syllables[found.first : found.last])


def _is_quoted(stream: Stream, found: Found, quoting: Iterable[Found]) -> bool:
    for lead in quoting:
        between = stream.syllables[lead.last : found.first]
        if lead.last <= found.first and len(between) <= QUOTE_SYLLABLES and all(one.text for one in between):
            return True
    return False


def _told(stream: Stream, found: Iterable[Found]) -> tuple[PhraseFound, ...]:
    return tuple(
        PhraseFound(phrase=stream.said(one), start_seconds=stream.start_of(one), confidence=stream.confidence_of(one))
        for one in found
    )
