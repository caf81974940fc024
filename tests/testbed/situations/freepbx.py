"""FreePBX: queues of numbers, ring groups, follow-me, menu and voicemail, dialled through its layers."""

import asyncio

from tests.testbed.behaviours import answers_after, answers_and_presses, is_busy, rings_on
from tests.testbed.house import House, Scene, answered
from tests.testbed.situations import common

HOUSE = House("freepbx", phones_dial_in="from-internal")
situation = HOUSE.situation


# --- queue


@situation(
    "answered",
    "queue, answered after 1 s",
    line="4001",
    queues=("301",),
    phones=("1011",),
    tells="answered on_time - by 1011 | 1011:answered:on_time",
    kept=True,
)
async def queue_answered(scene: Scene) -> None:
    await common.served(scene, "1011", after=1)


@situation(
    "late",
    "queue, answered at 16 s",
    line="4002",
    queues=("302",),
    phones=("1021",),
    limit_seconds=15,
    takes=18,
    tells="answered late person by 1021 | 1021:answered:late",
)
async def queue_late(scene: Scene) -> None:
    await common.served(scene, "1021", after=16)


@situation(
    "missed",
    "queue, the phone rings until the queue's time is over",
    line="4003",
    queues=("303",),
    phones=("1031",),
    tells="no_answer missed person by - | 1031:no_answer:missed",
)
async def queue_missed(scene: Scene) -> None:
    await common.unanswered(scene, "1031")


@situation(
    "left early",
    "queue, the caller hangs up after 1.5 s of ringing",
    line="4004",
    queues=("304",),
    phones=("1041",),
    tells="abandoned left_early - by - | 1041:cancelled:left_early",
)
async def queue_left_early(scene: Scene) -> None:
    await common.gives_up(scene, "1041", after=1.5)


@situation(
    "busy",
    "queue of one phone that talks to a caller; a second one waits 4.5 s and gives up",
    line="4005",
    queues=("305",),
    phones=("1051",),
    tells=("answered on_time - by 1051 | 1051:answered:on_time", "abandoned missed all_busy by - |"),
    kept=True,
)
async def queue_busy(scene: Scene) -> None:
    await common.second_caller_waits(scene, "1051", seconds=4.5)


@situation(
    "away",
    "queue of one phone that is not registered",
    line="4006",
    queues=("306",),
    absent=("1061",),
    tells="no_answer missed empty_seat by - |",
)
async def queue_away(scene: Scene) -> None:
    await common.nobody_there(scene)


@situation(
    "break",
    "the only phone is on a break (*46 of the house): nobody answers",
    line="4007",
    queues=("307",),
    phones=("1071",),
    tells="no_answer missed empty_seat by - |",
    kept=True,
)
async def queue_break(scene: Scene) -> None:
    assert await (await scene.dials("1071", "*46307")).over_within(20)
    await common.nobody_there(scene)


@situation(
    "break",
    "one phone is on a break, the colleague answers",
    line="4008",
    queues=("308",),
    phones=("1081", "1082"),
    tells="answered on_time - by 1082 | 1082:answered:on_time",
)
async def queue_break_colleague(scene: Scene) -> None:
    assert await (await scene.dials("1081", "*46308")).over_within(20)
    scene.set(p1081=rings_on)
    await common.served(scene, "1082", after=1)
    assert await (await scene.dials("1081", "*47308")).over_within(20)


@situation(
    "transferred",
    "queue, answered, passed on to a colleague by blind transfer",
    line="4009",
    queues=("309",),
    phones=("1091", "1092"),
    tells="answered on_time - by 1091 | 1091:answered:on_time 1092:answered:on_time<1091",
    kept=True,
)
async def queue_transferred(scene: Scene) -> None:
    await common.passed_on(scene, "1091", "1092")


@situation(
    "transferred",
    "queue, answered, passed on to a colleague after asking",
    line="4015",
    queues=("315",),
    phones=("1151", "1152"),
    tells="answered on_time - by 1151 | 1151:answered:on_time 1152:answered:on_time<1151",
)
async def queue_asked_and_transferred(scene: Scene) -> None:
    await common.asked_and_passed_on(scene, "1151", "1152")


@situation(
    "voicemail",
    "nobody answers in the queue; the caller leaves a message",
    line="4010",
    queues=("310",),
    phones=("1101",),
    takes=12,
    tells="no_answer missed person by - | 1101:no_answer:missed",
    kept=True,
)
async def queue_then_voicemail(scene: Scene) -> None:
    scene.set(p1101=rings_on)
    caller = await scene.call()
    await asyncio.sleep(9)
    await caller.hang_up()


