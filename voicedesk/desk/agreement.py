"""How far the automatic verdict and people agree (S2): precision and recall of each rule, with the counts behind them.

Only what a person decided is counted, and that is no fair sample: people look at what is in doubt.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

from voicedesk.calls.model import Verdict
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.store.calls import CallFilter
from voicedesk.store.decisions import Kind, key_of
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

UNTOLD = "cannot_tell"
FORBIDDEN = "forbidden_phrase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the rules say of something, and what a person says of it."""

    automatic: str
    human: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAgreement:
    """One verdict: how often the rules gave it, how often people did, and how often both."""

    rule: str
    automatic: int
    human: int
    both: int

    @property
    def precision(self) -> float | None:
        """Of those the rules called so, the share that people call so too; None where there are none."""
        return self.both / self.automatic if self.automatic else None

    @property
    def recall(self) -> float | None:
        """Of those people call so, the share that the rules called so; None where there are none."""
        return self.both / self.human if self.human else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many were compared, how many agree; left out are those that one side (`untold`, `undecided`) cannot tell.

    An untold one that people can tell counts in the recall of what they call it. `rules` has each verdict that occurs.
    """

    compared: int
    same: int
    untold: int
    undecided: int
    rules: tuple[RuleAgreement, ...]


def agreement_of(pairs: Iterable[Pair], order: Iterable[str]) -> Agreement:
    """The figures of some pairs; `order` is that of the verdicts."""
    known = list(pairs)
    undecided = [pair for pair in known if pair.human == UNTOLD]
    told = [pair for pair in known if pair.human != UNTOLD]
    compared = [pair for pair in told if pair.automatic != UNTOLD]
    rules = [
        RuleAgreement(
            rule=rule,
            automatic=sum(pair.automatic == rule for pair in told),
            human=sum(pair.human == rule for pair in told),
            both=sum(pair.automatic == rule == pair.human for pair in told),
        )
        for rule in order
        if rule != UNTOLD
    ]
    return Agreement(
        compared=len(compared),
        same=sum(pair.automatic == pair.human for pair in compared),
        untold=len(told) - len(compared),
        undecided=len(undecided),
        rules=tuple(one for one in rules if one.automatic or one.human),
    )


async def greeting_agreement(store: Store, which: GreetingFilter) -> Agreement:
    """Of the greetings that a person decided; forbidden phrases count where the person said whether one was said."""
    pairs, phrases = [], []
    async for one in store.greetings.each(replace(which, decided=True)):
        if one.human is None or one.verdict is None or not one.is_final:
            continue
        pairs.append(Pair(automatic=one.verdict, human=one.human.verdict))
        if one.human.forbidden is not None:
            said = one.human.forbidden
            phrases.append(Pair(automatic=FORBIDDEN if one.forbidden else "", human=FORBIDDEN if said else ""))
    verdicts = agreement_of(pairs, [one.value for one in GreetingVerdict])
    spoken = agreement_of(phrases, [FORBIDDEN])
    return Agreement(
        compared=verdicts.compared,
        same=verdicts.same,
        untold=verdicts.untold,
        undecided=verdicts.undecided,
        rules=(*verdicts.rules, *spoken.rules),
    )


async def whole_call_agreement(store: Store, which: CallFilter) -> Agreement:
    """Of the calls that a person decided, without their legs."""
    return agreement_of([pair async for pair in _call_pairs(store, which)], [one.value for one in Verdict])


async def call_agreement(store: Store, which: CallFilter) -> tuple[Agreement, Agreement]:
    """Of the calls that a person decided, and of their legs."""
    of_legs = [pair async for pair in _leg_pairs(store, which)]
    return await whole_call_agreement(store, which), agreement_of(of_legs, [one.value for one in Verdict])


async def _call_pairs(store: Store, which: CallFilter) -> AsyncIterator[Pair]:
    async for one in store.calls.each(replace(which, decided=True)):
        if one.human is not None:
            yield Pair(automatic=one.verdict, human=one.human.verdict.value)


async def _leg_pairs(store: Store, which: CallFilter) -> AsyncIterator[Pair]:
    """Legs that are known by now only from another source are left out: nothing stands beside the decision."""
    decided = {
        (one.subject.call_id, one.subject.uniqueid): standing.verdict
        for one in await store.decisions.all_of(Kind.LEG)
        if (standing := one.standing.decision) is not None
    }
    if not decided:
        return
    async for one in store.calls.each(which):
        facts = one.call.facts
        for leg, judged in zip(facts.legs, one.call.judgement.legs, strict=True):
            human = decided.get((facts.id, key_of(leg)))
            if human is not None:
                yield Pair(automatic=judged.verdict.value, human=human)
