"""What `doctor` says of the last day's calls: those that reached no line, limits that no call can reach, events
that did not come. Pure: calls, a day's events and lists in, findings out; without calls there is nothing to say.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from voicedesk.calls.model import CallFacts, Direction, JudgedCall
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import MICROSECONDS
from voicedesk.discovery.day import HouseDay
from voicedesk.discovery.lists import HouseSeen
from voicedesk.discovery.settings_file import toml_list
from voicedesk.doctor.finding import Finding, Grade, both
from voicedesk.doctor.names import Surroundings
from voicedesk.english_counts import counted
from voicedesk.settings import LineSettings

MOST_NAMED = 6
ENOUGH = 3
"""From so few calls nothing is concluded."""
_FILTER = "take the eventfilter for it out of manager.conf (voicedesk asterisk snippet manager); manager reload"
_READ = "in manager.conf, for this user: read = system,call,agent,user; then: asterisk -rx 'manager reload'"


def check_calls(around: Surroundings, calls: Sequence[JudgedCall]) -> Iterator[Finding]:
    """Everything that the last day's calls show, of all switches."""
    for pbx, day in around.days.items():
        mine = [call.facts for call in calls if call.facts.pbx == pbx]
        yield from _elsewhere(around, pbx, day, mine)
        yield from check_events(pbx, day, around.houses.get(pbx))
    for line in around.settings.lines:
        yield from _limit(around, line, [call.facts for call in calls if call.facts.line == line.name])


def nothing_yet(around: Surroundings) -> Finding | None:
    """That there were no calls to look at, where that is so."""
    if not around.days or any(around.days.values()):
        return None
    what = both("最近一天没有来电, 还没有可看的", "no calls in the last day: nothing to look at yet")
    cure = "call each line once, then look again: voicedesk doctor"
    return Finding.unseen("calls", "calls", what, cure=cure)


def _elsewhere(around: Surroundings, pbx: str, day: HouseDay, calls: list[CallFacts]) -> Iterator[Finding]:
    """Calls from outside that reached no known line, by the number or queue they came to."""
    came = [one for one in calls if one.direction is Direction.INBOUND and one.ended_at is not None]
    lost = [one for one in came if not one.is_line]
    if not lost:
        return
    served, others = Counter[str](), Counter[str]()
    queues: Counter[str] = Counter()
    for facts in lost:
        seen = next((day.calls[linked] for linked in facts.linkedids if linked in day.calls), None)
        where = (seen.number or next(iter(seen.queues), None) if seen else None) or "?"
        is_served = bool(facts.legs) or facts.asked_at is not None
        (served if is_served else others)[where] += 1
        if seen and is_served:
            queues.update(seen.queues)
    told = served or others
    listed = ", ".join(f"{number} × {times}" for number, times in told.most_common(MOST_NAMED))
    total = sum(told.values())
    if not served and len(came) > len(lost):
        return  # noise beside calls that are judged: somebody tries numbers
    what = both(
        f"最近一天 {total} 通来电不属于任何线路: {listed}",
        f"{counted(total, 'calls')} of the last day reached no known line: {listed}",
    )
    why = both("这些来电不判, 也不产生工单", "nothing of them is judged, and a missed one opens no ticket")
    number = told.most_common(1)[0][0]
    ours = {name for line in around.settings.lines for name in line.queues}
    new_queues = [queue for queue, _ in queues.most_common(MOST_NAMED) if queue not in ours]
    cure = f'where they are the hall\'s: [[lines]] name = "…" extensions = {toml_list([number])}'
    cure += f" queues = {toml_list(new_queues)}" if new_queues else ""
    nothing_judged = bool(served) and len(lost) == len(came)
    yield Finding(
        subject=pbx,
        check="calls_elsewhere",
        grade=Grade.BAD if nothing_judged else Grade.NOTE,
        what=what,
        why=why,
        cure=cure,
    )


