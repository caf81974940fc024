"""How often the hall may ring, to the microsecond, and which reason is given first."""

import pytest
from tests.unit.tickets.desk import DAY, HOUR, MINUTE, PLAN, at
from voicedesk.tickets.dial_rules import WHY, DialLimits, DialRules, Refusal

T = at("2026-03-02T10:00")  # a Monday
CITIZEN, ANOTHER = "13812341234", "037167891234"


def rules(**limits) -> DialRules:
    return DialRules(DialLimits(area_code="0371", **limits), PLAN)


def why_not(raw: str | None, **limits) -> Refusal | None:
    return rules(**limits).refusal(raw, "社保", T)


@pytest.mark.parametrize("number", ["110", "112", "119", "120", "122", "12110", "12395", "1 1 0", "(119)", "+86110"])
def test_an_emergency_number_is_never_dialled(number):
    assert why_not(number) is Refusal.EMERGENCY


@pytest.mark.parametrize("number", [CITIZEN, "+86 138 1234 1234", "0371-67891234", "67891234", "01067891234"])
def test_a_citizen_s_number_may_be_dialled_in_working_hours(number):
    assert why_not(number) is None


@pytest.mark.parametrize(
    "number", ["+85223456789", "0085223456789", "00 852 2345 6789", "+16502530000", "00(44)2079460000"]
)
def test_a_number_abroad_is_not_dialled(number):
    assert why_not(number) is Refusal.INTERNATIONAL


@pytest.mark.parametrize("number", [None, "", "anonymous", "<unknown>"])
def test_a_number_that_is_withheld_cannot_be_dialled(number):
    assert why_not(number) is Refusal.WITHHELD


@pytest.mark.parametrize("number", ["037160000000", "60000000", "+86 371 60000000", "960000000"])
def test_the_hall_does_not_ring_itself_however_its_number_is_spelled(number):
    assert why_not(number, own_numbers=frozenset({"0371-60000000"})) is Refusal.OWN_NUMBER
    assert why_not("60000001", own_numbers=frozenset({"0371-60000000"})) is None


@pytest.mark.parametrize(
    "number", ["95588", "9551", "95", "96096", "96", "1601234", "16012345", "1681234", "168-12345"]
)
def test_what_costs_more_than_a_call_is_not_dialled(number):
    refused = why_not(number)
    assert refused in ((Refusal.PREMIUM,) if len(number) > 2 else (Refusal.WITHHELD, Refusal.PREMIUM))


@pytest.mark.parametrize("number", ["0015012345678", "037195588", "+8637112333"])
def test_what_may_be_two_subscribers_number_is_rung_by_hand_only(number):
    assert why_not(number) is Refusal.AMBIGUOUS


@pytest.mark.parametrize("number", ["6001", "12345", "4001234567", "1064812345678", "1234567", "123456789012"])
def test_what_is_neither_a_mobile_nor_a_landline_is_not_dialled(number):
    assert why_not(number) is Refusal.NOT_A_CITIZEN_S


def test_a_number_is_rung_again_when_a_whole_day_is_over_and_not_a_moment_before():
    asked = rules(tries_a_day=1)
    asked.placed("+86 138 1234 1234", T)
    assert asked.refusal(CITIZEN, "社保", T) is Refusal.NUMBER_TRIED_ENOUGH
    assert asked.refusal(CITIZEN, "社保", T + DAY - 1) is Refusal.NUMBER_TRIED_ENOUGH
    assert asked.refusal(CITIZEN, "社保", T + DAY) is None


def test_each_try_counts_for_its_own_day():
    asked = rules(tries_a_day=2)
    asked.placed(CITIZEN, T)
    asked.placed(CITIZEN, T + HOUR)
    assert asked.refusal(CITIZEN, "社保", T + 2 * HOUR - 1) is Refusal.NUMBER_TRIED_ENOUGH
    assert asked.refusal(CITIZEN, "社保", T + DAY) is None
    asked.placed(CITIZEN, T + DAY)
    assert asked.refusal(CITIZEN, "社保", T + DAY + 1) is Refusal.NUMBER_TRIED_ENOUGH
    assert asked.refusal(CITIZEN, "社保", T + DAY + HOUR) is None


def test_tries_are_counted_for_each_number_by_itself():
    asked = rules(tries_a_day=1)
    asked.placed(CITIZEN, T)
    assert asked.refusal(ANOTHER, "社保", T + 1) is None


def test_three_tries_a_day_and_sixty_calls_an_hour_are_the_usual_limits():
    asked = rules()
    for minute in range(3):
        assert asked.refusal(CITIZEN, "社保", T + minute) is None
        asked.placed(CITIZEN, T + minute)
    assert asked.refusal(CITIZEN, "社保", T + MINUTE) is Refusal.NUMBER_TRIED_ENOUGH
    for number in range(57):
        assert asked.refusal(ANOTHER, "社保", T + MINUTE) is None
        asked.placed(f"138123400{number:02}", T + MINUTE)
    assert asked.refusal(ANOTHER, "社保", T + MINUTE) is Refusal.HALL_DIALS_ENOUGH


def test_the_hall_dials_again_when_a_whole_hour_is_over_and_not_a_moment_before():
    asked = rules(calls_an_hour=1)
    asked.placed(CITIZEN, T)
    assert asked.refusal(ANOTHER, "社保", T) is Refusal.HALL_DIALS_ENOUGH
    assert asked.refusal(ANOTHER, "社保", T + HOUR - 1) is Refusal.HALL_DIALS_ENOUGH
    assert asked.refusal(ANOTHER, "社保", T + HOUR) is None


def test_a_call_that_rang_nobody_is_not_counted():
    asked = rules(tries_a_day=1, calls_an_hour=1)
    asked.placed(CITIZEN, T)
    asked.not_rung("+86 138 1234 1234", T)
    assert asked.refusal(CITIZEN, "社保", T + 1) is None
    asked.placed(CITIZEN, T + 1)
    asked.not_rung(CITIZEN, T)
    asked.not_rung(ANOTHER, T + 1)
    assert asked.refusal(CITIZEN, "社保", T + 2) is Refusal.NUMBER_TRIED_ENOUGH
    assert asked.refusal(ANOTHER, "社保", T + 2) is Refusal.HALL_DIALS_ENOUGH


def test_nothing_is_dialled_where_dialling_is_switched_off_or_the_hall_is_closed():
    assert why_not("110", enabled=False) is Refusal.SWITCHED_OFF
    closed = rules(tries_a_day=0)
    assert closed.refusal(CITIZEN, "社保", at("2026-03-02T12:30")) is Refusal.OUT_OF_HOURS
    assert closed.refusal("110", "社保", at("2026-03-02T12:30")) is Refusal.EMERGENCY
    assert closed.refusal(CITIZEN, "社保", T) is Refusal.NUMBER_TRIED_ENOUGH


def test_every_refusal_says_why():
    assert set(WHY) == set(Refusal)
    assert all(len(text) > 20 for text in WHY.values())