@situation(
    "queue",
    "nobody answers in the queue; in the ring group behind it a mobile does, and presses 1",
    line="4011",
    queues=("311",),
    phones=("1111", "1291"),
    takes=14,
    tells="answered late person by trunk | 1111:no_answer:missed 1291:answered_elsewhere:not_judged "
    "trunk:answered:on_time",
    confirms=True,
    kept=True,
)
async def queue_then_group_with_a_mobile(scene: Scene) -> None:
    scene.set(p1111=rings_on, p1291=rings_on, m13900002901=answers_and_presses("1", after=1))
    await scene.served("13900002901", talks=2.5)


@situation(
    "mobile",
    "a mobile is the queue's member: it answers after 1 s",
    line="4012",
    queues=("312",),
    tells="answered on_time - by trunk | trunk:answered:on_time",
    kept=True,
)
async def queue_mobile_answers(scene: Scene) -> None:
    scene.set(m13900001201=answers_after(1))
    await scene.served("13900001201")


@situation(
    "mobile",
    "a mobile is the queue's member: it answers after 3.6 s, which is late",
    line="4013",
    queues=("313",),
    tells="answered late person by trunk | trunk:answered:late",
)
async def queue_mobile_late(scene: Scene) -> None:
    scene.set(m13900001301=answers_after(3.6))
    await scene.served("13900001301")


@situation(
    "away",
    "the only phone is set to do-not-disturb at the switch (*78): the queue does not ring it",
    line="4014",
    queues=("314",),
    phones=("1141",),
    tells="no_answer missed empty_seat by - |",
    kept=True,
)
async def queue_do_not_disturb(scene: Scene) -> None:
    assert await (await scene.dials("1141", "*78")).over_within(20)
    await common.nobody_there(scene)


@situation(
    "mobile",
    "the member forwards its calls at the switch (CF) to a mobile, which answers",
    line="4016",
    queues=("316",),
    phones=("1161",),
    tells="answered on_time - by trunk | trunk:answered:on_time",
)
async def queue_member_forwards(scene: Scene) -> None:
    await scene.stage.control.action("DBPut", Family="CF", Key="1161", Val="13900001601")
    scene.set(m13900001601=answers_after(1))
    await scene.served("13900001601")


# --- ring group


@situation(
    "answered",
    "ring group of two, the second answers",
    line="4020",
    phones=("1201", "1202"),
    tells="answered on_time - by 1202 | 1201:answered_elsewhere:not_judged 1202:answered:on_time",
)
async def group_answered(scene: Scene) -> None:
    scene.set(p1201=rings_on)
    await common.served(scene, "1202", after=1)


@situation(
    "mobile",
    "ring group with a mobile, which answers and presses 1",
    line="4021",
    phones=("1211",),
    tells="answered on_time - by trunk | 1211:answered_elsewhere:not_judged trunk:answered:on_time",
    confirms=True,
    kept=True,
)
async def group_mobile_confirms(scene: Scene) -> None:
    scene.set(p1211=rings_on, m13900002101=answers_and_presses("1", after=0.8))
    await scene.served("13900002101", talks=2.5)


@situation(
    "mobile",
    "ring group with a mobile whose voicemail lifts and presses nothing; the phone in the hall answers late",
    line="4022",
    phones=("1221",),
    tells="answered late person by 1221 | 1221:answered:late trunk:no_answer:not_judged",
    confirms=True,
    kept=True,
)
async def group_mobile_does_not_confirm(scene: Scene) -> None:
    scene.set(m13900002201=answers_after(0.8))
    await common.served(scene, "1221", after=6)


@situation(
    "late",
    "hunting group: 5 s at the first phone, then the second answers",
    line="4023",
    phones=("1231", "1232"),
    takes=11,
    tells="answered late person by 1232 | 1231:no_answer:missed 1232:answered:on_time",
)
async def group_late(scene: Scene) -> None:
    scene.set(p1231=rings_on)
    await common.served(scene, "1232", after=1)


@situation(
    "missed",
    "ring group of two, nobody answers",
    line="4024",
    phones=("1241", "1242"),
    tells="no_answer missed person by - | 1241:no_answer:missed 1242:no_answer:missed",
)
async def group_missed(scene: Scene) -> None:
    await common.unanswered(scene, "1241", "1242")


@situation(
    "left early",
    "ring group of two, the caller hangs up after 1.5 s",
    line="4025",
    also=("625",),
    phones=("1251", "1252"),
    tells="abandoned left_early - by - | 1251:cancelled:left_early 1252:cancelled:left_early",
)
async def group_left_early(scene: Scene) -> None:
    await common.gives_up(scene, "1251", "1252", after=1.5)