def _limit(around: Surroundings, line: LineSettings, calls: list[CallFacts]) -> Iterator[Finding]:
    """A line whose callers are sent away before its limit: `late` can never be seen there."""
    place = around.pbx_of(line)
    why = both(
        "永远看不到超时的接听, 只有准时和漏接", "nobody can ever answer late: the figures know on time and missed only"
    )
    limit = line.limit_seconds
    longest = _longest_ring(calls)
    if longest is not None and longest >= limit * MICROSECONDS:
        return  # a call rang beyond it
    for house in around.houses_of(line):
        short = _ends_before(house, line)
        if short is not None:
            target, seconds, where = short
            what = both(
                f"线路 {line.name}: {target} 响 {seconds} 秒就结束, 短于时限 {limit:g} 秒",
                f"line {line.name!r}: {target} ends after {seconds} s, before the limit of {limit:g} s",
            )
            cure = f"in {where}: a timeout of {round(limit) + 5} or more"
            yield Finding.note(place, "limit_unreachable", what, why, cure)
            return
    taken = [span for facts in calls if (span := _taken_away(facts)) is not None]
    if len(taken) >= ENOUGH and longest is not None and max(taken) < limit * MICROSECONDS:
        rang = max(taken) / MICROSECONDS
        what = both(
            f"线路 {line.name}: 无人接听的来电最多响 {rang:.1f} 秒, 短于时限 {limit:g} 秒",
            f"line {line.name!r}: calls nobody answered rang {rang:.1f} s at most, the limit is {limit:g} s",
        )
        cure = f"let Queue() or Dial() of this line ring {round(limit) + 5} s or more"
        yield Finding.note(place, "limit_unreachable", what, why, cure)


def _longest_ring(calls: list[CallFacts]) -> int | None:
    spans = []
    for facts in calls:
        begun = [leg.ringing_at for leg in facts.legs if leg.ringing_at is not None]
        over = [at for leg in facts.legs for at in (leg.answered_at, leg.ring_ended_at) if at is not None]
        if begun and over:
            spans.append(max(over) - min(begun))
    return max(spans, default=None)


def _taken_away(facts: CallFacts) -> int | None:
    """How long a call rang that the switch, not the caller, ended unanswered."""
    is_taken = facts.person_answered_at is None and facts.gave_up_at is None and facts.ended_at is not None
    return _longest_ring([facts]) if is_taken and not facts.gaps else None


def _ends_before(house: HouseSeen, line: LineSettings) -> tuple[str, int, str] | None:
    """What rings behind the line's numbers, where all of it together ends before the limit; with where it stands."""
    plan = house.dialplan
    if plan is None:
        return None
    for extension in line.extensions:
        for context, pattern in plan.places_of(extension):
            rung = plan.ringing(context, extension)
            spans = [one.seconds for one in rung]
            if not rung or None in spans:
                continue
            total = sum(span for span in spans if span is not None)
            if total < line.limit_seconds:
                last = rung[-1]
                name = f"Queue({last.target})" if last.is_queue else f"Dial({last.target})"
                return name, total, f"[{context}] exten {pattern}, {name}"
    return None


# --- events that did not come


