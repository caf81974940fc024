"""Which numbers may be rung at all: the code and the dialplan say the same, and nobody is rung by mistake."""

import re
from itertools import product
from pathlib import Path

import pytest
from tests.unit.tickets.desk import PLAN
from voicedesk.discovery.dialplan import matches
from voicedesk.phone_numbers import _lengths, is_landline, normalise
from voicedesk.tickets.dial_rules import DialLimits, DialRules, Refusal

CONF = Path(__file__).parents[3] / "dialplans" / "voicedesk-callback.conf"
CITIZENS = CONF.read_text(encoding="utf-8").partition("[voicedesk-callback]")[2].partition("\n[")[0]
PATTERNS = re.findall(r"^exten => (_\S+),1,", CITIZENS, flags=re.MULTILINE)
AREAS = [f"0{area}" for area in ("10", *range(20, 30), *range(300, 1000)) if _lengths(str(area))]
SHORT = ("12345", "96096", "12333", "10086", "95588", "110", "1258", "118114")


def why_not(raw: str, area_code: str = "") -> Refusal | None:
    rules = DialRules(DialLimits(area_code=area_code), PLAN)
    return rules._by_number(raw, normalise(raw, area_code))


def rings(number: str) -> bool:
    return any(matches(pattern, number) for pattern in PATTERNS)


def test_a_short_number_behind_any_area_code_is_rung_by_nobody():
    assert len(AREAS) > 300
    for area, short in product(AREAS, SHORT):
        digits = area[1:]
        spelled = (area + short, f"0{area}{short}", f"9{area}{short}", f"+86{digits}{short}", f"0086{digits}{short}",
                   f"{area}-{short}", f"({area}){short}", f"+86 {digits} {short}", f"+86{area}{short}")  # fmt: skip
        dialled = [raw for raw in spelled if why_not(raw, area) is None]
        assert not dialled, (area, dialled)


@pytest.mark.parametrize("area", ["010", "021", "0310", "0371", "0451", "0595", "0668", "0755", "0898", "0930", "0991"])
def test_a_short_number_behind_another_s_area_code_is_rung_by_nobody(area):
    for home, short in product(("010", "0371", "0930"), SHORT):
        spelled = (area + short, f"0{area}{short}", f"9{area}{short}", f"+86{area[1:]}{short}", f"{area} {short}")
        assert [raw for raw in spelled if why_not(raw, home) is None] == [], (home, area, short)


@pytest.mark.parametrize("short", [*SHORT, "0371-12345", "+86 371 12345", "0086-371-12333", "9037112345", "0037112345"])
def test_a_short_number_is_never_another_s_landline(short):
    assert not is_landline(normalise(short, "0371"))


@pytest.mark.parametrize("home", ["010", "0371", "0930", ""])
def test_behind_the_country_s_code_no_outside_prefix_is_taken_off(home):
    for national in ("93012345", "93096096", "90930123", "037112345"):
        assert why_not(f"+86{national}", home) is not None
        assert why_not(f"0086{national}", home) is not None


@pytest.mark.parametrize("rest", ["0000000", "1234567", "9999999"])
def test_of_every_beginning_of_a_mobile_code_and_dialplan_say_the_same(rest):
    for head in range(1000, 2000):
        number = f"{head}{rest}"
        assert (why_not(number) is None) is rings(number), number


def test_of_every_area_code_and_dialplan_say_the_same():
    """The dialplan knows no lengths of an area: what it would let through beside them is not asked of it."""
    for head, first, length in product(range(1000), "0123456789", (7, 8)):
        number = f"0{head}{first}{'1' * (length - 1)}"
        if why_not(number) is None:
            assert rings(str(normalise(number))), number
    for area, first in product(AREAS, "0123456789"):
        for length in _lengths(area[1:]):
            number = f"{area}{first}{'1' * (length - 1)}"
            assert rings(number) is (why_not(number) is None), number


@pytest.mark.parametrize(
    "number",
    ["13491234567", "17401234567", "17406123456", "14123456789", "14412345678", "14612345678", "14812345678"],
)
def test_satellites_and_things_are_not_rung(number):
    assert why_not(number) is Refusal.NOT_A_CITIZEN_S
    assert why_not(f"+86{number}") is not None


@pytest.mark.parametrize("number", ["16812345678", "16012345678", "1681234", "96012", "95588", "+8616812345678"])
def test_what_costs_more_is_not_rung(number):
    assert why_not(number) is Refusal.PREMIUM
    assert not rings(number.removeprefix("+86"))


@pytest.mark.parametrize(
    ("number", "may"),
    [("12812341234", False), ("10912341234", False), ("01011234567", False), ("01091234567", False),
     ("01061234567", True), ("037161234567", True), ("037111234567", False), ("037191234567", False),
     ("13812341234", True), ("19912341234", True), ("1381234123", False), ("138123412345", False)],
)  # fmt: skip
def test_only_what_a_citizen_can_have_is_rung(number, may):
    assert (why_not(number, "0371") is None) is may
