"""What each role may do: the table of docs/access.md is the table of the code, cell by cell."""

import re
from pathlib import Path

import pytest
from voicedesk.access.roles import RIGHTS, Act, Reach, Role, Thing, may, needs_second_factor, reach, widest

PAPER = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
_REACHES = {"—": Reach.NONE, "own": Reach.OWN, "all": Reach.EVERY}


def told() -> dict[tuple[Thing, Act, Role], Reach]:
    """The table of the paper."""
    found = {}
    for line in PAPER.splitlines():
        row = re.match(r"^\| `(\w+)` \| `(\w+)` \| .+ \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", line)
        if row:
            for role, cell in zip(Role, row.groups()[2:], strict=True):
                found[Thing(row[1]), Act(row[2]), role] = _REACHES[cell]
    return found


TOLD = told()


@pytest.mark.parametrize("thing", Thing)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_paper_says_and_nothing_else(role, act, thing):
    assert reach(role, act, thing) is TOLD.get((thing, act, role), Reach.NONE)


def test_the_paper_tells_of_each_right_once():
    assert {(thing, act) for thing, act, _ in TOLD} == set(RIGHTS)


@pytest.mark.parametrize("role", Role)
def test_what_is_a_person_s_own_is_told_from_what_is_not(role):
    assert may(role, Act.SEE, Thing.CALL, is_own=True) is (role is not Role.AUDITOR)
    assert may(role, Act.SEE, Thing.CALL, is_own=False) is (role in {Role.SUPERVISOR, Role.ADMINISTRATOR})


def test_nobody_changes_the_audit_log():
    assert [role for role in Role if may(role, Act.CHANGE, Thing.AUDIT, is_own=True)] == []


def test_who_audits_changes_nothing_and_sees_nothing_of_single_calls_and_citizens():
    rights = {(thing, act) for thing in Thing for act in Act if reach(Role.AUDITOR, act, thing) is not Reach.NONE}
    both = {Thing.FIGURES, Thing.LEDGER, Thing.AUDIT}
    assert {thing for thing, act in rights if act is Act.EXPORT} == both
    assert {thing for thing, act in rights if act is Act.SEE} == both | {Thing.SHEET, Thing.NOTICE}
    assert not {act for _, act in rights} & {Act.CHANGE}


def test_of_several_roles_the_widest_counts():
    assert widest({Role.STAFF, Role.AUDITOR}, Act.SEE, Thing.CALL) is Reach.OWN
    assert widest({Role.STAFF, Role.SUPERVISOR}, Act.SEE, Thing.CALL) is Reach.EVERY
    assert widest((), Act.SEE, Thing.NOTICE) is Reach.NONE


def test_who_administers_hears_no_citizen_and_sees_no_whole_number():
    for thing in (Thing.RECORDING, Thing.NUMBER):
        assert not may(Role.ADMINISTRATOR, Act.SEE, thing, is_own=True)


def test_nobody_decides_their_own_appeal_by_their_role_alone():
    """A supervisor decides all but what concerns them: the store refuses that (`Decisions.add`)."""
    assert reach(Role.STAFF, Act.CHANGE, Thing.VERDICT) is Reach.NONE


def test_all_but_staff_need_a_second_factor():
    assert [role for role in Role if needs_second_factor(role)] == [
        Role.SUPERVISOR,
        Role.ADMINISTRATOR,
        Role.AUDITOR,
    ]
