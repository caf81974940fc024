"""Compares the sentences that may have been said, and asks for their scores as it goes.

It knows no engine: it yields questions and is sent their answers, so a worker process, a file or a test can answer. A
greeting that clearly is compliant costs some ten sentences; doubt costs more, up to the budget. A sentence is asked for
only where the decision (`deciding`) can depend on it: each costs as much as a third of a free hearing.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import replace

from voicedesk.greeting.model import DepartmentNames, Doubt
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules
from voicedesk.greeting.weighing.brushed_off import find_brush_off
from voicedesk.greeting.weighing.deciding import decide, depends_on_what_is_left_out, looks_left_out
from voicedesk.greeting.weighing.found import Found
from voicedesk.greeting.weighing.model import Weighed, WeighingLimits
from voicedesk.greeting.weighing.scores import Asking, Scores
from voicedesk.greeting.weighing.sentences import HELLO, LEADS, MOST_NAMES, SEPARATORS, Sentence, Wordings
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.speech.fits import Answer, FreeHearing, Question
from voicedesk.speech.written import is_invented, simplified

Weighing = Generator[Question, Answer, Weighed]
CLOSE = 20.0
"""Another sentence is worth wording better while it is at most so far below the best one, in nats."""
RIVAL_CLOSE = 10.0
"""The same where it can accuse nobody, and is only to show that the compliant one leads."""
MOST_GAIN = 11.0
"""A sentence that lacks more than this to `order_fit` does not reach it in other words. Seen on 110 greetings: other
words gain up to 15 nats, and none that was worse than -21 came so far."""
WELL_ABOVE = 5.0
"""An order that fits so much better than it must needs no other order beside it: the verdict would be the same."""
HOPELESS = -20.0
"""A first guess that fits worse is not worded better before the speech was heard a second time: it would be in vain."""
NEAREST_NAMES = 2
"""So many other departments are enough to see whether the comparison can end early: those that sound most alike."""
FEWEST_SYLLABLES = 4
"""Fewer syllables are no greeting and prove no violation: a lone “您好” or “喂” goes to a person."""
WORDED_WELL = -4.0
"""A wording that fits so well is good enough: no better one is looked for."""
REWORDED = 2
"""So many of the best other orders are worded better: with only the best one, the evidence may be another's."""
SHORTEST = {"matter": ("请讲", "您需要什么帮助")}
"""A part's shortest wordings: they cost least where it was not said, and so accuse least."""
FEWEST_BESIDES_HELLO = 2
"""The same for a hello that is said again: “您好您好” proves no more than one."""
_LONE_HELLO = re.compile(r"[您你]好|喂")
_LATIN = re.compile(r"[A-Za-z]")
MOST_LATIN = 6


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
    found = yield from _guessed((names, rules, template), scores, first)
    is_near = scores.fit(found.compliant) > HOPELESS
    if is_near:
        yield from _compare(found)
    if not is_near or not _is_clear(found, limits):
        plain = (yield Question(kind="hear_plainly")).hearings
        found = yield from _guessed((names, rules, template), scores, first, plain)
        yield from _compare(found)
        if not _is_clear(found, limits):
            yield from _compare_all(found, limits)
    found.brushed = yield from find_brush_off(found.heard, _winner(found), rules, scores)
    return decide(found, limits)


def _is_speech(hearings: Sequence[FreeHearing]) -> bool:
    """Whether the model heard a greeting's worth of Chinese, and did not invent it."""
    best = hearings[0]
    said = spoken(best.text)
    if len(said) < FEWEST_SYLLABLES or len(_LONE_HELLO.sub("", said)) < FEWEST_BESIDES_HELLO:
        return False
    if len(_LATIN.findall(best.text)) > MOST_LATIN:
        return False
    return not is_invented(best)


def _texts(hearings: Sequence[FreeHearing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.text.strip() for one in hearings[:1]))


def _guessed(
    asked: tuple[DepartmentNames, GreetingRules, tuple[str, ...]],
    scores: Scores,
    first: Sequence[FreeHearing],
    plain: Sequence[FreeHearing] = (),
) -> Generator[Question, Answer, Found]:
    """The compliant sentence that is nearest to what was heard, and how well it fits."""
    tops = [one[0].text.strip() for one in (first, plain) if one]
    free = list(dict.fromkeys(simplified(text) for text in tops))
    said = [spoken(one.text) for one in (*first[:1], *plain[:1], *first[1:2], *plain[1:2])]
    wordings = Wordings(*asked, said)
    separator = next((one for one in SEPARATORS if one in free[0]), "")
    guess = replace(wordings.first_guess(), separator=separator)
    yield from scores.ask([*free, guess.text])
    scores.free = max(scores.of(text).total for text in free)
    return Found(wordings=wordings, scores=scores, heard=tuple(said[: 2 if plain else 1]), compliant=guess)


