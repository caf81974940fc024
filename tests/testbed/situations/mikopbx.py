"""MikoPBX: members are numbers in `internal`, contacts are looked up, gosubs run at every answer."""

from tests.testbed.behaviours import answers_after, rings_on
from tests.testbed.house import House, Scene
from tests.testbed.situations import common

HOUSE = House("mikopbx")
situation = HOUSE.situation

common.usual(HOUSE, behind="queue", queue="QUEUE-220{n}", pause="*52207")


@situation(
    "break",
    "the only phone is on a break: nobody answers",
    line="4008",
    queues=("QUEUE-2208",),
    phones=("1081",),
    tells="no_answer missed empty_seat by - |",
    kept=True,
)
async def queue_all_on_break(scene: Scene) -> None:
    assert await (await scene.dials("1081", "*52208")).over_within(20)
    await common.nobody_there(scene)


@situation(
    "mobile",
    "a mobile is the queue's member and answers",
    line="4009",
    queues=("QUEUE-2209",),
    tells="answered on_time - by trunk | trunk:answered:on_time",
)
async def queue_mobile_answers(scene: Scene) -> None:
    scene.set(m13900000901=answers_after(1))
    await scene.served("13900000901")


@situation(
    "mobile",
    "nobody answers in the queue; its next destination is a mobile, which answers",
    line="4010",
    queues=("QUEUE-2210",),
    phones=("1101",),
    takes=12,
    tells="answered late person by trunk | 1101:no_answer:missed trunk:answered:on_time",
    kept=True,
)
async def queue_then_mobile(scene: Scene) -> None:
    scene.set(p1101=rings_on, m13900001001=answers_after(1))
    await scene.served("13900001001")


@situation(
    "transferred",
    "queue, answered, passed on to a colleague",
    line="4011",
    queues=("QUEUE-2211",),
    phones=("1111", "1112"),
    tells="answered on_time - by 1111 | 1111:answered:on_time 1112:answered:on_time<1111",
)
async def queue_transferred(scene: Scene) -> None:
    await common.passed_on(scene, "1111", "1112")


@situation(
    "menu",
    "a menu first: the caller presses 1, waits in the queue, and is answered",
    line="4012",
    queues=("QUEUE-2212",),
    phones=("1121",),
    tells="answered on_time - by 1121 | 1121:answered:on_time",
)
async def menu_then_queue(scene: Scene) -> None:
    await common.chooses(scene, "1", "1121")
