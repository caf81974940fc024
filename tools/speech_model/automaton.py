"""A weighted automaton as plain data, so that grammars can be built and tested without a library."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NOTHING = 0


class Arc(NamedTuple):
    """From one state to another: takes `input`, gives `output` (0 is nothing), costs a negative natural log."""

    source: int
    input: int
    output: int
    cost: float
    target: int


@dataclass(slots=True)
class Automaton:
    """States are numbers from 0, where it starts; `finals` are those where it may end, with what ending costs."""

    states: int = 1
    arcs: list[Arc] = field(default_factory=list)
    finals: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        """A new state."""
        self.states += 1
        return self.states - 1

    def add(self, source: int, input_: int, output: int, cost: float, target: int) -> None:
        """A new arc."""
        self.arcs.append(Arc(source, input_, output, cost, target))

    def cost(self, inputs: Sequence[int], free: frozenset[int] = frozenset((NOTHING,))) -> float | None:
        """The least cost of taking `inputs`, or None if they cannot be taken; arcs labelled `free` take nothing."""
        out: dict[int, list[Arc]] = defaultdict(list)
        for arc in self.arcs:
            out[arc.source].append(arc)
        waiting, done = [(0.0, 0, 0)], set()
        while waiting:
            cost, state, taken = heapq.heappop(waiting)
            if state < 0:
                return cost
            if (state, taken) in done:
                continue
            done.add((state, taken))
            if taken == len(inputs) and state in self.finals:
                heapq.heappush(waiting, (cost + self.finals[state], -1, taken))
            for arc in out[state]:
                if arc.input in free:
                    heapq.heappush(waiting, (cost + arc.cost, arc.target, taken))
                elif taken < len(inputs) and arc.input == inputs[taken]:
                    heapq.heappush(waiting, (cost + arc.cost, arc.target, taken + 1))
        return None
