"""Compares the sentences that may have been said, and asks for their scores as it goes.

It knows no engine: it yields questions and is sent their answers, so a worker process, a file or a test can answer. A
greeting that clearly is compliant costs some twenty sentences; doubt costs more, up to the budget.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

from voicedesk.greeting.model import DepartmentNames, Doubt
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules
from voicedesk.greeting.weighing.brushed_off import Brushed, find_brush_off
from voicedesk.greeting.weighing.deciding import decide
from voicedesk.greeting.weighing.model import Weighed, WeighingLimits
from voicedesk.greeting.weighing.scores import Asking, Scores
from voicedesk.greeting.weighing.sentences import HELLO, LEADS, SEPARATORS, Sentence, Wordings
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.speech.fits import Answer, FreeHearing, Question
from voicedesk.speech.written import is_invented, simplified

Weighing = Generator[Question, Answer, Weighed]
CLOSE = 25.0
"""Another sentence is worth wording better while it is at most so far below the compliant one, in nats."""
FEWEST_SYLLABLES = 4
"""Fewer syllables are no greeting and prove no violation: a lone “您好” or “喂” goes to a person."""
REWORDED = 2
"""So many of the best other orders are worded better: with only the best one, the evidence may be another's."""
SHORTEST = {"matter": ("请讲", "您需要什么帮助")}
"""A part's shortest wordings: they cost least where it was not said, and so accuse least."""
_LATIN = re.compile(r"[A-Za-z]")
MOST_LATIN = 6


@dataclass(slots=True, kw_only=True)
class Found:
    """All that was compared for one greeting."""

    wordings: Wordings
    scores: Scores
    heard: tuple[str, ...]
    compliant: Sentence
    order: Sentence | None = None
    other: Sentence | None = None
    other_name: str = ""
    next_fit: float = -999.0
    decoy: Sentence | None = None
    left_out: dict[str, tuple[Sentence, Sentence]] = field(default_factory=dict)
    goes_on: str | None = None
    """What the model hears behind the greeting without its last part; None where it was not asked."""
    brushed: Brushed | None = None


def weigh(
    names: DepartmentNames,
    rules: GreetingRules,
    template: tuple[str, ...],
    limits: WeighingLimits,
    first: Sequence[FreeHearing],
) -> Weighing:
    """The greeting that was said in one stretch of speech; `first` is what the model hears in it freely (`hear`)."""
    if not first:
        return Weighed(kind=None, reason=Doubt.NO_SPEECH)
    if not _is_speech(first):
        return Weighed(kind=None, reason=Doubt.NOT_UNDERSTOOD, heard=_texts(first))
    scores = Scores(limits.most_sentences)
    found = yield from _compare((names, rules, template), scores, first)
    if not _is_clear(found, limits):
        plain = (yield Question(kind="hear_plainly")).hearings
        found = yield from _compare((names, rules, template), scores, first, plain)
        if not _is_clear(found, limits):
            yield from _compare_all(found, limits)
    found.brushed = yield from find_brush_off(found.heard, _winner(found), rules, scores)
    return decide(found, limits)


def _is_speech(hearings: Sequence[FreeHearing]) -> bool:
    """Whether the model heard a greeting's worth of Chinese, and did not invent it."""
    best = hearings[0]
    said = spoken(best.text)
    if len(said) < FEWEST_SYLLABLES or len(_LATIN.findall(best.text)) > MOST_LATIN:
        return False
    return not is_invented(best)


def _texts(hearings: Sequence[FreeHearing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text.strip() for one in hearings[:1]))


def _compare(
    asked: tuple[DepartmentNames, GreetingRules, tuple[str, ...]],
    scores: Scores,
    first: Sequence[FreeHearing],
    plain: Sequence[FreeHearing] = (),
) -> Generator[Question, Answer, Found]:
    """The compliant sentence in its best wording, against the nearest other orders and departments."""
    tops = [one[0].text.strip() for one in (first, plain) if one]
    free = list(dict.fromkeys(simplified(text) for text in tops))
    said = [spoken(one.text) for one in (*first[:1], *plain[:1], *first[1:2], *plain[1:2])]
    yield from scores.ask(free)
    scores.free = max(scores.of(text).total for text in free)
    wordings = Wordings(*asked, said)
    guess = wordings.first_guess()
    compliant = yield from _reworded(guess, wordings, scores, enough=-4.0)
    found = Found(wordings=wordings, scores=scores, heard=tuple(said[: 2 if plain else 1]), compliant=compliant)
    orders = [replace(compliant, order=order) for order in wordings.orders()]
    found.order = (yield from scores.best(orders)) if orders else None
    if DEPARTMENT in wordings.template:
        yield from _compare_names(found, wordings.others[:4])
    return found


def _compare_names(found: Found, names: Sequence[str]) -> Asking:
    """The best other department in the compliant sentence, and how well the next best fits."""
    if not names:
        return
    said = {name: found.compliant.saying(DEPARTMENT, name) for name in names}
    yield from found.scores.ask(one.text for one in said.values())
    ranked = sorted(said, key=lambda name: found.scores.fit(said[name]), reverse=True)
    found.other, found.other_name = said[ranked[0]], ranked[0]
    found.next_fit = found.scores.fit(said[ranked[1]]) if len(ranked) > 1 else -999.0


def _is_clear(found: Found, limits: WeighingLimits) -> bool:
    """Whether the compliant sentence leads so far that nothing else needs to be compared."""
    fit = found.scores.fit
    own = fit(found.compliant)
    return (
        own >= limits.clear_fit - 2
        and own - fit(found.order) >= limits.clear_over_orders
        and own - fit(found.other) >= limits.clear_over_names
    )


