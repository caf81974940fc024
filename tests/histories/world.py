"""A history: a plan run through the simulated switch, with the truth beside it, and what the tracker made of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from tests.histories.placed import earlier
from tests.histories.plan import PHONES, DayPlan
from tests.histories.scripts import script
from tests.histories.switch import Standing, Switch
from tests.histories.truth import TrueCall
from tests.histories.wire import Said
from voicedesk.calls.model import Assignment, CallFacts, Hall, JudgedCall, Line
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import Tracker

ALL_PHONES = frozenset(f"PJSIP/{phone}" for phone in PHONES)
PEOPLE = {"PJSIP/agent1": "wang", "PJSIP/agent2": "li"}
"""Who sits where; at the other phones nobody is named."""
HALL = Hall(
    lines=(
        Line(name="hotline", extensions=frozenset({"4001"}), queues=frozenset({"hotline"})),
        Line(name="direct", extensions=frozenset({"4002"}), phones=ALL_PHONES),
        Line(name="desk", extensions=frozenset({"4003"}), queues=frozenset({"fpbx"})),
    ),
    phones=ALL_PHONES,
    assignments=tuple(Assignment(agent=agent, endpoint=endpoint) for endpoint, agent in PEOPLE.items()),
)
FIRST_BOOT, LATER_BOOT = "2027-01-15 08:00:00", "2027-01-15 09:00:00"
NOT_SEEN_BY_A_WATCHER = {"Newchannel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the switch said, what was true, and which channels stood when."""

    said: list[Said]
    calls: list[TrueCall]
    spans: list[tuple[int, int, Standing]]

    def seen(self, *, every_right: bool) -> list[Said]:
        """What a user sees who may see everything, or as little as Voicedesk needs."""
        return [said for said in self.said if every_right or said.name not in NOT_SEEN_BY_A_WATCHER]


AT_A_TIME = 7
"""After so many events what changed is taken: a store, too, takes several at a time."""
HISTORIES: Counter[str] = Counter()
"""How many histories ran."""


def run(day: DayPlan) -> History:
    """The history of a plan."""
    HISTORIES["run"] += 1
    switch = Switch(day)
    before = [(0, earlier(switch))] if day.earlier else []
    switch.run(chain(before, ((plan.start, script(switch, plan)) for plan in day.calls)))
    return History(said=switch.said, calls=switch.calls, spans=switch.spans)


def track(said: Iterable[Said]) -> tuple[dict[str, JudgedCall], Tracker]:
    """What the tracker made of it: calls by linkedid, those that joined another left out."""
    tracker = Tracker("pbx", HALL)
    latest: dict[str, CallFacts] = {}
    for n, one in enumerate(said):
        tracker.receive(one.event())
        if n % AT_A_TIME == 0:
            keep(tracker, latest)
    keep(tracker, latest)
    return by_linkedid(latest), tracker


def keep(tracker: Tracker, latest: dict[str, CallFacts]) -> None:
    """Keeps the newest facts of every call, as a store does."""
    changes = tracker.take_changes()
    latest |= {facts.id: facts for facts in changes.calls}
    for gone, _ in changes.merged:
        latest.pop(gone, None)


def by_linkedid(latest: dict[str, CallFacts]) -> dict[str, JudgedCall]:
    """Judged calls; one of an earlier boot is named with it, since ids come again."""
    found = {}
    for facts in latest.values():
        key = facts.linkedids[0]
        found[key if facts.boot in (None, FIRST_BOOT) else f"{facts.boot} {key}"] = judged(facts)
    return found


def judged(facts: CallFacts) -> JudgedCall:
    return JudgedCall(facts=facts, judgement=judge(facts))
