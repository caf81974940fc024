"""Which numbers are the hall's own: none of them is ever rung, and a call that shows one is no citizen's."""

import pytest
from tests.unit.tickets.desk import at
from voicedesk.hall.deadlines import dial_limits, plan_of, responsible_for
from voicedesk.hall.lines import hall_of
from voicedesk.settings import Settings
from voicedesk.tickets.dial_rules import DialRules, Refusal
from voicedesk.tickets.model import Kind

NOON = at("2026-03-02T12:00")
SETTINGS = Settings.model_validate(
    {
        "hall": {"area_code": "0371"},
        "pbx": [{"name": name, "host": "127.0.0.1", "username": "u", "secret": "s"} for name in ("main", "branch")],
        "lines": [
            {"name": "社保", "extensions": ["65510001"], "shown_number": "037165510002", "pbx": ["main"]},
            {"name": "医保", "extensions": ["65510003"], "pbx": ["branch"], "shown_number": "65510004"},
        ],
        "callbacks": {"own_numbers": ["0371-65510005"], "tries_a_day": 7, "calls_an_hour": 9},
    }
)
OWN = ("65510001", "65510002", "65510003", "65510004", "65510005")


@pytest.mark.parametrize("number", OWN)
@pytest.mark.parametrize("before", ["", "0371", "+86371", "0371-", "9"])
def test_no_number_of_the_hall_s_own_is_rung_however_the_settings_and_the_ticket_write_it(number, before):
    rules = DialRules(dial_limits(SETTINGS), plan_of(SETTINGS))
    assert rules.refusal(f"{before}{number}", "社保", NOON) is Refusal.OWN_NUMBER
    assert rules.refusal(f"{before}65510009", "社保", NOON) is None


def test_the_limits_of_dialling_are_those_of_the_settings():
    limits = dial_limits(SETTINGS)
    assert (limits.enabled, limits.tries_a_day, limits.calls_an_hour, limits.area_code) == (True, 7, 9, "0371")
    assert not dial_limits(Settings.model_validate({"callbacks": {"enabled": False}})).enabled


def test_a_call_that_shows_a_number_of_the_hall_is_known_as_its_own_on_the_switch_of_that_line():
    whole, main = hall_of(SETTINGS), hall_of(SETTINGS, "main")
    assert {f"371{number}" for number in OWN} == whole.digits
    assert {f"371{number}" for number in ("65510001", "65510002", "65510005")} == main.digits


@pytest.mark.parametrize(
    ("people", "complaint", "visit"),
    [
        ({}, None, None),
        ({"supervisor": "li"}, "li", "li"),
        ({"complaints_to": "zhao"}, "zhao", None),
        ({"supervisor": "li", "complaints_to": "zhao"}, "zhao", "li"),
    ],
)
def test_a_complaint_goes_to_the_head_of_the_unit_or_where_none_is_named_to_the_supervisor(people, complaint, visit):
    settings = Settings.model_validate({"tickets": people})
    assert responsible_for(Kind.COMPLAINT, settings) == complaint
    assert responsible_for(Kind.HOME_VISIT, settings) == visit
    assert {responsible_for(kind, settings) for kind in (Kind.CALLBACK, Kind.REFERRAL)} == {None}
