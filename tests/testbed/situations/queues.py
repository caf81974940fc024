"""What app_queue can do: announcements, wrap-up, penalties, exit keys, phones that talk, callers turned away."""

import asyncio

from tests.testbed.behaviours import answers_after, in_turn, is_busy, rings_on
from tests.testbed.house import House, Scene, answered
from tests.testbed.situations import common

HOUSE = House("queues")
situation = HOUSE.situation


@situation(
    "queue",
    "the switch answers first, and callers hear an announcement every second while the phone rings",
    line="4001",
    queues=("q01",),
    phones=("1011",),
    tells="answered on_time - by 1011 | 1011:answered:on_time",
)
async def announcements(scene: Scene) -> None:
    await common.served(scene, "1011", after=2.2)


@situation(
    "answered",
    "whoever lifts the handset waits 2 s before the caller is there (memberdelay)",
    line="4002",
    queues=("q02",),
    phones=("1021",),
    limit_seconds=15,
    confirms=True,
    tells="answered on_time - by 1021 | 1021:answered:on_time",
    kept=True,
)
async def member_delay(scene: Scene) -> None:
    await common.served(scene, "1021", after=1, talks=3)


@situation(
    "left early",
    "the caller hangs up while the phone, already lifted, still waits for the caller (memberdelay)",
    line="4003",
    queues=("q03",),
    phones=("1031",),
    tells="abandoned left_early - by - | 1031:no_answer:not_judged",
    confirms=True,
    kept=True,
)
async def leaves_in_the_member_delay(scene: Scene) -> None:
    await common.served(scene, "1031", after=0.7, talks=1)


@situation(
    "answered",
    "the phone hears an announcement before the caller is there (announce)",
    line="4031",
    queues=("q31",),
    phones=("1311",),
    limit_seconds=15,
    confirms=True,
    tells="answered on_time - by 1311 | 1311:answered:on_time",
)
async def member_announcement(scene: Scene) -> None:
    await common.served(scene, "1311", after=1, talks=1.5)


@situation(
    "queue",
    "after a call the phone has 3 s of wrap-up; the next caller waits, the phone rings and is answered",
    line="4004",
    queues=("q04",),
    phones=("1041",),
    takes=12,
    tells=(
        "answered on_time - by 1041 | 1041:answered:on_time",
        "answered on_time - by 1041 | 1041:answered:on_time",
    ),
)
async def wrap_up(scene: Scene) -> None:
    await common.served(scene, "1041", after=0.5)
    caller = await scene.call()
    await answered(caller)
    await asyncio.sleep(0.5)
    caller.bye()


@situation(
    "missed",
    "the next caller gives up in the wrap-up: nobody was rung, though the phone was free",
    line="4005",
    queues=("q05",),
    phones=("1051",),
    takes=12,
    tells=("answered on_time - by 1051 | 1051:answered:on_time", "abandoned missed routing by - |"),
    kept=True,
)
async def leaves_in_the_wrap_up(scene: Scene) -> None:
    await common.served(scene, "1051", after=0.5)
    caller = await scene.call()
    await asyncio.sleep(4)
    await caller.hang_up()


@situation(
    "queue",
    "members with penalties: the second one rings only when the first one talks",
    line="4006",
    queues=("q06",),
    phones=("1061", "1062"),
    tells=(
        "answered on_time - by 1061 | 1061:answered:on_time",
        "answered on_time - by 1062 | 1062:answered:on_time",
    ),
)
async def penalties(scene: Scene) -> None:
    scene.set(p1061=answers_after(0.5), p1062=answers_after(1))
    first = await scene.call()
    await scene.answered_by("1061")
    await asyncio.sleep(0.5)
    await scene.served("1062")
    first.bye()


@situation(
    "busy",
    "the queue rings a phone that talks to a caller (ringinuse); the second caller gives up past the limit",
    line="4007",
    queues=("q07",),
    phones=("1071",),
    tells=(
        "answered on_time - by 1071 | 1071:answered:on_time",
        "abandoned missed all_busy by - | 1071:cancelled:not_judged",
    ),
    kept=True,
)
async def rings_in_use(scene: Scene) -> None:
    scene.set(p1071=in_turn(answers_after(0.5), rings_on))
    first = await scene.call()
    await scene.answered_by("1071")
    await asyncio.sleep(0.5)
    second = await scene.call()
    await asyncio.sleep(4)
    await second.hang_up()
    first.bye()