@situation(
    "busy",
    "ring group of two: one phone is busy (486), the other answers",
    line="4026",
    phones=("1261", "1262"),
    tells="answered on_time - by 1262 | 1261:busy:missed 1262:answered:on_time",
)
async def group_busy(scene: Scene) -> None:
    scene.set(p1261=is_busy)
    await common.served(scene, "1262", after=1)


@situation(
    "transferred",
    "ring group, answered, passed on to a colleague",
    line="4027",
    phones=("1271", "1272"),
    tells="answered on_time - by 1271 | 1271:answered:on_time 1272:answered:on_time<1271",
)
async def group_transferred(scene: Scene) -> None:
    await common.passed_on(scene, "1271", "1272")


@situation(
    "away",
    "ring group of two: one phone is not registered, the other answers",
    line="4028",
    phones=("1282",),
    absent=("1281",),
    tells="answered on_time - by 1282 | 1282:answered:on_time",
)
async def group_away(scene: Scene) -> None:
    await common.served(scene, "1282", after=1)


# --- follow-me, menu, extension, voicemail


@situation(
    "mobile",
    "follow-me: the phone rings alone, then with the mobile, which answers: late together, and nobody's fault",
    line="4030",
    phones=("1301",),
    tells="answered late routing by trunk | 1301:answered_elsewhere:not_judged 1301:no_answer:not_judged "
    "trunk:answered:on_time",
    kept=True,
)
async def follow_me(scene: Scene) -> None:
    scene.set(p1301=rings_on, m13900003001=answers_after(2))
    await scene.served("13900003001")


@situation(
    "mobile",
    "follow-me with confirmation: the mobile answers and presses 1",
    line="4031",
    phones=("1311",),
    limit_seconds=15,
    tells="answered on_time - by trunk | 1311:answered_elsewhere:not_judged 1311:no_answer:not_judged "
    "trunk:answered:on_time",
    confirms=True,
)
async def follow_me_confirmed(scene: Scene) -> None:
    scene.set(p1311=rings_on, m13900003101=answers_and_presses("1", after=1))
    await scene.served("13900003101", talks=2.5)


@situation(
    "mobile",
    "the application FollowMe: the phone, then the mobile, which answers and presses 1 to take the call",
    line="4032",
    phones=("1321",),
    limit_seconds=15,
    tells="answered on_time - by trunk | 1321:no_answer:not_judged trunk:answered:on_time",
    confirms=True,
    kept=True,
)
async def follow_me_by_application(scene: Scene) -> None:
    scene.set(p1321=rings_on, m13900003201=answers_and_presses("1", after=1, within=1.5, talks=2))
    caller = await scene.call()
    assert await caller.over_within(30)


@situation(
    "menu",
    "a menu first: the caller presses 1, waits in the queue, and is answered",
    line="4033",
    queues=("317",),
    phones=("1331",),
    tells="answered on_time - by 1331 | 1331:answered:on_time",
)
async def menu_then_queue(scene: Scene) -> None:
    await common.chooses(scene, "1", "1331")


@situation(
    "menu",
    "a menu first: the caller hangs up in it",
    line="4034",
    tells="answered not_judged ivr_only by - |",
)
async def menu_only(scene: Scene) -> None:
    caller = await scene.call()
    await answered(caller)
    await asyncio.sleep(1)
    caller.bye()


@situation(
    "answered",
    "an extension by its own number, through the layers",
    line="4035",
    phones=("1351",),
    tells="answered on_time - by 1351 | 1351:answered:on_time",
)
async def extension_answered(scene: Scene) -> None:
    await common.served(scene, "1351", after=1)


@situation(
    "voicemail",
    "an extension rings 4 s, then its voicemail takes the caller's message: no person answered",
    line="4036",
    phones=("1361",),
    tells="no_answer missed person by - | 1361:no_answer:missed",
    kept=True,
)
async def extension_then_voicemail(scene: Scene) -> None:
    scene.set(p1361=rings_on)
    caller = await scene.call()
    await answered(caller)
    await asyncio.sleep(2)
    caller.bye()


@situation(
    "busy",
    "an extension refuses at once (486)",
    line="4037",
    phones=("1371",),
    tells="busy missed empty_seat by - | 1371:busy:missed",
)
async def extension_busy(scene: Scene) -> None:
    scene.set(p1371=is_busy)
    await common.nobody_there(scene)


@situation(
    "busy",
    "an extension talks to a caller and refuses a second one",
    line="4038",
    phones=("1381",),
    tells=("answered on_time - by 1381 | 1381:answered:on_time", "busy missed all_busy by - | 1381:busy:not_judged"),
)
async def extension_talks(scene: Scene) -> None:
    await common.second_caller_waits(scene, "1381", seconds=5)
