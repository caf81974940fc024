"""Phones of equal names on two PBXs: each break and finding is its own house's, whatever another house's link does."""

from dataclasses import replace

from tests.unit.phones.switch import A1, A2, MINUTE, MORNING, listed, lost, member, rules, snapshot
from voicedesk.calls.model import Assignment, Hall, Line
from voicedesk.phones.model import FindingKind
from voicedesk.phones.watch import PhoneWatch


def two_houses() -> PhoneWatch:
    both = rules(duty={"社保": (), "分厅": ()})
    phones = frozenset({A1, A2})

    def house(line: str, agent: str, extension: str):
        hall = Hall(
            lines=(Line(name=line, queues=frozenset({"hotline"}), phones=phones),),
            phones=phones,
            assignments=(Assignment(agent=agent, endpoint=A1),),
        )
        return replace(both, hall=hall, extensions={A1: extension})

    houses = {"main": house("社保", "wang", "6001"), "branch": house("分厅", "li", "7001")}
    whole = replace(both.hall, lines=tuple(one.hall.lines[0] for one in houses.values()), assignments=())
    watch = PhoneWatch(["main", "branch"], replace(both, hall=whole, houses=houses))
    for pbx in ("main", "branch"):
        watch.receive(pbx, snapshot(MORNING, *listed(MORNING)))
    watch.look(MORNING)
    return watch


def test_a_break_is_that_of_who_sits_at_the_phone_of_this_house() -> None:
    watch = two_houses()
    watch.receive("branch", [member(A1, MORNING + MINUTE, paused=True, reason="午餐")])
    (begun,) = watch.look(MORNING + MINUTE).breaks
    assert (begun.pbx, begun.endpoint, begun.agent) == ("branch", A1, "li")
    assert [phone.is_on_break for _, phone in watch.find(A1)] == [False, True]
    assert [switch.pbx for switch, _ in watch.find(A1, ("main",))] == ["main"]


def test_the_last_free_phone_of_a_house_is_the_last_whatever_the_other_house_has_free() -> None:
    watch = two_houses()
    watch.receive("branch", [member(A1, MORNING + MINUTE, paused=True)])
    watch.look(MORNING + MINUTE)
    assert watch.left_without("branch", A2, MORNING + MINUTE) == ["分厅"]
    assert watch.left_without("main", A2, MORNING + MINUTE) == []


def test_that_nobody_is_free_in_a_house_is_told_also_while_another_house_s_switch_is_out_of_reach() -> None:
    watch = two_houses()
    watch.receive("branch", [lost(MORNING + MINUTE)])
    watch.receive("main", [member(phone, MORNING + MINUTE, paused=True) for phone in (A1, A2)])
    watch.look(MORNING + MINUTE)
    found = watch.look(MORNING + 2 * MINUTE).findings
    assert [(one.kind, one.line) for one in found] == [(FindingKind.NOBODY_FREE, "社保")]
    assert (watch.is_deserted("社保"), watch.is_deserted("分厅")) == (True, False)
