"""The calls of which captures are kept: each function places one and returns when it is over."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.testbed.behaviours import (
    answers_after,
    answers_at_once,
    forwards_to,
    in_turn,
    is_busy,
    plays_then_answers,
    rejects_after,
    rings_on,
)
from tests.testbed.call import Call
from tests.testbed.manager import ManagerConversation
from tests.testbed.stage import Stage

CITIZEN = "13900139001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A call, told in one line; `full`: a user with all rights records it too."""

    name: str
    told: str
    play: Callable[["Take"], Awaitable[None]]
    full: bool


class Take:
    """A stage with the conversation that is being recorded; a story may cut it and go on with a new one."""

    def __init__(self, stage: Stage, watcher: ManagerConversation) -> None:
        self.stage = stage
        self.watchers = [watcher]

    async def lose_link(self) -> None:
        """The watcher's link breaks."""
        await self.watchers[-1].__aexit__()

    async def link_again(self) -> None:
        """The watcher logs in again and asks what is going on, as the service does."""
        watcher = await self.stage.switch.watcher().__aenter__()
        self.watchers.append(watcher)
        for action in ("CoreStatus", "CoreSettings"):
            await watcher.action(action)
        for action in ("CoreShowChannels", "QueueStatus", "DeviceStateList"):
            await watcher.action(action, until=b"EventList: Complete")


STORIES: list[Story] = []


def story(told: str, *, full: bool = False) -> Callable[[Callable[[Take], Awaitable[None]]], None]:
    def keep(play: Callable[[Take], Awaitable[None]]) -> None:
        STORIES.append(Story(name=play.__name__, told=told, play=play, full=full))  # type: ignore[attr-defined]

    return keep


async def answered_then_over(caller: Call, *, talks: float = 1, seconds: float = 40) -> None:
    """Waits for the answer, talks, and the caller hangs up."""
    async with asyncio.timeout(seconds):
        await caller.answered.wait()
    await asyncio.sleep(talks)
    caller.bye()


def channel_of(control: ManagerConversation, endpoint: str) -> str:
    """The newest channel of a phone."""
    return re.findall(rb"^Channel: (PJSIP/%s-\S+)" % endpoint.encode(), control.data, re.MULTILINE)[-1].decode()


# --- answered or not


@story("queue, answered after 4 s", full=True)
async def queue_answered(take: Take) -> None:
    take.stage.set(agent1=answers_after(4))
    await answered_then_over(await take.stage.call_in("4001"))


@story("queue, answered at 14.9 s: just in time")
async def answered_at_14_9_s(take: Take) -> None:
    take.stage.set(agent1=answers_after(14.9))
    await answered_then_over(await take.stage.call_in("4001"))


@story("queue, answered at 15.1 s: just late")
async def answered_at_15_1_s(take: Take) -> None:
    take.stage.set(agent1=answers_after(15.1))
    await answered_then_over(await take.stage.call_in("4001"))


@story("queue, the caller gives up in the first ring")
async def abandoned_in_first_ring(take: Take) -> None:
    take.stage.set(agent1=rings_on)
    caller = await take.stage.call_in("4001")
    await asyncio.sleep(2)
    await caller.hang_up()


@story("queue, the caller gives up after 16 s of ringing")
async def abandoned_past_the_limit(take: Take) -> None:
    take.stage.set(agent1=rings_on)
    caller = await take.stage.call_in("4001")
    await asyncio.sleep(16)
    await caller.hang_up()


@story("queue of one phone rings it three times; answered in the third round")
async def queue_retries_one_phone(take: Take) -> None:
    take.stage.set(agent1=in_turn(rings_on, rings_on, answers_after(2)))
    await answered_then_over(await take.stage.call_in("4003"))


@story("queue of one phone, never answered: the queue's time is over after 15 s")
async def queue_times_out(take: Take) -> None:
    take.stage.set(agent1=rings_on)
    caller = await take.stage.call_in("4003")
    await caller.over_within(30)


# --- what a phone may say


@story("phone is busy at once (486), the colleague answers")
async def busy_then_colleague(take: Take) -> None:
    take.stage.set(agent1=is_busy, agent2=answers_after(3))
    await answered_then_over(await take.stage.call_in("4001"))


@story("phone rings 2 s, is rejected by hand (486), the colleague answers", full=True)
async def rejected_by_hand_486(take: Take) -> None:
    take.stage.set(agent1=rejects_after(2, "486 Busy Here"), agent2=answers_after(3))
    await answered_then_over(await take.stage.call_in("4001"))


@story("phone rings 2 s, is declined (603), the colleague answers")
async def declined_603(take: Take) -> None:
    take.stage.set(agent1=rejects_after(2, "603 Decline"), agent2=answers_after(3))
    await answered_then_over(await take.stage.call_in("4001"))


@story("Dial: phone rings 2 s and is rejected by hand (486)")
async def dial_rejected_by_hand_486(take: Take) -> None:
    take.stage.set(agent1=rejects_after(2, "486 Busy Here"))
    caller = await take.stage.call_in("4101")
    await caller.over_within(10)


