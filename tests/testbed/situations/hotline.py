"""A hotline that dials: no queue, or one that fails over; parking, conference, forwarding, refusals."""

import asyncio

from tests.testbed.behaviours import (
    answers_after,
    forwards_to,
    plays_then_answers,
    refuses,
    rings_on,
)
from tests.testbed.call import Call
from tests.testbed.house import House, Scene, answered
from tests.testbed.situations import common

HOUSE = House("hotline")
situation = HOUSE.situation

common.usual(HOUSE, behind="dial", queue=None)


@situation(
    "queue",
    "a queue fails over to a ring group and then to a mobile, which answers",
    line="4008",
    queues=("fails-over-4008",),
    phones=("1081", "1082", "1083"),
    takes=14,
    tells="answered late person by trunk | 1081:no_answer:missed 1082:no_answer:missed 1083:no_answer:missed "
    "trunk:answered:on_time",
)
async def fails_over_to_a_mobile(scene: Scene) -> None:
    scene.set(p1081=rings_on, p1082=rings_on, p1083=rings_on, m13900000008=answers_after(1))
    await scene.served("13900000008")


@situation(
    "left early",
    "a queue fails over to a ring group; the caller hangs up while it rings",
    line="4009",
    queues=("fails-over-4009",),
    phones=("1091", "1092", "1093"),
    limit_seconds=15,
    tells="abandoned left_early - by - | 1091:no_answer:not_judged 1092:cancelled:left_early 1093:cancelled:left_early",
    kept=True,
)
async def fails_over_and_the_caller_leaves(scene: Scene) -> None:
    scene.set(p1091=rings_on, p1092=rings_on, p1093=rings_on)
    caller = await scene.call()
    await (await scene.phone_call("1092")).ringing.wait()
    await asyncio.sleep(1)
    await caller.hang_up()


@situation(
    "missed",
    "a queue fails over to a ring group and then to a mobile; nobody answers anywhere",
    line="4010",
    queues=("fails-over-4010",),
    phones=("1101", "1102", "1103"),
    takes=14,
    tells="no_answer missed person by - | 1101:no_answer:missed 1102:no_answer:missed 1103:no_answer:missed "
    "trunk:no_answer:missed",
)
async def fails_over_in_vain(scene: Scene) -> None:
    scene.set(p1101=rings_on, p1102=rings_on, p1103=rings_on, m13900000010=rings_on)
    await common.nobody_there(scene)


# --- a call that stands is passed on


@situation(
    "transferred",
    "answered, parked (blind transfer to 730), taken back by a colleague who dials the place",
    line="4011",
    phones=("1111", "1112"),
    tells="answered on_time - by 1111 | 1111:answered:on_time 1112:answered:not_judged",
)
async def parked_and_taken(scene: Scene) -> None:
    caller = await parked(scene, "1111", "730", place="731")
    await answered(await scene.dials("1112", "731"))
    await asyncio.sleep(1)
    caller.bye()


async def parked(scene: Scene, phone: str, lot: str, *, place: str) -> Call:
    """A phone answers a caller and parks them; returns once the switch has them in that place."""
    scene.set(**{f"p{phone}": answers_after(1)})
    begun = scene.now()
    caller = await scene.call()
    talk = await scene.answered_by(phone)
    await asyncio.sleep(0.5)
    await talk.transfer(lot)
    talk.bye()
    await scene.seen(f"ParkingSpace: {place}", begun)
    await asyncio.sleep(0.5)
    return caller


@situation(
    "transferred",
    "answered, parked, and the caller hangs up in the parking place",
    line="4012",
    phones=("1121",),
    tells="answered on_time - by 1121 | 1121:answered:on_time",
)
async def parked_and_left(scene: Scene) -> None:
    caller = await parked(scene, "1121", "740", place="741")
    caller.bye()


@situation(
    "transferred",
    "answered, parked, not taken in time: the phone that parked the caller rings again and answers",
    line="4013",
    phones=("1131",),
    tells="answered on_time - by 1131 | 1131:answered:on_time 1131:answered:on_time<1131",
    kept=True,
)
async def parked_and_back(scene: Scene) -> None:
    scene.set(p1131=answers_after(1))
    caller = await scene.call()
    talk = await scene.answered_by("1131")
    await asyncio.sleep(0.5)
    await talk.transfer("750")
    talk.bye()
    again = await scene.phone_call("1131", 1)
    await again.answered.wait()
    await asyncio.sleep(0.6)
    caller.bye()


