"""A small part of an accelerated day, and of an hour with bad things in it; `python -m tests.soak` runs the whole."""

import pytest
from tests.soak.bad_hour import bad_hour
from tests.soak.bad_things import Rates
from tests.soak.run import soak


@pytest.mark.timeout(600)
async def test_fault_84_a_busy_stretch_leaves_no_ghosts_and_memory_and_descriptors_stay_flat(tmp_path):
    """Real process, real database, reports beside; how fast it is, is not asked here."""
    day = await soak(tmp_path, calls=1500, calls_per_second=80, beside=True)
    assert day.told == day.stored == 1500
    assert day.ghosts == 0
    assert day.reports >= 1
    assert day.drift("rss") < 0.1  # of so short a stretch the warm-up is a part
    descriptors = day.steady("fds")
    assert max(descriptors) - min(descriptors) <= 4  # a connection of the pool and its files may come and go
    assert {sample["dropped"] + sample["distrusted"] for sample in day.samples} == {0}


@pytest.mark.timeout(600)
async def test_what_is_bad_now_and_then_costs_nothing_that_is_good(tmp_path):
    """Half a minute, more often bad than the long one: a service of its own process, switch, files and receiver."""
    rates = Rates(events=150, requests=10, files=4, posts=5)
    seen = await bad_hour(tmp_path, seconds=25, seed=1, rates=rates, faster=5, settle_seconds=30, growth=0.3)
    assert seen.wrong == []
    assert seen.figures["bad events"] > 3
    assert seen.figures["of these set aside"] > 0  # one that raises shortly after another is found by the next replay
    assert seen.figures["bad requests"] > 0
    assert seen.figures["bad answers"] > 0