@situation(
    "answered",
    "a caller without a number, answered by the switch first",
    line="4008",
    queues=("q08",),
    phones=("1081",),
    tells="answered on_time - by 1081 | 1081:answered:on_time",
)
async def without_a_number(scene: Scene) -> None:
    scene.set(p1081=answers_after(1))
    await scene.served("1081", number=common.NOBODY)


@situation(
    "left early",
    "a caller without a number gives up",
    line="4009",
    queues=("q09",),
    phones=("1091",),
    tells="abandoned left_early - by - | 1091:cancelled:left_early",
)
async def without_a_number_left(scene: Scene) -> None:
    scene.set(p1091=rings_on)
    caller = await scene.call(number=common.NOBODY)
    await (await scene.phone_call("1091")).ringing.wait()
    await asyncio.sleep(1.5)
    await caller.hang_up()


@situation(
    "transferred",
    "answered, passed on into another queue, whose phone answers",
    line="4010",
    queues=("q10",),
    phones=("1101", "1102"),
    tells="answered on_time - by 1101 | 1101:answered:on_time 1102:answered:on_time<1101",
    kept=True,
)
async def into_another_queue(scene: Scene) -> None:
    await common.passed_on(scene, "1101", "1102", number="4090")


@situation(
    "queue",
    "the caller presses 0 in the queue, is led out of it, and another phone answers",
    line="4011",
    queues=("q11",),
    phones=("1111", "1112"),
    limit_seconds=15,
    tells="answered on_time - by 1112 | 1111:no_answer:not_judged 1112:answered:on_time",
    kept=True,
)
async def exit_key(scene: Scene) -> None:
    scene.set(p1111=rings_on, p1112=answers_after(1))
    caller = await scene.call()
    await answered(caller)
    await (await scene.phone_call("1111")).ringing.wait()
    await asyncio.sleep(1)
    await caller.press("0")
    await scene.answered_by("1112")
    await asyncio.sleep(0.6)
    caller.bye()


@situation(
    "left early",
    "the queue's time is over, another phone is dialled, and the caller gives up while it rings",
    line="4012",
    queues=("q12",),
    phones=("1121", "1122"),
    limit_seconds=15,
    takes=11,
    tells="abandoned left_early - by - | 1121:no_answer:not_judged 1122:cancelled:left_early",
)
async def leaves_after_the_queue(scene: Scene) -> None:
    scene.set(p1121=rings_on, p1122=rings_on)
    caller = await scene.call()
    await (await scene.phone_call("1122")).ringing.wait()
    await asyncio.sleep(1.5)
    await caller.hang_up()


@situation(
    "break",
    "the only phone is paused by the manager interface: nobody answers",
    line="4013",
    queues=("q13",),
    phones=("1131",),
    tells="no_answer missed empty_seat by - |",
)
async def paused(scene: Scene) -> None:
    control = scene.stage.control
    await control.action("QueuePause", Queue="q13", Interface="PJSIP/1131", Paused="true", Reason="lunch")
    await common.nobody_there(scene)


@situation(
    "break",
    "one phone is paused, the colleague answers",
    line="4014",
    queues=("q14",),
    phones=("1141", "1142"),
    tells="answered on_time - by 1142 | 1142:answered:on_time",
)
async def paused_and_a_colleague(scene: Scene) -> None:
    control = scene.stage.control
    await control.action("QueuePause", Queue="q14", Interface="PJSIP/1141", Paused="true", Reason="lunch")
    scene.set(p1141=rings_on)
    await common.served(scene, "1142", after=1)