@situation(
    "transferred",
    "answered, passed on into a conference, which the phone and a colleague join",
    line="4014",
    phones=("1141", "1142"),
    tells="answered on_time - by 1141 | 1141:answered:not_judged 1141:answered:on_time 1142:answered:not_judged",
    kept=True,
)
async def conference(scene: Scene) -> None:
    scene.set(p1141=answers_after(1))
    caller = await scene.call()
    talk = await scene.answered_by("1141")
    await asyncio.sleep(0.5)
    begun = scene.now()
    await talk.transfer("8014")
    talk.bye()
    await scene.dials("1141", "8014")
    await scene.dials("1142", "8014")
    await scene.seen("Event: ConfbridgeJoin", begun, times=3)
    await asyncio.sleep(1)
    caller.bye()


@situation(
    "transferred",
    "the phone rings on, a colleague takes the call over (pick-up)",
    line="4028",
    phones=("1281", "1282"),
    tells="answered on_time - by 1282 | 1281:answered_elsewhere:not_judged 1282:answered:not_judged",
)
async def picked_up(scene: Scene) -> None:
    scene.set(p1281=rings_on)
    caller = await scene.call()
    await (await scene.phone_call("1281")).ringing.wait()
    await asyncio.sleep(1)
    taken = await scene.dials("1282", "**1281")
    await taken.answered.wait()
    await asyncio.sleep(0.6)
    caller.bye()


# --- phones


@situation(
    "late",
    "a phone with two contacts: both ring 3.6 s, one is answered: late once",
    line="4015",
    phones=("1151",),
    doubled=("1151",),
    tells="answered late person by 1151 | 1151:answered:late 1151:answered_elsewhere:not_judged",
    kept=True,
)
async def two_contacts(scene: Scene) -> None:
    scene.set(p1151=rings_on, p1151b=answers_after(3.6))
    await scene.served("1151b")


@situation(
    "away",
    "do-not-disturb by 480: the first phone never rings, the second answers in time",
    line="4016",
    phones=("1161", "1162"),
    tells="answered on_time - by 1162 | 1161:unreachable:missed 1162:answered:on_time",
    kept=True,
)
async def refuses_by_480(scene: Scene) -> None:
    scene.set(p1161=refuses("480 Temporarily Unavailable"))
    await common.served(scene, "1162", after=1)


@situation(
    "away",
    "do-not-disturb by 486: the first phone never rings, the second answers in time",
    line="4017",
    phones=("1171", "1172"),
    tells="answered on_time - by 1172 | 1171:busy:missed 1172:answered:on_time",
)
async def refuses_by_486(scene: Scene) -> None:
    scene.set(p1171=refuses("486 Busy Here"))
    await common.served(scene, "1172", after=1)


@situation(
    "away",
    "do-not-disturb by 603: the first phone never rings, the second answers in time",
    line="4018",
    phones=("1181", "1182"),
    tells="answered on_time - by 1182 | 1181:busy:missed 1182:answered:on_time",
)
async def refuses_by_603(scene: Scene) -> None:
    scene.set(p1181=refuses("603 Decline"))
    await common.served(scene, "1182", after=1)


@situation(
    "busy",
    "do-not-disturb by 603 at the only phone: nobody's hand declined it, and the caller hears the busy tone",
    line="4030",
    phones=("1301",),
    tells="busy missed empty_seat by - | 1301:busy:missed",
    kept=True,
)
async def refuses_and_busy_tone(scene: Scene) -> None:
    scene.set(p1301=refuses("603 Decline"))
    await common.nobody_there(scene)


@situation(
    "mobile",
    "the phone forwards (302) to a mobile, which answers",
    line="4019",
    phones=("1191",),
    tells="answered on_time - by trunk | 1191:no_answer:not_judged trunk:answered:on_time",
    kept=True,
)
async def forwards_to_a_mobile(scene: Scene) -> None:
    scene.set(p1191=forwards_to("13900001901"), m13900001901=answers_after(1))
    await scene.served("13900001901")


