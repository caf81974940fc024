"""How far the automatic verdict and people agree (S2): precision and recall of each rule, with the counts behind them.

Only what a person decided is counted, and that is no fair sample: people look at what is in doubt.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace

from voicedesk.calls.model import Verdict
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.store.call_filter import CallFilter
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


def agreement_of(pairs: Iterable[Pair] | Mapping[Pair, int], order: Iterable[str]) -> Agreement:
    """The figures of some pairs, or of how often each pair was found; `order` is that of the verdicts."""
    known = Counter(pairs)
    told = Counter({pair: count for pair, count in known.items() if pair.human != UNTOLD})
    compared = Counter({pair: count for pair, count in told.items() if pair.automatic != UNTOLD})
    rules = [
        RuleAgreement(
            rule=rule,
            automatic=sum(count for pair, count in told.items() if pair.automatic == rule),
            human=sum(count for pair, count in told.items() if pair.human == rule),
            both=told[Pair(automatic=rule, human=rule)],
        )
        for rule in order
        if rule != UNTOLD
    ]
    return Agreement(
        compared=compared.total(),
        same=sum(count for pair, count in compared.items() if pair.automatic == pair.human),
        untold=told.total() - compared.total(),
        undecided=known.total() - told.total(),
        rules=tuple(one for one in rules if one.automatic or one.human),
    )


async def greeting_agreement(store: Store, which: GreetingFilter) -> Agreement:
    """Of the greetings that a person decided; forbidden phrases count where the person said whether one was said."""
    pairs: Counter[Pair] = Counter()
    phrases: Counter[Pair] = Counter()
    for one, count in (await store.greetings.decided(which)).items():
        pairs[Pair(automatic=one.verdict, human=one.human)] += count
        if one.human_forbidden is not None:
            automatic, human = (FORBIDDEN if said else "" for said in (one.has_forbidden, one.human_forbidden))
            phrases[Pair(automatic=automatic, human=human)] += count
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
    found = await store.calls.tally(replace(which, decided=True), ("verdict", "human_verdict"))
    pairs: Counter[Pair] = Counter()
    for (automatic, human), count in found.items():
        pairs[Pair(automatic=automatic or "", human=human or "")] += count
    return agreement_of(pairs, [one.value for one in Verdict])


async def call_agreement(store: Store, which: CallFilter) -> tuple[Agreement, Agreement]:
    """Of the calls that a person decided, and of their legs."""
    of_legs = [pair async for pair in _leg_pairs(store, which)]
    return await whole_call_agreement(store, which), agreement_of(of_legs, [one.value for one in Verdict])


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