@situation(
    "busy",
    "the phone is busy (486) when it is first dialled, and answers when the queue tries again",
    line="4015",
    queues=("q15",),
    phones=("1151",),
    tells="answered on_time - by 1151 | 1151:answered:on_time 1151:busy:missed",
)
async def busy_then_answers(scene: Scene) -> None:
    scene.set(p1151=in_turn(is_busy, answers_after(1)))
    await scene.served("1151")


@situation(
    "busy",
    "the only phone talks to a caller; a second one waits 4.5 s and gives up",
    line="4016",
    queues=("q16",),
    phones=("1161",),
    tells=("answered on_time - by 1161 | 1161:answered:on_time", "abandoned missed all_busy by - |"),
)
async def all_talk(scene: Scene) -> None:
    await common.second_caller_waits(scene, "1161", seconds=4.5)


@situation(
    "away",
    "the only phone is not registered",
    line="4017",
    queues=("q17",),
    absent=("1171",),
    tells="no_answer missed empty_seat by - |",
    kept=True,
)
async def away(scene: Scene) -> None:
    await common.nobody_there(scene)


@situation(
    "left early",
    "the caller hangs up after 1.5 s of ringing",
    line="4018",
    queues=("q18",),
    phones=("1181",),
    tells="abandoned left_early - by - | 1181:cancelled:left_early",
)
async def left_early(scene: Scene) -> None:
    await common.gives_up(scene, "1181", after=1.5)


@situation(
    "late",
    "answered at 16 s",
    line="4019",
    queues=("q19",),
    phones=("1191",),
    limit_seconds=15,
    takes=18,
    tells="answered late person by 1191 | 1191:answered:late",
)
async def late(scene: Scene) -> None:
    await common.served(scene, "1191", after=16)


@situation(
    "missed",
    "the phone rings until the queue's time is over",
    line="4020",
    queues=("q20",),
    phones=("1201",),
    tells="no_answer missed person by - | 1201:no_answer:missed",
)
async def missed(scene: Scene) -> None:
    await common.unanswered(scene, "1201")


@situation(
    "transferred",
    "answered, a colleague is asked, and then has the caller",
    line="4021",
    queues=("q21",),
    phones=("1211", "1212"),
    tells="answered on_time - by 1211 | 1211:answered:on_time 1212:answered:on_time<1211",
)
async def asked_and_transferred(scene: Scene) -> None:
    await common.asked_and_passed_on(scene, "1211", "1212")


@situation(
    "queue",
    "nobody has signed on; a phone does while the caller waits, rings and is answered",
    line="4022",
    queues=("q22",),
    phones=("1221",),
    tells="answered on_time - by 1221 | 1221:answered:on_time",
)
async def signs_on_meanwhile(scene: Scene) -> None:
    scene.set(p1221=answers_after(1))
    caller = await scene.call()
    await asyncio.sleep(1.5)
    assert await (await scene.dials("1221", "*522")).over_within(20)
    await scene.answered_by("1221")
    await asyncio.sleep(0.6)
    caller.bye()


@situation(
    "away",
    "a queue that lets nobody in while no phone can answer (joinempty): the caller is turned away",
    line="4023",
    queues=("q23",),
    absent=("1231",),
    tells="no_answer missed empty_seat by - |",
)
async def turned_away(scene: Scene) -> None:
    await common.nobody_there(scene)


@situation(
    "break",
    "a phone that let it ring is paused by the switch itself (autopause); the next caller finds nobody",
    line="4024",
    queues=("q24",),
    phones=("1241",),
    takes=14,
    tells=("no_answer missed person by - | 1241:no_answer:missed", "no_answer missed empty_seat by - |"),
)
async def paused_by_the_switch(scene: Scene) -> None:
    await common.unanswered(scene, "1241")
    await common.nobody_there(scene)


@situation(
    "late",
    "one phone after another, 2 s each: late together, and no single phone's fault",
    line="4025",
    queues=("q25",),
    phones=("1251", "1252"),
    takes=11,
    tells="answered late routing by 1252 | 1251:no_answer:not_judged 1252:answered:on_time",
)
async def one_after_another(scene: Scene) -> None:
    scene.set(p1251=rings_on, p1252=answers_after(1.2))
    await scene.served("1252")
