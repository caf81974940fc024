"""Decides what was said from the scores of the sentences, and whether that is sure (S2: nobody is accused on doubt)."""

from voicedesk.greeting.model import Doubt
from voicedesk.greeting.rules import DEPARTMENT
from voicedesk.greeting.weighing.found import Found
from voicedesk.greeting.weighing.model import Compared, Kind, Weighed, WeighingLimits
from voicedesk.greeting.weighing.sentences import HELLO, LEADS, Sentence
from voicedesk.greeting.weighing.sounds import alike, nearest

EXPLAINED = 0.7
NAME_EXPLAINED = 0.5
LEAST_UNEXPLAINED = 2
"""At least so many syllables together that no part explains may be the missing part itself."""
FOREIGN = 3
"""With fewer syllables than this nobody is accused."""


def decide(found: Found, limits: WeighingLimits) -> Weighed:
    """What was said: surely, or with the reason why not."""
    kind, sentence, missing = _kind(found, limits)
    brushed = found.brushed
    forbidden = (brushed.phrase,) if brushed and brushed.is_sure and kind is not None else ()
    doubtful = (brushed.phrase,) if brushed and not forbidden else ()
    sentence = _by_rules(found, sentence)
    text = sentence.text + (sentence.separator + brushed.said if brushed and forbidden else "")
    return Weighed(
        kind=kind,
        sentence=text,
        reason=None if kind else Doubt.NOT_UNDERSTOOD,
        missing=missing,
        forbidden=forbidden,
        doubtful=doubtful,
        compared=_compared(found),
        heard=found.heard,
        asked=found.scores.asked,
    )


def depends_on_what_is_left_out(found: Found, limits: WeighingLimits) -> bool:
    """Whether sentences without a part can still change what is decided; else they need not be scored."""
    own = found.scores.fit(found.compliant)
    if own >= limits.compliant_fit or _is_another(found, limits) is not None:
        return False
    return own >= limits.whole_fit or max(_rivals(found)) <= limits.rival_fit


def looks_left_out(found: Found, part: str, limits: WeighingLimits) -> bool:
    """Whether by the scores alone a part was not said: the rest fits well, and the part put in does not."""
    fit, cost = _costs(found, part)
    if part == DEPARTMENT:
        plain = fit >= limits.no_name_fit and cost <= limits.no_name_cost
        return plain or (fit >= limits.no_name_poor_fit and cost <= limits.no_name_dear_cost)
    if part == HELLO:
        return fit >= limits.no_hello_fit and cost <= limits.no_hello_cost
    return fit >= limits.no_matter_fit and cost <= limits.no_matter_cost


def _by_rules(found: Found, sentence: Sentence) -> Sentence:
    """The sentence in the rules' nearest wording where a part is written as it was heard: the rules judge that."""
    for part in sentence.order:
        if sentence.wording[part] in found.wordings.as_heard:
            sentence = sentence.saying(part, found.wordings.of[part][0])
    return sentence


def _kind(found: Found, limits: WeighingLimits) -> tuple[Kind | None, Sentence, tuple[str, ...]]:
    own = found.compliant
    if _is_compliant(found, limits):
        return Kind.COMPLIANT, own, ()
    if max(map(len, found.heard), default=0) < FOREIGN or found.scores.is_cut:
        return None, own, ()
    if (another := _is_another(found, limits)) is not None:
        return *another, ()
    missing = _left_out(found, limits)
    if len(missing) == 1:
        short = found.left_out[missing[0]][0]
        if _is_sound(found, short, limits):
            return Kind.LEFT_OUT, short, missing
    return None, own, ()


def _is_another(found: Found, limits: WeighingLimits) -> tuple[Kind, Sentence] | None:
    """The sentence with another department or in another order that surely was said."""
    if found.other is not None and _is_other(found, limits) and _is_sound(found, found.other, limits):
        return Kind.OTHER_DEPARTMENT, found.other
    if found.order is not None and _is_order(found, limits) and _is_sound(found, found.order, limits):
        return Kind.OTHER_ORDER, found.order
    return None


def _costs(found: Found, part: str) -> tuple[float, float]:
    """How well the sentence without a part fits, and what putting it in again costs."""
    if part not in found.left_out:
        return -999.0, 0.0
    short, whole = found.left_out[part]
    return found.scores.fit(short), found.scores.fit(whole) - found.scores.fit(short)


def _maybe_left_out(found: Found, limits: WeighingLimits) -> bool:
    for part in found.left_out:
        least = limits.maybe_no_name if part == DEPARTMENT else limits.maybe_no_hello
        least = limits.maybe_no_matter if part not in (DEPARTMENT, HELLO) else least
        if _costs(found, part)[1] < least:
            return True
    return False