def _compare_all(found: Found, limits: WeighingLimits) -> Asking:
    """Every department, order, decoy and left-out part; the nearest rivals in their own best wording."""
    scores, wordings = found.scores, found.wordings
    orders = [replace(found.compliant, order=order) for order in wordings.orders()]
    shorts = [found.compliant.without(part) for part in wordings.template]
    yield from scores.ask(one.text for one in (*orders, *shorts))
    if DEPARTMENT in wordings.template:
        yield from _compare_names(found, wordings.others)
    best = sorted(orders, key=scores.fit, reverse=True)[:REWORDED]
    floor = max(map(scores.fit, (found.compliant, *best[:1], found.other))) - CLOSE
    reworded = []
    for one in best:
        near = scores.fit(one) >= floor
        reworded.append((yield from _reworded(one, wordings, scores, enough=limits.clear_fit)) if near else one)
    found.order = max(reworded, key=scores.fit, default=None)
    if found.order is not None and scores.fit(found.order) > scores.fit(found.compliant):
        yield from scores.ask(one.text for one in wordings.with_other_names(found.order))
    if found.other is not None and scores.fit(found.other) >= floor:
        yield from _reword_other(found)
    yield from _compare_unlikely(found, limits)


def _compare_unlikely(found: Found, limits: WeighingLimits) -> Asking:
    """What is worth its scores only in some greetings: decoys where the compliant one wins, parts left out else."""
    scores, wordings = found.scores, found.wordings
    if scores.fit(found.compliant) >= limits.whole_fit - 1 and DEPARTMENT in wordings.template:
        decoys = [found.compliant.saying(DEPARTMENT, name) for name in wordings.decoys()]
        found.decoy = (yield from scores.best(decoys)) if decoys else None
    whole = max(scores.fit(one) for one in (found.compliant, found.order, found.other))
    if whole <= limits.clear_fit - 3:
        yield from _leave_out(found, limits)


def _reword_other(found: Found) -> Asking:
    """Words the nearest other department better; the next names are compared in that wording too."""
    if found.other is None:
        return
    found.other = yield from _reworded(found.other, found.wordings, found.scores)
    rest = [found.other.saying(DEPARTMENT, one) for one in found.wordings.others[:4] if one != found.other_name]
    yield from found.scores.ask(one.text for one in rest)
    found.next_fit = max([found.next_fit, *map(found.scores.fit, rest)])


def _leave_out(found: Found, limits: WeighingLimits) -> Asking:
    """Each part left out, against the same sentence with the part put in again in its likeliest wordings.

    A sentence without a part is hardly ever less likely than with it: so only those near the best one are looked at.
    """
    wordings, scores = found.wordings, found.scores
    shorts = {part: found.compliant.without(part) for part in wordings.template}
    near = max(scores.fit(one) for one in shorts.values()) - CLOSE / 2
    for part, short in shorts.items():
        if scores.fit(short) < near:
            continue
        better = yield from _reworded(short, wordings, scores, enough=limits.no_name_fit)
        yield from _put_in(found, part, better)
    last = wordings.template[-1]
    if last in found.left_out:
        answer = yield Question(kind="go_on", sentences=(found.left_out[last][0].text,))
        found.goes_on = spoken(answer.hearings[0].text) if answer.hearings else None


def _put_in(found: Found, part: str, short: Sentence) -> Asking:
    wordings = found.wordings
    whole = replace(short, order=wordings.template)
    put_in = [whole.saying(part, text) for text in wordings.of[part][:3]]
    if part == DEPARTMENT:
        put_in = [replace(one, lead=lead) for one in put_in for lead in ("", found.compliant.lead or LEADS[1])]
        put_in += [replace(whole, lead="").saying(part, name) for name in wordings.others[:2]]
    if part == HELLO:
        moved = [order for order in wordings.orders() if order[0] == DEPARTMENT]
        put_in += [replace(whole, order=order) for order in moved]
    if part == wordings.template[-1]:
        put_in += [whole.saying(part, text) for text in SHORTEST.get(part, ())]
    if DEPARTMENT in short.order:
        yield from found.scores.ask(one.text for one in wordings.with_other_names(short))
    found.left_out[part] = (short, (yield from found.scores.best(put_in)))


def _reworded(
    sentence: Sentence, wordings: Wordings, scores: Scores, *, enough: float | None = None
) -> Generator[Question, Answer, Sentence]:
    """The same order in the wording that the sound favours, part by part; `enough` ends the search early."""
    yield from scores.ask([sentence.text])
    steps = ["separator", *reversed([part for part in sentence.order if part != DEPARTMENT])]
    steps += ["lead", "name"] if DEPARTMENT in sentence.order else []
    for step in steps:
        if enough is not None and scores.fit(sentence) >= enough:
            break
        sentence = yield from scores.best([sentence, *_varied(sentence, step, wordings)])
    return sentence


def _varied(sentence: Sentence, step: str, wordings: Wordings) -> list[Sentence]:
    if step == "separator":
        return [replace(sentence, separator=one) for one in SEPARATORS]
    if step == "lead":
        return [replace(sentence, lead=one) for one in wordings.leads()]
    if step == "name":
        own = sentence.wording[DEPARTMENT] in wordings.own
        return [sentence.saying(DEPARTMENT, one) for one in wordings.own] if own else []
    return [sentence.saying(step, one) for one in wordings.of[step]]


def _winner(found: Found) -> Sentence:
    rivals = [found.compliant, *(one for one in (found.order, found.other) if one is not None)]
    return max(rivals, key=found.scores.fit)
