"""kill -9 at each kind of step of a dial: the switch is asked once at most; row, attempt, ticket tell what is known."""

import pytest
from tests.testbed.dialling import Dials
from tests.testbed.forks import loaded

pytestmark = pytest.mark.timeout(600)  # dozens of lives, each a process of its own


async def test_fault_47_killed_at_every_step_of_a_dial_no_citizen_is_called_twice(tmp_path):
    dials = Dials(loaded(), tmp_path)
    await dials.begin()
    numbered = list(enumerate(dials.steps, 1))
    last_of_each_kind = {name: at for at, name in numbered}
    commits = {at + after for at, name in numbered if name == "commit" for after in (0, 1)}
    seen = {await dials.killed(at) for at in sorted(commits | set(last_of_each_kind.values()))}
    assert seen == {
        ("done", True, True),
        ("unknown", False, False),
        ("unknown", True, False),
        ("unknown", True, True),
    }, "each moment was met"
