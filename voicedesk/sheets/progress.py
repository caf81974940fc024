"""A call that goes on: what is known of it so far, in words. It is no doubt about anybody: it is not over."""

from collections.abc import Iterable

from voicedesk.calls.model import CallFacts, Direction, LegFacts, Role
from voicedesk.clock import MICROSECONDS
from voicedesk.words import Language, Said, in_one, own_language


def progress(facts: CallFacts, now: int | None = None, language: Language | None = None) -> str | None:
    """What a call is doing: talking, ringing, waiting, in the menu; None for one that is over.

    Without `now` (a recording is looked at, whose end is no "now") nothing is said of how long it takes.
    """
    if facts.ended_at is not None:
        return None
    is_chinese = (language or own_language()) is Language.CHINESE
    chinese, english, phones, since = _doing(facts)
    where = ("、" if is_chinese else ", ").join(dict.fromkeys(phones))
    lasts = "" if now is None or since is None else _lasting(max(0, now - since), is_chinese)
    if is_chinese:
        return f"{chinese}{f' {lasts}' if lasts else ''}{f'（{where}）' if where else ''}"
    return f"{english}{f' for {lasts}' if lasts else ''}{f' ({where})' if where else ''}"


def leg_progress(leg: LegFacts, language: Language | None = None) -> str | None:
    """What a leg that is not over is doing; None for one whose ringing is over."""
    if leg.outcome is not None or leg.ended_at is not None:
        return None
    words = Said("振铃中", "ringing") if leg.ringing_at is not None else Said("呼叫中", "being called")
    return in_one(words, language)


def _doing(facts: CallFacts) -> tuple[str, str, list[str], int | None]:
    """In Chinese and in English, at which phones, since when."""
    asked = [leg for leg in facts.legs if leg.role is _asked_role(facts)] or list(facts.legs)
    going_on = [leg for leg in asked if leg.ended_at is None]
    talking = [leg for leg in going_on if leg.answered_at is not None]
    rung = [leg for leg in going_on if leg.outcome is None and leg.ring_ended_at is None]
    ringing = [leg for leg in rung if leg.ringing_at is not None]
    if talking:
        return "通话", "talking", _places(talking), _first(leg.answered_at for leg in talking)
    if ringing:
        return "振铃", "ringing", _places(ringing), _first(leg.ringing_at for leg in ringing)
    if rung:
        return "呼叫话机", "calling phones", _places(rung), _first(leg.dialled_at for leg in rung)
    return _between(facts)


def _between(facts: CallFacts) -> tuple[str, str, list[str], int | None]:
    """What a call does while no phone rings or talks."""
    inbound = facts.direction is Direction.INBOUND
    stages = (
        (facts.person_answered_at, "已接听，转接或保持", "answered, transferred or on hold"),
        (None if inbound else facts.started_at, "接通中", "being put through"),
        (facts.asked_at, "等候", "waiting"),
        (facts.switch_answered_at, "自助语音", "in the voice menu"),
    )
    for since, chinese, english in stages:
        if since is not None:
            return chinese, english, [], since
    return "呼入", "coming in", [], facts.started_at


def _asked_role(facts: CallFacts) -> Role:
    """Whose phones tell how far it is: of a call to the outside, the citizen's."""
    outside = facts.direction in (Direction.OUTBOUND, Direction.CALLBACK)
    return Role.CITIZEN if outside and any(leg.role is Role.CITIZEN for leg in facts.legs) else Role.STAFF


def _places(legs: Iterable[LegFacts]) -> list[str]:
    return [leg.agent or leg.endpoint for leg in legs]


def _first(instants: Iterable[int | None]) -> int | None:
    return min((at for at in instants if at is not None), default=None)


def _lasting(us: int, is_chinese: bool) -> str:
    minutes, seconds = divmod(us // MICROSECONDS, 60)
    if minutes == 0:
        return f"{seconds} 秒" if is_chinese else f"{seconds} s"
    return f"{minutes} 分 {seconds:02d} 秒" if is_chinese else f"{minutes} min {seconds:02d} s"