@situation(
    "missed",
    "two phones forward (302) to each other: nobody's phone ever rings",
    line="4020",
    phones=("1201", "1202"),
    tells="no_answer missed routing by - | …",
)
async def forwards_in_a_loop(scene: Scene) -> None:
    scene.set(p1201=forwards_to("1202"), p1202=forwards_to("1201"))
    await common.nobody_there(scene, seconds=20)


@situation(
    "mobile",
    "a mobile whose network plays its own ringing (183): answered after 1 s",
    line="4021",
    tells="answered on_time - by trunk | trunk:answered:on_time",
    kept=True,
)
async def early_media(scene: Scene) -> None:
    scene.set(m13900000021=plays_then_answers(1))
    await scene.served("13900000021")


@situation(
    "mobile",
    "a mobile whose network plays its own ringing (183): answered after 4 s, and when it began to ring is uncertain",
    line="4022",
    tells="answered cannot_tell ring_start_uncertain by trunk | trunk:answered:cannot_tell",
)
async def early_media_uncertain(scene: Scene) -> None:
    scene.set(m13900000022=plays_then_answers(4))
    await scene.served("13900000022")


@situation(
    "answered",
    "the phone answers and hangs up in the same instant",
    line="4023",
    phones=("1231",),
    tells="answered on_time - by 1231 | 1231:answered:on_time",
    kept=True,
)
async def answers_and_hangs_up(scene: Scene) -> None:
    async def behave(call: Call) -> None:
        call.ring()
        if not await call.over_within(1):
            call.answer()
            await asyncio.sleep(0.03)
            call.bye()

    scene.set(p1231=behave)
    caller = await scene.call()
    if not await caller.over_within(5):
        await caller.hang_up()


@situation(
    "answered",
    "a caller without a number is answered",
    line="4024",
    phones=("1241",),
    tells="answered on_time - by 1241 | 1241:answered:on_time",
)
async def without_a_number(scene: Scene) -> None:
    scene.set(p1241=answers_after(1))
    caller = await scene.call(number=common.NOBODY)
    await scene.answered_by("1241")
    await asyncio.sleep(0.6)
    caller.bye()


@situation(
    "missed",
    "a caller without a number is not answered",
    line="4025",
    phones=("1251",),
    tells="no_answer missed person by - | 1251:no_answer:missed",
)
async def without_a_number_missed(scene: Scene) -> None:
    scene.set(p1251=rings_on)
    caller = await scene.call(number=common.NOBODY)
    assert await caller.over_within(20)


@situation(
    "answered",
    "caller and staff put each other on hold and come back (re-INVITE)",
    line="4026",
    phones=("1261",),
    tells="answered on_time - by 1261 | 1261:answered:on_time",
)
async def held(scene: Scene) -> None:
    scene.set(p1261=answers_after(1))
    caller = await scene.call()
    talk = await scene.answered_by("1261")
    for one in (caller, talk):
        await asyncio.sleep(0.3)
        await one.hold()
        await asyncio.sleep(0.3)
        await one.hold(False)
    caller.bye()


@situation(
    "answered",
    "a phone that stands in no setting answers",
    line="4027",
    unlisted=("1271",),
    tells="answered on_time - by 1271 | 1271:answered:on_time",
    kept=True,
)
async def unlisted_phone(scene: Scene) -> None:
    await common.served(scene, "1271", after=1)


@situation(
    "late",
    "whoever lifts the handset has to press 1: the first does not, the second does, past the limit",
    line="4031",
    phones=("1311", "1312"),
    takes=12,
    tells="answered late routing by 1312 | 1311:no_answer:not_judged 1312:answered:on_time",
    confirms=True,
    kept=True,
)
async def confirmation_refused(scene: Scene) -> None:
    scene.set(p1311=answers_after(1), p1312=answers_after(1))
    await scene.served("1312")


@situation(
    "answered",
    "the caller hears music in place of ringing while the phone rings",
    line="4032",
    phones=("1321",),
    tells="answered on_time - by 1321 | 1321:answered:on_time",
)
async def music_while_ringing(scene: Scene) -> None:
    await common.served(scene, "1321", after=1)
