"""What the settings say about tickets: the line group of a call, by its line or by the phone that placed it."""

from dataclasses import replace

import pytest
from tests.unit.tickets.desk import at, call, placed
from voicedesk.calls.model import Direction
from voicedesk.hall.deadlines import group_of, group_of_line
from voicedesk.settings import Settings

START = at("2026-03-02T10:00")
LINES = [
    {"name": "社保一", "group": "社保", "extensions": ["12333"], "phones": ["PJSIP/agent1", "PJSIP/shared"]},
    {"name": "社保二", "group": "社保", "extensions": ["12334"], "phones": ["PJSIP/agent1"]},
    {"name": "医保", "extensions": ["12393"], "phones": ["PJSIP/shared"]},
]
SETTINGS = Settings.model_validate({"lines": LINES})


def test_a_line_is_found_by_its_name_and_what_no_line_is_called_is_none():
    assert SETTINGS.line("医保") is SETTINGS.lines[2]
    assert (SETTINGS.line("公积金"), SETTINGS.line(None)) == (None, None)


@pytest.mark.parametrize(
    ("line", "group"), [("社保一", "社保"), ("社保二", "社保"), ("医保", "医保"), ("公积金", "公积金")]
)
def test_a_line_without_a_group_and_one_that_left_the_settings_are_a_group_of_their_own(line, group):
    assert group_of_line(line, SETTINGS) == group
    facts = call("c1", start=START).facts
    assert group_of(replace(facts, line=line), SETTINGS) == group


@pytest.mark.parametrize(("phone", "group"), [("PJSIP/agent1", "社保"), ("PJSIP/shared", None), ("PJSIP/boss", None)])
def test_a_call_placed_by_a_phone_of_one_group_belongs_to_it_and_by_a_phone_of_two_to_none(phone, group):
    facts = placed("o1", "13812341234", start=START, answered=None, by=Direction.OUTBOUND, line=None).facts
    assert group_of(replace(facts, placed_by=phone), SETTINGS) == group
