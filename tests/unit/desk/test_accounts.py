"""Whose a login is, and what its role lets a person see of calls."""

import pytest
from voicedesk.access.accounts import Account
from voicedesk.access.roles import Role
from voicedesk.desk.accounts import agent_of, viewer_of
from voicedesk.errors import InputError
from voicedesk.settings import Settings

SETTINGS = Settings.model_validate(
    {
        "agents": [
            {"id": "zhang", "name": "张三", "number": "0101"},
            {"id": "0102", "name": "李四"},
            {"id": "Wang", "name": "王五", "number": "0103"},
            {"id": "zhao", "name": "赵六", "number": "0103"},
        ]
    }
)


@pytest.mark.parametrize(
    ("login", "typed", "agent"),
    [
        ("0101", None, "zhang"),
        ("0102", None, "0102"),
        ("wang", None, "Wang"),
        ("0103", None, None),
        ("0999", None, None),
        ("0999", "王五", "Wang"),
        ("0101", "zhao", "zhao"),
    ],
)
def test_a_login_is_whose_number_it_is_and_two_with_one_number_are_nobody(login, typed, agent):
    assert agent_of(SETTINGS, login, typed) == agent


def test_a_name_that_nobody_has_is_refused():
    with pytest.raises(InputError, match="did you mean"):
        agent_of(SETTINGS, "0101", "zhan")


@pytest.mark.parametrize("role", Role)
def test_who_is_signed_in_looks_by_their_role_and_sees_no_whole_number(role):
    viewer = viewer_of(Account(login="0101", name="张三", role=role, agent="zhang"))
    assert (viewer.agent, viewer.roles, viewer.may_see_numbers) == ("zhang", {role}, False)