def _is_compliant(found: Found, limits: WeighingLimits) -> bool:
    fit = found.scores.fit
    own = fit(found.compliant)
    doubtful = _maybe_left_out(found, limits) or not _is_hello_heard(found)
    least = limits.compliant_fit if doubtful else limits.whole_fit
    return (
        own >= least
        and own - fit(found.other) >= limits.over_names
        and own - fit(found.order) >= limits.over_orders
        and own - fit(found.decoy) >= limits.over_decoys
    )


def _is_other(found: Found, limits: WeighingLimits) -> bool:
    fit = found.scores.fit
    other = fit(found.other)
    return (
        fit(found.compliant) <= limits.poor_fit
        and other >= limits.other_fit
        and other - fit(found.compliant) >= limits.other_lead
        and other - found.next_fit >= limits.next_lead
        and other - fit(found.order) >= limits.over_orders
    )


def _is_order(found: Found, limits: WeighingLimits) -> bool:
    fit = found.scores.fit
    order = fit(found.order)
    return (
        fit(found.compliant) <= limits.compliant_fit
        and order >= limits.order_fit
        and order - fit(found.compliant) >= limits.order_lead
        and order - fit(found.other) >= limits.over_orders
        and _name_leads(found, found.order, limits)
        and _is_hello_heard(found)
    )


def _name_leads(found: Found, sentence: Sentence | None, limits: WeighingLimits) -> bool:
    """Whether the own name leads in this very sentence; not where the budget ended before that was known."""
    if sentence is None or DEPARTMENT not in sentence.order:
        return sentence is not None
    others = [one.text for one in found.wordings.with_other_names(sentence)]
    known = found.scores.known()
    own = found.scores.of(sentence.text).total
    return all(text in known and own - known[text].total >= limits.over_names for text in others)


def _is_hello_heard(found: Found) -> bool:
    """Whether a hello was heard at all: a sentence with shorter words may make room for one that was not said."""
    hello = found.compliant.wording.get(HELLO)
    return hello is None or any(alike("您好", text) >= EXPLAINED for text in found.heard)


def _is_sound(found: Found, sentence: Sentence, limits: WeighingLimits) -> bool:
    """Whether the accusing sentence itself was surely said: no token without probability, no part without length."""
    fit = found.scores.of(sentence.text)
    return fit.least >= limits.least_probability and fit.flat <= limits.most_flat


def _left_out(found: Found, limits: WeighingLimits) -> tuple[str, ...]:
    """The parts that surely were not said: the rest fits, the part put in does not, and nothing could be it."""
    if found.scores.fit(found.compliant) > limits.poor_fit or max(_rivals(found)) > limits.rival_fit:
        return ()
    return tuple(part for part in found.left_out if _is_left_out(found, part, limits))


def _rivals(found: Found) -> list[float]:
    """How well the whole sentences fit that were perhaps said; without a hello no order of all parts is among them."""
    fit = found.scores.fit
    return [fit(found.other), *([fit(found.order)] if _is_hello_heard(found) else [])]


def _is_left_out(found: Found, part: str, limits: WeighingLimits) -> bool:
    if not looks_left_out(found, part, limits) or _could_be(found, part):
        return False
    if part == DEPARTMENT:
        return True
    if not _name_leads(found, found.left_out[part][0], limits):
        return False
    if part == HELLO:
        return not any(alike("您好", text) >= 0.85 for text in found.heard)
    return not found.goes_on


def _could_be(found: Found, missing: str) -> bool:
    """Whether something was heard that no other part explains: it could be the missing one."""
    short = found.left_out[missing][0]
    known: list[tuple[str, float]] = [(one, EXPLAINED) for one in (*LEADS[1:], "喂", "上午好", "您好")]
    known += [(short.wording[part], NAME_EXPLAINED if part == DEPARTMENT else 0.6) for part in short.order]
    if found.brushed is not None:
        known.append((found.brushed.phrase, EXPLAINED))
    if missing == HELLO:
        known = [one for one in known if one[0] not in ("上午好", "您好")]
    return any(unexplained(text, known) >= LEAST_UNEXPLAINED for text in found.heard)


def unexplained(text: str, parts: list[tuple[str, float]]) -> int:
    """The most syllables that stand together and that none of the parts, each as alike as it must be, explains."""
    for part, least in sorted(parts, key=lambda one: -len(one[0])):
        while (place := nearest(part, text)).alike >= least and "〇" not in text[place.first : place.last]:
            text = text[: place.first] + "〇" * (place.last - place.first) + text[place.last :]
    return max(map(len, text.split("〇")))


def _compared(found: Found) -> tuple[Compared, ...]:
    """What a person may read of the comparison, the best first."""
    listed = {"compliant": found.compliant, "other order": found.order, "other department": found.other}
    listed |= {"name that nobody has": found.decoy}
    listed |= {f"without {part}": short for part, (short, _whole) in found.left_out.items()}
    told = [
        Compared(stands_for=what, sentence=one.text, fit=round(found.scores.fit(one), 1))
        for what, one in listed.items()
        if one is not None
    ]
    return tuple(sorted(told, key=lambda one: one.fit, reverse=True))
