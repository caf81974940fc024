"""Whatever comes in whichever order: a finding begins once and ends at most once, and a restart changes nothing."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.phones.switch import (
    A1,
    A2,
    MINUTE,
    MORNING,
    SECOND,
    Hall1,
    call,
    device,
    leg,
    lost,
    member,
    rang,
    snapshot,
)
from voicedesk.calls.model import Outcome
from voicedesk.phones.conditions import UNKNOWN, Condition
from voicedesk.phones.ledger import STANDS, Ledger, Stand, Told
from voicedesk.phones.model import FindingKind, Slot

STEPS = ("pause", "unpause", "off", "on", "dnd", "no dnd", "refuses", "rings", "wait")
step = st.tuples(st.sampled_from(STEPS), st.sampled_from([A1, A2]), st.integers(1, 15 * 60))
history = st.lists(step, max_size=40)


class World(Hall1):
    """What truly is, told as a switch would; it can be cut off and listed anew."""

    def __init__(self):
        super().__init__()
        self.us = MORNING
        self.paused, self.off, self.dnd = {}, set(), set()

    def happens(self, what: str, endpoint: str, seconds: int, *, is_told: bool = True) -> None:
        self.us += seconds * SECOND
        events, calls = [], []
        match what:
            case "pause":
                self.paused.setdefault(endpoint, self.us)
                events = [member(endpoint, self.us, paused=True)]
            case "unpause":
                self.paused.pop(endpoint, None)
                events = [member(endpoint, self.us, paused=False)]
            case "off" | "on":
                (self.off.add if what == "off" else self.off.discard)(endpoint)
                events = [device(endpoint, "UNAVAILABLE" if what == "off" else "NOT_INUSE", self.us)]
            case "dnd" | "no dnd":
                (self.dnd.add if what == "dnd" else self.dnd.discard)(endpoint)
                events = [self._dnd(endpoint)]
            case "refuses":
                calls = [call(self.us, leg(endpoint, self.us, Outcome.BUSY))]
            case "rings":
                calls = [call(self.us, rang(endpoint, self.us))]
        if is_told:
            self.tell(*events)
            self.watch.take_calls("hall", calls)

    def _dnd(self, endpoint: str):
        return device(
            f"Custom:DND{self.rules.extensions[endpoint]}", "INUSE" if endpoint in self.dnd else "NOT_INUSE", self.us
        )

    def lists(self):
        """What is there now."""
        found = []
        for endpoint in (A1, A2):
            since = self.paused.get(endpoint)
            found.append(device(endpoint, "UNAVAILABLE" if endpoint in self.off else "NOT_INUSE", self.us))
            found.append(self._dnd(endpoint))
            found.append(member(endpoint, self.us, paused=since is not None, name="QueueMember", last=since or 0))
        return snapshot(self.us, *found)

    def looks(self) -> None:
        self.look(self.us)
        standing = Counter(one.key for one in self.watch.findings())
        assert all(count == 1 for count in standing.values())

    def standing(self) -> set[str]:
        """What stands of phones; that a line is off duty is told by the clock alone."""
        return {one.id for one in self.watch.findings() if one.line is None}

    def check(self) -> None:
        begun = Counter(one.id for one in self.findings if one.to_at is None)
        over = Counter(one.id for one in self.findings if one.to_at is not None)
        assert all(count == 1 for count in (begun + Counter()).values())
        assert all(count == 1 and begun[key] == 1 for key, count in over.items())
        assert all(one.to_at >= one.from_at for one in self.findings if one.to_at is not None)
        breaks = Counter((one.id, one.to_at is None) for one in self.breaks)
        assert all(count == 1 for count in breaks.values())
        assert {one.endpoint for one in self.breaks if one.to_at is None} >= set(self.paused)


@given(history)
@settings(max_examples=60, deadline=None)
def test_every_finding_and_every_break_begins_once_and_ends_at_most_once(steps):
    world = World()
    for what, endpoint, seconds in steps:
        world.happens(what, endpoint, seconds)
        world.looks()
    world.check()


@given(history, history, st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_link_lost_or_a_restart_anywhere_begins_nothing_twice_and_loses_nothing(before, unseen, restarts):
    world = World()
    for what, endpoint, seconds in before:
        world.happens(what, endpoint, seconds)
        world.looks()
    stood = world.standing()
    if restarts:
        world.restarted()
        assert world.standing() == stood
    else:
        world.tell(lost(world.us))
    world.looks()
    for what, endpoint, seconds in unseen:
        world.happens(what, endpoint, seconds, is_told=False)
        world.looks()
    assert world.standing() == stood
    world.us += SECOND
    world.tell(*world.lists())
    world.looks()
    world.check()
    on_break = {one.endpoint for one in world.breaks} - {one.endpoint for one in world.breaks if one.to_at is not None}
    assert on_break <= set(world.paused)


@given(st.lists(step, max_size=12), st.randoms())
@settings(max_examples=60, deadline=None)
def test_events_of_two_phones_in_any_order_between_two_looks_give_the_same(steps, random):
    told = {A1: [], A2: []}
    for what, endpoint, _ in steps:
        told[endpoint].append(what)
    worlds = []
    for _ in range(2):
        world = World()
        left = {endpoint: list(whats) for endpoint, whats in told.items()}
        while any(left.values()):
            endpoint = random.choice([one for one, whats in left.items() if whats])
            world.happens(left[endpoint].pop(0), endpoint, 0)
        world.us += 40 * MINUTE
        world.looks()
        worlds.append(world)
    one, two = worlds
    assert sorted(one.found()) == sorted(two.found())
    assert sorted((each.endpoint, each.to_at is None) for each in one.breaks) == sorted(
        (each.endpoint, each.to_at is None) for each in two.breaks
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(["ripe", "holds", "other", "gone", "blind", "unknown"]), st.integers(1, 5)),
        max_size=30,
    )
)
@settings(max_examples=200, deadline=None)
def test_the_ledger_begins_and_ends_in_turn(looks):
    ledger = Ledger(lambda _key, _at: None)
    key, now, changed = (Slot.HELD, "hall", A1), 0, []
    for what, step_by in looks:
        now += step_by
        about = "second" if what == "other" else "first"
        ripe_at = now + 1 if what == "holds" else now
        condition = Condition(kind=FindingKind.LINE_HELD, since=now, ripe_at=ripe_at, evidence="", about=about)
        found = {} if what in ("gone", "blind") else {key: UNKNOWN if what == "unknown" else condition}
        changed += ledger.look(found, now, lambda _key, what=what: what == "blind")
    assert [one.to_at is None for one in changed] == [n % 2 == 0 for n in range(len(changed))]


def test_the_table_knows_every_step_but_that_nothing_is_another():
    assert {(stand, told) for stand in Stand for told in Told} - STANDS.keys() == {(Stand.CLEAR, Told.OTHER)}