def _compare(found: Found) -> Asking:
    """The compliant sentence in its best wording, against the nearest other orders and departments."""
    scores, wordings = found.scores, found.wordings
    found.compliant = yield from _reworded(found.compliant, wordings, scores, enough=WORDED_WELL)
    orders = [replace(found.compliant, order=order) for order in wordings.neighbours()]
    found.order = (yield from scores.best(orders)) if orders else None
    if DEPARTMENT in wordings.template:
        yield from _compare_names(found, wordings.others[:NEAREST_NAMES])


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
    accuses = scores.fit(found.compliant) <= limits.compliant_fit
    orders = [replace(found.compliant, order=order) for order in wordings.orders()]
    yield from scores.ask(one.text for one in orders)
    if DEPARTMENT in wordings.template:
        yield from _compare_names(found, wordings.others if accuses else wordings.others[:MOST_NAMES])
    rivals = [*sorted(orders, key=scores.fit, reverse=True)[:REWORDED], *([found.other] if found.other else [])]
    close = CLOSE if accuses else RIVAL_CLOSE
    best = max(map(scores.fit, (found.compliant, *rivals)))
    found.order = max(orders, key=scores.fit, default=None)
    is_ordered = False
    for rival in sorted(rivals, key=scores.fit, reverse=True):
        if scores.fit(rival) < max(best - close, limits.order_fit - MOST_GAIN):
            break
        if rival is found.other:
            better = yield from _reword_other(found, rival)
        elif not is_ordered:
            better = yield from _reworded(rival, wordings, scores, enough=limits.clear_fit)
            found.order = max((found.order or better, better), key=scores.fit)
            is_ordered = scores.fit(better) >= limits.order_fit + WELL_ABOVE
        best = max(best, scores.fit(found.order), scores.fit(found.other))
    if found.order is not None and scores.fit(found.order) > scores.fit(found.compliant):
        yield from scores.ask(one.text for one in wordings.with_other_names(found.order))
    yield from _compare_unlikely(found, limits)


def _compare_unlikely(found: Found, limits: WeighingLimits) -> Asking:
    """What is worth its scores only in some greetings: decoys where the compliant one wins, parts left out else."""
    scores, wordings = found.scores, found.wordings
    if scores.fit(found.compliant) >= limits.whole_fit - 1 and DEPARTMENT in wordings.template:
        decoys = [found.compliant.saying(DEPARTMENT, name) for name in wordings.decoys()]
        found.decoy = (yield from scores.best(decoys)) if decoys else None
    if depends_on_what_is_left_out(found, limits):
        yield from _leave_out(found, limits)


def _reword_other(found: Found, other: Sentence) -> Generator[Question, Answer, Sentence]:
    """The nearest other department in its best wording; the next names are compared in that wording too."""
    found.other = other = yield from _reworded(other, found.wordings, found.scores, enough=WORDED_WELL)
    rest = [other.saying(DEPARTMENT, one) for one in found.wordings.others[:MOST_NAMES] if one != found.other_name]
    yield from found.scores.ask(one.text for one in rest)
    found.next_fit = max([found.next_fit, *map(found.scores.fit, rest)])
    return other


def _leave_out(found: Found, limits: WeighingLimits) -> Asking:
    """Each part left out, against the same sentence with the part put in again in its likeliest wordings.

    A sentence without a part is hardly ever less likely than with it: so only those near the best one are looked at.
    """
    wordings, scores = found.wordings, found.scores
    shorts = {part: found.compliant.without(part) for part in wordings.template}
    yield from scores.ask(one.text for one in shorts.values())
    near = max(scores.fit(one) for one in shorts.values()) - CLOSE / 2
    for part, short in shorts.items():
        if scores.fit(short) < near:
            continue
        better = yield from _reworded(short, wordings, scores, enough=limits.no_name_fit)
        yield from _put_in(found, part, better)
        if part != DEPARTMENT and DEPARTMENT in better.order and looks_left_out(found, part, limits):
            yield from scores.ask(one.text for one in wordings.with_other_names(better))
    last = wordings.template[-1]
    if looks_left_out(found, last, limits):
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
    found.left_out[part] = (short, (yield from found.scores.best(put_in)))


def _reworded(
    sentence: Sentence, wordings: Wordings, scores: Scores, *, enough: float | None = None
) -> Generator[Question, Answer, Sentence]:
    """The same order in the wording that the sound favours, part by part; `enough` ends the search early."""
    yield from scores.ask([sentence.text])
    steps = [*reversed([part for part in sentence.order if part != DEPARTMENT])]
    steps += ["lead", "name"] if DEPARTMENT in sentence.order else []
    steps.append("separator")
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
