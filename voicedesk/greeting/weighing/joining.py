"""Brings the sentence that won to the rules: they must read it as the comparison means it, and its words have times."""

from collections.abc import Iterable
from dataclasses import replace

from voicedesk.greeting.model import DepartmentNames, GreetingJudgement, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.greeting.weighing.model import Kind, Weighed
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.speech.transcript import Transcript, Word

ONSET_SECONDS = 0.15
"""A voice may begin so much earlier than it is found (measured: 95 % within 0.11 to 0.17 s): it is believed."""
END_SECONDS = 0.3
"""The same for the end of the last word, which attention places less exactly."""
_MEANS = {
    Kind.COMPLIANT: GreetingVerdict.COMPLIANT,
    Kind.OTHER_DEPARTMENT: GreetingVerdict.WRONG_DEPARTMENT,
    Kind.OTHER_ORDER: GreetingVerdict.WRONG_ORDER,
    Kind.LEFT_OUT: GreetingVerdict.INCOMPLETE,
}
_BY_TIME = {GreetingVerdict.LATE_START}
_EACH = 0.2


def checked(weighed: Weighed, names: DepartmentNames, rules: GreetingRules, template: tuple[str, ...]) -> Weighed:
    """The same, unsure where the rules read the sentence otherwise than the comparison: then neither is believed."""
    if weighed.kind is None:
        return weighed
    said = spoken(weighed.sentence)
    words = tuple(
        Word(text=one, start_seconds=at * _EACH, end_seconds=(at + 1) * _EACH, confidence=1.0)
        for at, one in enumerate(said)
    )
    transcript = Transcript(words=words, heard_seconds=len(said) * _EACH, model="")
    judged = judge_greeting(transcript, names, rules, Thresholds(), template=template)
    return weighed if _agrees(weighed, judged) else replace(weighed, kind=None, forbidden=())


def placed(sentence: str, words: Iterable[Word]) -> list[Word]:
    """The characters of a sentence that was surely said, with the times at which the speaker is believed.

    `words` say where the engine found them; one that it found no place for stands before the next one. Empty where
    these are not the words of the sentence.
    """
    text = "".join(one for one in sentence if one.isalnum())
    said: list[Word] = []
    done = 0
    for word in words:
        at = text.find(word.text, done)
        if at < 0:
            return []
        if at > done:
            said.append(replace(word, text=text[done:at], end_seconds=word.start_seconds))
        said.append(word)
        done = at + len(word.text)
    if not said:
        return []
    said[0] = replace(said[0], start_seconds=max(0.0, said[0].start_seconds - ONSET_SECONDS))
    last = said[-1]
    said[-1] = last = replace(last, end_seconds=max(last.start_seconds, last.end_seconds - END_SECONDS))
    if done < len(text):
        said.append(replace(last, text=text[done:], start_seconds=last.end_seconds))
    return said


def _agrees(weighed: Weighed, judged: GreetingJudgement) -> bool:
    """Whether the rules read the sentence as the comparison means it."""
    found = [one for one in judged.violations if one not in _BY_TIME]
    verdict = found[0] if found else GreetingVerdict.COMPLIANT
    same = judged.reason is None and verdict is _MEANS[weighed.kind] if weighed.kind else False
    return same and tuple(judged.missing) == weighed.missing and len(found) <= 1