@story("early media (183) instead of ringing, answered after 4 s")
async def early_media_183(take: Take) -> None:
    take.stage.set(agent1=plays_then_answers(4))
    await answered_then_over(await take.stage.call_in("4001"))


@story("phone answers at once (200) without ringing")
async def direct_200(take: Take) -> None:
    take.stage.set(agent1=answers_at_once())
    await answered_then_over(await take.stage.call_in("4001"))


@story("phone forwards to a colleague's number (302), who answers", full=True)
async def forward_302(take: Take) -> None:
    take.stage.set(agent1=forwards_to("6002"), agent2=answers_after(3))
    await answered_then_over(await take.stage.call_in("4001"))


@story("Dial: one phone is not registered, at the next one's address nobody listens")
async def unregistered_and_unreachable(take: Take) -> None:
    caller = await take.stage.call_in("4105")
    await caller.over_within(15)


# --- ways through the dialplan


@story("group call (ringall queue) of three phones, the second answers")
async def group_call_queue(take: Take) -> None:
    take.stage.set(agent1=rings_on, agent2=answers_after(3), agent3=rings_on)
    await answered_then_over(await take.stage.call_in("4002"))


@story("group call (one Dial) of three phones, the third answers")
async def group_call_dial(take: Take) -> None:
    take.stage.set(agent1=rings_on, agent2=rings_on, agent3=answers_after(3))
    await answered_then_over(await take.stage.call_in("4104"))


@story("queue member over Local/…/n, answered")
async def queue_member_over_local(take: Take) -> None:
    take.stage.set(agent1=answers_after(3))
    await answered_then_over(await take.stage.call_in("4004"))


@story("Dial to Local, answered")
async def dial_to_local(take: Take) -> None:
    take.stage.set(agent1=answers_after(3))
    await answered_then_over(await take.stage.call_in("4102"))


@story("hunting: three phones one Dial after another, 4 s each; the third answers after 3 s")
async def hunting_three_phones(take: Take) -> None:
    take.stage.set(agent1=rings_on, agent2=rings_on, agent3=answers_after(3))
    await answered_then_over(await take.stage.call_in("4103"))


@story("all phones of the queue are in calls; a third caller waits 6 s and gives up")
async def queue_all_busy(take: Take) -> None:
    take.stage.set(agent1=answers_after(1), agent2=answers_after(1))
    callers = []
    for n in (1, 2):
        caller = await take.stage.call_in("4001", number=f"1380013800{n}")
        async with asyncio.timeout(10):
            await caller.answered.wait()
        callers.append(caller)
    third = await take.stage.call_in("4001", number="13800138003")
    await asyncio.sleep(6)
    await third.hang_up()
    for caller in callers:
        caller.bye()


@story("first phone is paused, so the queue rings the second")
async def paused_member(take: Take) -> None:
    control = take.stage.control
    for paused in ("true", "false"):
        await control.action("QueuePause", Queue="hotline", Interface="PJSIP/agent1", Paused=paused, Reason="lunch")
        if paused == "true":
            take.stage.set(agent1=rings_on, agent2=answers_after(2))
            await answered_then_over(await take.stage.call_in("4001"))


# --- staff call


@story("staff calls staff")
async def internal_call(take: Take) -> None:
    take.stage.set(agent2=answers_after(2))
    await answered_then_over(await take.stage.phones["agent1"].dial("6002"))


@story("staff calls a citizen over the trunk")
async def outbound_call(take: Take) -> None:
    take.stage.trunk.on_invite = answers_after(3)
    await answered_then_over(await take.stage.phones["agent1"].dial(CITIZEN))


@story("callback: Originate rings staff first over Local, then the citizen; both answer", full=True)
async def callback_staff_first(take: Take) -> None:
    take.stage.set(agent1=answers_after(2))
    take.stage.trunk.on_invite = answers_after(3, talks=1)
    await _originate(take)
    call = await take.stage.call_at("agent1")
    await call.over_within(20)


@story("callback: staff does not answer")
async def callback_staff_absent(take: Take) -> None:
    take.stage.set(agent1=rings_on)
    await _originate(take, timeout_ms="4000")
    call = await take.stage.call_at("agent1")
    await call.over_within(20)


async def _originate(take: Take, timeout_ms: str = "30000") -> None:
    await take.stage.control.action(
        "Originate",
        Channel="Local/6001@phones",
        Context="callback",
        Exten=CITIZEN,
        Priority="1",
        CallerID=f"callback <{CITIZEN}>",
        Timeout=timeout_ms,
        Async="true",
        ChannelId="vd-callback-1",
        OtherChannelId="vd-callback-1b",
    )


# --- transfers and pickup