def check_events(pbx: str, day: HouseDay, house: HouseSeen | None) -> Iterator[Finding]:
    """Events that calls must have brought and did not: filtered, or a class that the user may not read."""
    legs = [leg for call in day.calls.values() for leg in call.phones]
    answered = sum(leg.is_up for leg in legs)
    queued = [call for call in day.calls.values() if call.queues]
    names = day.names
    states = sum(times for name, times in names.items() if name.startswith("Newstate"))
    never = "never came although {} calls did"
    judged = both("响铃看不到, 超时和漏接判不了", "no ring is seen: late and missed cannot be told")
    if answered >= ENOUGH and not states:
        yield _missing(pbx, "Newstate", never.format(len(day.calls)), judged, _FILTER)
    elif answered >= ENOUGH and not names["Newstate:Ringing"] and not names["DialState"]:
        why = both("话机不振铃就接听, 或事件被过滤", "the phones answer without ringing, or both are filtered")
        yield _missing(pbx, "Newstate Ringing, DialState", never.format(len(day.calls)), why, _FILTER, Grade.NOTE)
    for begun, ended in (("DialBegin", "DialEnd"), ("QueueCallerJoin", "QueueCallerLeave")):
        if names[begun] >= ENOUGH and not names[ended]:
            yield _missing(pbx, ended, f"never came although {begun} did", judged, _FILTER)
    if len(legs) >= ENOUGH and not names["DialBegin"] and names["AgentCalled"]:
        yield _missing(pbx, "DialBegin", "never came although AgentCalled did", judged, _FILTER)
    if len(day.calls) >= ENOUGH and answered >= ENOUGH and not names["Hangup"]:
        why = both("通话永远不结束", "calls never end, and nothing of them is decided")
        yield _missing(pbx, "Hangup", never.format(len(day.calls)), why, _FILTER)
    yield from _of_queues(pbx, day, house, len(queued))
    if answered >= ENOUGH and "BridgeEnter" in WANTED_EVENTS and not names["BridgeEnter"]:
        why = both(
            "看不到谁真正接通了来电 (若刚升级, 一天后再看)",
            "who was really connected is not seen (after an upgrade: look again in a day)",
        )
        yield _missing(pbx, "BridgeEnter", "never came although phones answered", why, _FILTER, Grade.NOTE)


def _of_queues(pbx: str, day: HouseDay, house: HouseSeen | None, queued: int) -> Iterator[Finding]:
    names = day.names
    by_queue = sum(leg.was_called_by_queue for call in day.calls.values() for leg in call.phones)
    in_queue = sum(bool(call.queues) and bool(call.phones) for call in day.calls.values())
    why = both("排队时间和轮到哪部话机看不到", "how long callers waited and whose turn it was is not seen")
    if by_queue and not queued:
        yield _missing(pbx, "QueueCallerJoin", "never came although AgentCalled did", why, _FILTER)
    elif in_queue >= ENOUGH and not names["AgentCalled"]:
        yield _missing(pbx, "AgentCalled", "never came although queues rang phones", why, _FILTER, Grade.NOTE)
    elif not queued and not by_queue and house is not None and house.dialplan is not None:
        through = _leads_to(day, house, is_queue=True)
        if through >= ENOUGH:
            what = f"never came although {through} calls went to a number that leads to a queue"
            yield _missing(pbx, "QueueCallerJoin, AgentCalled", what, why, _READ)


def _leads_to(day: HouseDay, house: HouseSeen, *, is_queue: bool) -> int:
    plan = house.dialplan
    if plan is None:
        return 0
    counts = Counter(call.number for call in day.calls.values() if call.number and call.phones)
    return sum(
        times
        for number, times in counts.items()
        if any(one.is_queue is is_queue for place in plan.places_of(number) for one in plan.ringing(place[0], number))
    )


def tells_of_user_events(day: HouseDay, house: HouseSeen | None) -> bool | None:
    """Whether events of the class `user` come: seen, missing where they were due, or None: nothing shows it yet.

    True too where the dialplan says nothing of ours, so that none is due.
    """
    if day.user_events:
        return True
    plan = house.dialplan if house is not None else None
    if plan is None or not plan.is_whole:
        return None
    says: dict[str, bool] = defaultdict(bool)
    for context in plan.contexts.values():
        for extension in context.extensions:
            for step in plan.steps(context.name, extension) if _is_number(extension) else ():
                says[extension] |= step.application == "userevent" and step.data.startswith("Voicedesk")
    if not any(says.values()):
        return True
    due = [call for call in day.calls.values() if call.number and says.get(call.number) and call.phones]
    return False if len(due) >= ENOUGH else None


def _is_number(extension: str) -> bool:
    return extension.isdecimal() or extension.startswith("_")


def _missing(  # noqa: PLR0917  # in the order they are read
    pbx: str, name: str, how: str, why: str, cure: str, grade: Grade = Grade.BAD
) -> Finding:
    what = both(f"收不到事件 {name}", f"the event {name} {how}")
    return Finding(subject=pbx, check="events_missing", grade=grade, what=what, why=why, cure=cure)
