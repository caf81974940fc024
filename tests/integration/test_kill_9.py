"""kill -9 at every step and at random moments: nothing journalled is lost or doubled, work is taken up again."""

import random

import pytest
from tests.kills.lives import CALM, Lives
from tests.testbed.forks import loaded
from tests.testbed.killing import AT_ONCE, STREAM, of_each_kind

# hundreds of lives, each a process of its own, in which no coverage is measured
pytestmark = [pytest.mark.timeout(600), pytest.mark.no_cover]


@pytest.fixture(scope="module")
def context():
    return loaded()


@pytest.fixture
def lives(context, tmp_path):
    return Lives(context, tmp_path)


def test_fault_67_killed_at_every_step_of_a_start_and_of_commits(lives):
    """Every life goes on with what the one before left behind, and is killed one step later than that one."""
    lives.live(1)  # makes the database, in more steps than any other life has
    steps = lives.live(3)
    lives.ask()
    for kill_at in range(1, len(steps) + 1):
        lives.live(3, kill_at=kill_at)
        if kill_at % 6 == 0:
            lives.live(CALM)
    lives.ask()
    lives.live(3)
    assert lives.check() > 50
    assert lives.kills > 80  # the fewer statements a commit has, the fewer steps there are


def test_fault_67_killed_at_every_step_of_spilling_and_of_taking_up(lives):
    """The database refuses every other batch; the next life finds a spill file and takes it up."""
    lives.live(1)
    steps = lives.live(4, refused=frozenset({1, 2, 3}))
    for kill_at in range(1, len(steps) + 1):
        lives.live(4, kill_at=kill_at, refused=frozenset({1, 2, 3}))
        if kill_at % 6 == 0:
            lives.live(CALM)
    lives.live(3)
    assert lives.check() > 50
    assert lives.kills > 80  # the fewer statements a commit has, the fewer steps there are


def test_fault_67_killed_while_what_does_not_fit_is_set_aside(context, tmp_path):
    """A call that no database takes beside each batch, an event that nobody can take in each life."""
    lives = Lives(context, tmp_path, poison=True)
    lives.live(1)
    steps = lives.live(3)
    for kill_at in range(1, len(steps) + 1, 7):
        lives.live(3, kill_at=kill_at)
    lives.live(CALM)
    lives.check()
    assert lives.kills > 40
    assert lives.set_aside > 20


def test_fault_71_killed_at_every_kind_of_step_of_making_the_database(context, tmp_path):
    """All of it is one transaction, whose many statements of a kind leave the same behind."""
    (tmp_path / "whole").mkdir()
    steps = Lives(context, tmp_path / "whole").live(0)
    chosen = of_each_kind(steps, one_in=12)
    assert len(chosen) > 60
    for kill_at in chosen:
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        lives = Lives(context, folder)
        lives.live(1, kill_at=kill_at)
        lives.live(1)
        lives.check()


def test_fault_67_killed_at_random_moments(lives):
    chance = random.Random(67)
    lives.live(1)
    while lives.number < 100 and lives.next + 40 * AT_ONCE < STREAM:
        lives.live(30, after=chance.uniform(0.02, 0.35), refused=frozenset(chance.sample(range(30), 6)))
    lives.live(CALM)  # on a busy machine none of the others may have come far
    assert lives.check() > 10
    assert lives.kills > 20
