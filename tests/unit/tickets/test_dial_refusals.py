"""Why a number is not dialled: each refusal has its own code and words, and each is given for its own reason."""

import pytest
from tests.unit.tickets.desk import PLAN, at
from voicedesk.tickets.dial_rules import WHY, DialLimits, DialRules, Refusal

T = at("2026-03-02T10:00")  # a Monday
CITIZEN = "13812341234"
OWN = frozenset({"0371-60000000", "12333", "not a number"})
SAID = {
    "switched_off": (CITIZEN, {"enabled": False}, "dialling is switched off ([callbacks] enabled)"),
    "withheld": ("anonymous", {}, "the number is withheld: it cannot be rung, close it with what became of it"),
    "emergency": ("110", {}, "an emergency number is never dialled"),
    "international": ("+85223456789", {}, "numbers abroad are not dialled"),
    "own_number": ("60000000", {}, "that is a number of the hall itself"),
    "premium": ("95588", {}, "a premium or service number is never dialled"),
    "ambiguous": (
        "0015012345678",
        {},
        "the number can be read as that of two subscribers: find out whose it is, and ring it by hand",
    ),
    "not_a_citizen_s": ("6001", {}, "only Chinese mobile and landline numbers are dialled"),
    "out_of_hours": (CITIZEN, {"at": at("2026-03-02T12:30")}, "it is outside the line's working hours"),
    "number_tried_enough": (
        CITIZEN,
        {"tries_a_day": 0},
        "this number was rung often enough today ([callbacks] tries_a_day)",
    ),
    "hall_dials_enough": (
        CITIZEN,
        {"calls_an_hour": 0},
        "the hall placed enough calls in this hour ([callbacks] calls_an_hour)",
    ),
}
MOBILES = {
    "13": "0123456789", "14": "579", "15": "012356789", "16": "2567", "17": "01235678", "18": "0123456789",
    "19": "012356789",
}  # fmt: skip


def refusal(raw: str | None, *, at: int = T, **limits) -> Refusal | None:
    return DialRules(DialLimits(area_code="0371", own_numbers=OWN, **limits), PLAN).refusal(raw, "社保", at)


@pytest.mark.parametrize(("code", "asked"), SAID.items(), ids=SAID)
def test_each_refusal_has_its_code_and_its_words(code, asked):
    raw, why, words = asked
    found = refusal(raw, **why)
    assert found is not None
    assert (found.value, WHY[found]) == (code, words)


def test_no_refusal_is_without_a_reason_of_its_own():
    assert refusal(CITIZEN) is None
    assert {one.value for one in Refusal} == set(SAID)
    assert {one.value: words for one, words in WHY.items()} == {code: words for code, (_, _, words) in SAID.items()}


@pytest.mark.parametrize("number", ["110", "112", "119", "120", "122", "12110", "12395"])
@pytest.mark.parametrize("spelled", ["{}", " {} ", "({})", "+86{}", "0086{}", "{0[0]}-{1}"])
def test_an_emergency_number_is_one_in_every_spelling(number, spelled):
    raw = spelled.format(number, number[1:])
    assert refusal(raw) is Refusal.EMERGENCY


@pytest.mark.parametrize("raw", ["60000000", "037160000000", "+8637160000000", "960000000", "12333", "+8612333"])
def test_a_number_of_the_hall_is_its_own_in_every_spelling(raw):
    assert refusal(raw) is Refusal.OWN_NUMBER


@pytest.mark.parametrize("third", "0123456789")
@pytest.mark.parametrize("head", MOBILES)
def test_only_the_mobiles_that_people_have_are_dialled(head, third):
    number = f"{head}{third}01234567"[:11]
    expected = third in MOBILES[head]
    assert (refusal(number) is None) is expected
    assert (refusal(f"+86{number}") is None) is expected


def test_of_the_satellites_within_134_none_is_dialled_and_the_others_are():
    assert [refusal(f"134{fourth}1234567") for fourth in "0123456789"] == [None] * 9 + [Refusal.NOT_A_CITIZEN_S]


@pytest.mark.parametrize(
    ("number", "is_premium"),
    [
        *(("1601234", True), ("16012345", True), ("160123", False), ("160123456", False), ("1681234", True)),
        *(("16012345678", True), ("16812345678", True), ("1691234", False), ("16112345678", False)),
        *(("9512", True), ("951234", True), ("95123", True), ("961", True), ("96", False), ("9612345", False)),
    ],
)
def test_what_costs_more_than_a_call_is_known_by_its_beginning_and_its_length(number, is_premium):
    assert (refusal(number) is Refusal.PREMIUM) is is_premium


@pytest.mark.parametrize("raw", ["00 852 2345 6789", "(00)85223456789", "00-852-23456789", "001234", "0099912345678"])
def test_what_begins_as_a_number_abroad_is_not_dialled(raw):
    assert refusal(raw) is Refusal.INTERNATIONAL


@pytest.mark.parametrize("raw", ["008613812341234", "0086 371 65982743", "0037165982743"])
def test_a_citizen_behind_two_zeros_is_no_stranger(raw):
    assert refusal(raw) is None
