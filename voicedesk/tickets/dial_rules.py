"""Decides which numbers the hall may ring, and when: an allow-list. Every refusal says why; no other code decides on a
number."""

import re
from bisect import bisect_right
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.clock import MICROSECONDS
from voicedesk.phone_numbers import is_ambiguous, is_landline, is_mobile, normalise
from voicedesk.tickets.plan import HOUR_US, Plan

_EMERGENCY = frozenset({"110", "112", "119", "120", "122", "12110", "12395"})
_PREMIUM = re.compile(r"16[08][0-9]{4,5}|9[56][0-9]{1,4}")
_PREMIUM_ELEVEN = re.compile(r"16[08][0-9]{8}")
_PERSONAL = re.compile(
    r"1(?:3(?:[0-35-9][0-9]|4[0-8])|4[579][0-9]|[59][0-35-9][0-9]|6[25-7][0-9]|7[0-35-8][0-9]|8[0-9]{2})[0-9]{7}"
)
"""The mobiles that people have. Not satellites (1349, 174), things (140-144, 146, 148), premium services (160, 168),
nor ranges given to nobody. The patterns of dialplans/voicedesk-callback.conf say the same; a test compares them."""
_DAY_US = 24 * 3600 * MICROSECONDS


class Refusal(StrEnum):
    """Why a number is not dialled, in the order in which it is asked."""

    SWITCHED_OFF = "switched_off"
    WITHHELD = "withheld"
    EMERGENCY = "emergency"
    INTERNATIONAL = "international"
    OWN_NUMBER = "own_number"
    PREMIUM = "premium"
    AMBIGUOUS = "ambiguous"
    NOT_A_CITIZEN_S = "not_a_citizen_s"
    OUT_OF_HOURS = "out_of_hours"
    NUMBER_TRIED_ENOUGH = "number_tried_enough"
    HALL_DIALS_ENOUGH = "hall_dials_enough"


WHY: dict[Refusal, str] = {
    Refusal.SWITCHED_OFF: "dialling is switched off ([callbacks] enabled)",
    Refusal.WITHHELD: "the number is withheld: it cannot be rung, close it with what became of it",
    Refusal.EMERGENCY: "an emergency number is never dialled",
    Refusal.INTERNATIONAL: "numbers abroad are not dialled",
    Refusal.OWN_NUMBER: "that is a number of the hall itself",
    Refusal.PREMIUM: "a premium or service number is never dialled",
    Refusal.AMBIGUOUS: "the number can be read as that of two subscribers: find out whose it is, and ring it by hand",
    Refusal.NOT_A_CITIZEN_S: "only Chinese mobile and landline numbers are dialled",
    Refusal.OUT_OF_HOURS: "it is outside the line's working hours",
    Refusal.NUMBER_TRIED_ENOUGH: "this number was rung often enough today ([callbacks] tries_a_day)",
    Refusal.HALL_DIALS_ENOUGH: "the hall placed enough calls in this hour ([callbacks] calls_an_hour)",
}
"""Each refusal as a person reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialLimits:
    """The hall's limits. `own_numbers` are its lines as callers dial them; `enabled` False stops all dialling."""

    enabled: bool = True
    tries_a_day: int = 3
    calls_an_hour: int = 60
    own_numbers: frozenset[str] = frozenset()
    area_code: str = ""


class DialRules:
    """Asked before each call that the hall places, told of each one placed; any 24 hours and any hour are counted."""

    def __init__(self, limits: DialLimits, plan: Plan) -> None:
        self._limits = limits
        self._plan = plan
        self._own = {normalise(number, limits.area_code) for number in limits.own_numbers} - {None}
        self._placed: deque[tuple[int, str]] = deque()
        self._tries: Counter[str] = Counter()

    def refusal(self, raw: str | None, group: str, at: int) -> Refusal | None:
        """Why this number must not be dialled now for this line group; None: it may be."""
        if not self._limits.enabled:
            return Refusal.SWITCHED_OFF
        number = normalise(raw, self._limits.area_code)
        return self._by_number(raw, number) or self._by_time(str(number), group, at)

    def placed(self, raw: str, at: int) -> None:
        """Counts a call that was placed (also one whose fate is unknown); instants do not go back."""
        number = str(normalise(raw, self._limits.area_code))
        self._placed.append((at, number))
        self._tries[number] += 1

    def not_rung(self, raw: str, at: int) -> None:
        """Takes back a call that was counted at `at` and surely rang no citizen; one that is not counted is ignored."""
        one = (at, str(normalise(raw, self._limits.area_code)))
        if one in self._placed:
            self._placed.remove(one)
            self._tries[one[1]] -= 1

    def _by_number(self, raw: str | None, number: str | None) -> Refusal | None:
        text = re.sub(r"[\s()-]", "", raw or "")
        doubtful = is_ambiguous(raw, self._limits.area_code)
        foreign = text.startswith("00") and not doubtful and not _is_citizen_s(number)
        reasons = (
            (text in _EMERGENCY or number in _EMERGENCY, Refusal.EMERGENCY),
            (foreign or (number or "").startswith("+"), Refusal.INTERNATIONAL),
            (number is None, Refusal.WITHHELD),
            (number in self._own, Refusal.OWN_NUMBER),
            (_is_premium(text) or _is_premium(number or ""), Refusal.PREMIUM),
            (doubtful, Refusal.AMBIGUOUS),
            (not _is_citizen_s(number), Refusal.NOT_A_CITIZEN_S),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def _by_time(self, number: str, group: str, at: int) -> Refusal | None:
        if not self._plan.is_working(group, at):
            return Refusal.OUT_OF_HOURS
        while self._placed and self._placed[0][0] <= at - _DAY_US:
            self._tries[self._placed.popleft()[1]] -= 1
        if self._tries[number] >= self._limits.tries_a_day:
            return Refusal.NUMBER_TRIED_ENOUGH
        in_the_hour = len(self._placed) - bisect_right(self._placed, at - HOUR_US, key=_when)
        return Refusal.HALL_DIALS_ENOUGH if in_the_hour >= self._limits.calls_an_hour else None


def _when(placed: tuple[int, str]) -> int:
    return placed[0]


def _is_premium(number: str) -> bool:
    return _PREMIUM.fullmatch(number) is not None or _PREMIUM_ELEVEN.fullmatch(number) is not None


def _is_citizen_s(number: str | None) -> bool:
    return (is_mobile(number) and _PERSONAL.fullmatch(number or "") is not None) or is_landline(number)
