"""Issabel: a fork of FreePBX, with agents of its call centre that sign on by their phone."""

from tests.testbed.behaviours import answers_after, rings_on
from tests.testbed.house import House, Scene
from tests.testbed.situations import common

HOUSE = House("issabel", phones_dial_in="from-internal")
situation = HOUSE.situation

common.usual(HOUSE, behind="queue", queue="20{n}", pause="*9207")


@situation(
    "answered",
    "an agent signs on to an empty queue by the phone, and answers",
    line="4008",
    queues=("208",),
    phones=("1081",),
    tells="answered on_time - by 1081 | 1081:answered:on_time",
    kept=True,
)
async def agent_signs_on(scene: Scene) -> None:
    assert await (await scene.dials("1081", "*8208")).over_within(20)
    await common.served(scene, "1081", after=1)


@situation(
    "break",
    "the only agent who signed on is on a break: nobody answers",
    line="4010",
    queues=("210",),
    phones=("1101",),
    tells="no_answer missed empty_seat by - |",
)
async def agent_on_break(scene: Scene) -> None:
    assert await (await scene.dials("1101", "*8210")).over_within(20)
    assert await (await scene.dials("1101", "*9210")).over_within(20)
    await common.nobody_there(scene)


@situation(
    "transferred",
    "queue, answered, passed on to a colleague",
    line="4009",
    queues=("209",),
    phones=("1091", "1092"),
    tells="answered on_time - by 1091 | 1091:answered:on_time 1092:answered:on_time<1091",
)
async def queue_transferred(scene: Scene) -> None:
    await common.passed_on(scene, "1091", "1092")


@situation(
    "mobile",
    "a mobile is the queue's member and answers",
    line="4011",
    queues=("211",),
    tells="answered on_time - by trunk | trunk:answered:on_time",
)
async def queue_mobile_answers(scene: Scene) -> None:
    scene.set(m13900001101=answers_after(1))
    await scene.served("13900001101")


@situation(
    "answered",
    "ring group, one Dial of both phones: the second answers",
    line="4020",
    also=("620",),
    phones=("1201", "1202"),
    tells="answered on_time - by 1202 | 1201:answered_elsewhere:not_judged 1202:answered:on_time",
)
async def group_answered(scene: Scene) -> None:
    scene.set(p1201=rings_on)
    await common.served(scene, "1202", after=1)


@situation(
    "missed",
    "ring group, nobody answers",
    line="4021",
    also=("621",),
    phones=("1211", "1212"),
    tells="no_answer missed person by - | 1211:no_answer:missed 1212:no_answer:missed",
)
async def group_missed(scene: Scene) -> None:
    await common.unanswered(scene, "1211", "1212")


@situation(
    "menu",
    "a menu first: the caller presses 1, waits in the queue, and is answered",
    line="4022",
    queues=("222",),
    phones=("1221",),
    tells="answered on_time - by 1221 | 1221:answered:on_time",
)
async def menu_then_queue(scene: Scene) -> None:
    await common.chooses(scene, "1", "1221")
