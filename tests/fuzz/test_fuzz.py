"""A bounded run of what `python -m tests.fuzz` does at length: the same inputs each time."""

import logging
import resource
from random import Random

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.damage import ABSURD, damaged
from tests.fuzz.run import failure, fuzzed
from tests.fuzz.target import Target, TooMuchWork, tried
from tests.fuzz.targets import TARGETS
from voicedesk.errors import InputError

EXAMPLES = 12
SLOW = {"ami": 30, "ami_good": 40, "catalogue": 8}
MOST_MEGABYTES = 400


@pytest.fixture(autouse=True)
def _quiet():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("target", TARGETS, ids=lambda one: one.name)
def test_nothing_but_the_errors_it_names_comes_out_of_a_border(target):
    """Fixed inputs of the long run, and hypothesis's own search, which shows the smallest input where one is wrong."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def searched(rng):
        tried(target, target.make(rng))

    for number in range(SLOW.get(target.name, 30)):
        tried(target, target.make(Random(f"suite {target.name} {number}")))
    if target.name not in SLOW:
        searched()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEGABYTES * 1024


def test_the_same_seed_makes_the_same_inputs():
    for target in TARGETS:
        assert target.make(Random("a")) == target.make(Random("a"))


def test_damage_reaches_every_absurd_value():
    seen = {damaged(Random(n), b"1", most=1) for n in range(20_000)}
    assert sum(value in seen for value in ABSURD) > len(ABSURD) * 0.9


def _bad(data: bytes) -> None:
    if b"x" in data:
        raise ValueError("a mistake")
    if b"f" in data:
        raise InputError("this is foreseen")
    while b"loop" in data:
        len(data)


BAD = Target(name="bad", make=lambda rng: rng.choice((b"abcdxefg", b"abc", b"f")), run=_bad, allowed=(InputError,))


def test_what_is_not_foreseen_is_found_once_with_the_smallest_input_and_counted():
    told: list[str] = []
    report = fuzzed([BAD], 60, 1, told.append)
    (found,) = report.findings.values()
    assert (found.data, found.target) == (b"x", "bad")
    assert found.count > 5
    assert report.inputs == {"bad": 60}


def test_what_never_ends_is_found_by_its_steps():
    assert isinstance(failure(BAD, b"loop"), TooMuchWork)
