"""Looks for brush-offs (S3) at every place of what was heard, and compares each with the text that does not hold it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from voicedesk.greeting.forbidden import find_phrases
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.stream import Stream
from voicedesk.greeting.weighing.scores import Scores
from voicedesk.greeting.weighing.sentences import Sentence
from voicedesk.greeting.weighing.sounds import Nearest, nearest
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.transcript import Word

SUSPECTED, SURELY, ALSO = 0.75, 0.95, 0.7
"""How alike a place must be to be looked at, how alike in one hearing to be sure, and in the other one too."""
WITHOUT_LEAD = 6.0
"""Leaving a phrase out is almost free for the likelihood: the text without it may fit better by so much, in nats."""
_NO = ("没有", "没", "不", "别")
_OTHERWISE = {"下班了": "上班了", "我还有事": "还有什么事", "我很忙": "我帮忙"}
MOST_LOOKED_AT = 2
_WHO = ("这个我", "我们", "这个", "我", "这")
"""This right before a brush-off belongs to it: “…事，不知道” without its 我 sounds like “知不知道”, which excuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brushed:
    """A brush-off that was perhaps said: the phrase, with what was heard right before it, and whether it surely was."""

    phrase: str
    said: str
    is_sure: bool


def find_brush_off(
    heard: Sequence[str], winner: Sentence, rules: GreetingRules, scores: Scores
) -> Generator[Question, Answer, Brushed | None]:
    """The brush-off in what was heard, if any; `winner` is the greeting as it was most likely said."""
    suspected = _suspected(heard, rules)
    found: Brushed | None = None
    for phrase, near in suspected[:MOST_LOOKED_AT]:
        places = [nearest(phrase, text).alike for text in heard]
        who = _who(phrase, heard)
        said = who + near.wording
        if max(places) < SURELY or min(places) < ALSO:
            found = found or Brushed(phrase=near.wording, said=said, is_sure=False)
            continue
        triples = [_triple(text, phrase) for text in heard if nearest(phrase, text).alike >= ALSO]
        triples.append(
            (
                winner.text + winner.separator + said,
                winner.text + winner.separator + who + _yes(near.wording),
                winner.text,
            )
        )
        texts = [one for triple in triples for one in triple if one]
        scores.allow(len(texts))
        yield from scores.ask(texts)
        best = max(triples, key=lambda one: scores.of(one[0]).total)
        stated = scores.of(best[0]).total
        affirmed = max(scores.of(one[1]).total for one in triples)
        without = max(scores.of(one[2]).total for one in triples)
        is_sure = stated >= affirmed and stated >= without - WITHOUT_LEAD
        if found is None or (is_sure and not found.is_sure):
            found = Brushed(phrase=near.wording, said=said, is_sure=is_sure)
    return found


def _who(phrase: str, heard: Sequence[str]) -> str:
    before = [text[: nearest(phrase, text).first] for text in heard]
    return next((one for one in _WHO for text in before if text.endswith(one)), "")


def _suspected(heard: Sequence[str], rules: GreetingRules) -> list[tuple[str, Nearest]]:
    places = [(phrase, nearest(phrase, text)) for phrase in rules.forbidden.phrases for text in heard]
    excused = "".join(_excused(text, rules) for text in heard)
    likely = [one for one in places if one[1].alike >= SUSPECTED and one[1].wording not in excused]
    likely.sort(key=lambda one: (one[1].alike, len(one[1].wording)), reverse=True)
    return list(dict(reversed(likely)).items())[::-1]


def _excused(text: str, rules: GreetingRules) -> str:
    """The phrases in a heard text that are no brush-off there: the caller's own words, or “我还不知道您…”."""
    words = [
        Word(text=one, start_seconds=at * 0.2, end_seconds=at * 0.2 + 0.2, confidence=1.0)
        for at, one in enumerate(text)
    ]
    found = find_phrases(Stream(words), rules, Thresholds(), understood=True)
    return "，".join(one.phrase for one in found.exempted)


def _triple(text: str, phrase: str) -> tuple[str, str, str]:
    """A heard text with the phrase in its place, with its opposite there, and with nothing there."""
    near = nearest(phrase, text)
    before, after = text[: near.first], text[near.last :]
    return before + near.wording + after, before + _yes(near.wording) + after, before + after


def _yes(phrase: str) -> str:
    """The phrase without its no: what is most easily taken for it."""
    for known, otherwise in _OTHERWISE.items():
        if known in phrase:
            return phrase.replace(known, otherwise)
    no = next((one for one in _NO if one in phrase), "")
    return phrase.replace(no, "", 1) if no else phrase[1:]