@story("blind transfer (REFER) to a colleague, who answers", full=True)
async def blind_transfer(take: Take) -> None:
    take.stage.set(agent1=answers_after(2), agent2=answers_after(3))
    caller = await take.stage.call_in("4001")
    first = await take.stage.call_at("agent1")
    await first.answered.wait()
    await asyncio.sleep(1)
    await first.transfer("6002")
    first.bye()
    second = await take.stage.call_at("agent2")
    await second.answered.wait()
    await answered_then_over(caller)


@story("blind transfer by keys (#1 and the number, RFC 4733) to a colleague, who answers")
async def blind_transfer_by_keys(take: Take) -> None:
    take.stage.set(agent1=answers_after(2), agent2=answers_after(3))
    caller = await take.stage.call_in("4001")
    first = await take.stage.call_at("agent1")
    await first.answered.wait()
    await asyncio.sleep(1)
    await first.press("#1")
    await asyncio.sleep(1)
    await first.press("6002")
    second = await take.stage.call_at("agent2")
    await second.answered.wait()
    await answered_then_over(caller)


@story("attended transfer (REFER with Replaces): hold, ask the colleague, connect", full=True)
async def attended_transfer_replaces(take: Take) -> None:
    take.stage.set(agent1=answers_after(2), agent2=answers_after(2))
    caller = await take.stage.call_in("4001")
    first = await take.stage.call_at("agent1")
    await first.answered.wait()
    await asyncio.sleep(1)
    await first.hold()
    question = await take.stage.phones["agent1"].dial("6002")
    await question.answered.wait()
    await asyncio.sleep(1)
    await first.transfer_to(question)
    first.bye()
    question.bye()
    await answered_then_over(caller)


@story("attended transfer by the manager action Atxfer")
async def attended_transfer_atxfer(take: Take) -> None:
    take.stage.set(agent1=answers_after(2), agent2=answers_after(2))
    caller = await take.stage.call_in("4001")
    first = await take.stage.call_at("agent1")
    await first.answered.wait()
    await asyncio.sleep(1)
    control = take.stage.control
    await control.action("Atxfer", Channel=channel_of(control, "agent1"), Exten="6002", Context="internal")
    second = await take.stage.call_at("agent2")
    await second.answered.wait()
    await asyncio.sleep(1)
    first.bye()
    await answered_then_over(caller)


@story("a colleague picks up a queue's ringing phone with the group code *8")
async def pickup_in_group(take: Take) -> None:
    await _picked_up(take, "4001", "*8")


@story("a colleague picks up a directly dialled phone (PickupChan)")
async def pickup_directed(take: Take) -> None:
    await _picked_up(take, "4101", "**6001")


async def _picked_up(take: Take, extension: str, code: str) -> None:
    take.stage.set(agent1=rings_on)
    caller = await take.stage.call_in(extension)
    await (await take.stage.call_at("agent1")).ringing.wait()
    await asyncio.sleep(3)
    await take.stage.phones["agent3"].dial(code)
    await answered_then_over(caller)


# --- links and switches that fail


@story("the link is lost while a phone rings and comes back before the answer")
async def link_lost_while_ringing(take: Take) -> None:
    take.stage.set(agent1=answers_after(7))
    caller = await take.stage.call_in("4001")
    await asyncio.sleep(2)
    await take.lose_link()
    await asyncio.sleep(2)
    await take.link_again()
    await answered_then_over(caller)


@story("the link is lost while a phone rings and comes back after the answer")
async def link_lost_over_the_answer(take: Take) -> None:
    take.stage.set(agent1=answers_after(4))
    caller = await take.stage.call_in("4001")
    await asyncio.sleep(2)
    await take.lose_link()
    await caller.answered.wait()
    await asyncio.sleep(2)
    await take.link_again()
    await answered_then_over(caller)


@story("the switch is stopped (core stop now) while a phone rings")
async def switch_stopped_while_ringing(take: Take) -> None:
    take.stage.set(agent1=rings_on)
    await take.stage.call_in("4001")
    await (await take.stage.call_at("agent1")).ringing.wait()
    await asyncio.sleep(2)
    await _stop(take)


@story("the switch is stopped (core stop now) while staff and caller talk")
async def switch_stopped_in_call(take: Take) -> None:
    take.stage.set(agent1=answers_after(2))
    caller = await take.stage.call_in("4001")
    await caller.answered.wait()
    await asyncio.sleep(2)
    await _stop(take)


@story("the switch is restarted while a phone rings; the watcher comes back to the new one")
async def switch_restarted_while_ringing(take: Take) -> None:
    take.stage.set(agent1=in_turn(rings_on, answers_after(3)))
    await take.stage.call_in("4001")
    await (await take.stage.call_at("agent1")).ringing.wait()
    await asyncio.sleep(2)
    await _stop(take)
    await asyncio.sleep(3)
    await take.stage.switch.start()
    await take.link_again()
    await answered_then_over(await take.stage.call_in("4001"))


async def _stop(take: Take) -> None:
    take.stage.control.send("Command", Command="core stop now")
    await take.watchers[-1].ended()
    await take.stage.switch.ended()
