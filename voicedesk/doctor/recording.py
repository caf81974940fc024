"""What `doctor` and the log say where calls were answered and nothing was recorded: which step of the way is broken.

The way: the dialplan plays the notice and says so; the queue runs voicedesk-recording on the phone that answers, which
says so and writes a file that Voicedesk finds. The first step that is missing is told, with the very line to write.
"""

from collections import Counter
from collections.abc import Iterator

from voicedesk.discovery.day import CallSeen, HouseDay
from voicedesk.discovery.dialplan import Dialplan
from voicedesk.discovery.lists import HouseSeen
from voicedesk.doctor.finding import Finding, both
from voicedesk.doctor.names import Surroundings, inbound
from voicedesk.errors import InputError
from voicedesk.hall.asterisk_files import notice_of
from voicedesk.hall.prompts import book_of, frames_of
from voicedesk.ivr.wording import CHINESE, RECORDING_NOTICE
from voicedesk.prompts.book import is_whole
from voicedesk.prompts.named import is_published, named_path
from voicedesk.settings import Settings

ENOUGH = 2
NOTICE, RECORDING, HOTLINE = "voicedesk-notice", "voicedesk-recording", "voicedesk-hotline"
_WHY = both("没有录音, 问候语就判不了", "without recordings no greeting is judged")
_RELOAD = "asterisk -rx 'dialplan reload'"


def check_recording(around: Surroundings, pbx: str, *, heard: int, waiting: int = 0) -> list[Finding]:
    """Of one switch whose calls are to be recorded.

    `heard`: how many recordings of that time are in the store; `waiting`: how many, of any time, lie in the folder.
    """
    house, day = around.houses.get(pbx), around.days.get(pbx, HouseDay())
    plan = house.dialplan if house is not None else None
    found = list(_written(around, pbx, plan)) if plan is not None else []
    return [*found, *_unrecorded(around, pbx, day, house, (heard, waiting), is_told=bool(found))]


def check_places(pbx: str, house: HouseSeen) -> Iterator[Finding]:
    """Words between @ signs that were left in our own files, of any of them."""
    plan = house.dialplan
    for word, (context, step) in sorted(plan.open_places().items()) if plan is not None else ():
        what = both(f"[{context}] 里还留着 {word}: {step}", f"{word} is still to be filled in, in [{context}]: {step}")
        why = both("这一步不起作用", "this step does nothing, or the wrong thing")
        cure = f"put your value in its place ({_meaning(word)}), then: {_RELOAD}"
        yield Finding.bad(pbx, "place_open", what, why, cure)


def check_notice(settings: Settings, pbx: str, house: HouseSeen) -> Iterator[Finding]:
    """The notice that Voicedesk builds, where the dialplan plays it: whether it has a sound, that of today's text.

    Nothing of a hall's own announcement.
    """
    played = notice_of(settings)
    steps = house.dialplan.steps(NOTICE, "s") if house.dialplan is not None else ()
    if not any(step.application == "playback" and step.arguments[0] == str(played) for step in steps):
        return
    cure = "voicedesk prompts build"
    try:
        text, book = frames_of(settings)[CHINESE][RECORDING_NOTICE], book_of(settings)
        if not is_whole(named_path(book.folder, CHINESE, RECORDING_NOTICE)):
            what = both("录音提示音还没有声音文件", f"the notice of recording has no sound: {played}")
            yield Finding.bad(pbx, "notice", what, _WHY, cure)
        elif not is_published(book, frames_of(settings)):
            what = both("录音提示音还是旧的", "callers hear an older notice of recording")
            yield Finding.note(pbx, "notice", what, cure=cure)
        else:
            yield Finding.good(pbx, "notice", both(f"录音提示音: {text}", f"the notice of recording: {text}"))
    except InputError as error:
        yield Finding.bad(pbx, "notice", str(error), _WHY, cure)


def _meaning(word: str) -> str:
    meanings = {
        "@NOTICE@": "the announcement as Playback names it; voicedesk asterisk snippet recording fills in its own",
        "@RECORDINGS@": "the folder Asterisk records into, as recordings in [[pbx]]",
        "@EXTENSION@": "the line's number as the trunk delivers it",
        "@QUEUE@": "the queue's name",
        "@LINE@": "the line's name in voicedesk.toml",
    }
    return meanings.get(word, "voicedesk asterisk snippet all fills it from the settings")


def _written(around: Surroundings, pbx: str, plan: Dialplan) -> Iterator[Finding]:
    """What the dialplan itself shows, before any call."""
    if not plan.is_whole:
        return
    for context in (NOTICE, RECORDING):
        if context not in plan.contexts:
            what = both(f"拨号计划里没有 [{context}]", f"the dialplan has no [{context}]")
            cure = f"voicedesk asterisk snippet recording, into extensions.conf; then: {_RELOAD}"
            yield Finding.bad(pbx, "not_recorded", what, _WHY, cure)
            return
    for line in around.settings.lines:
        for extension in line.extensions:
            yield from _shadowed(pbx, plan, extension)


def _shadowed(pbx: str, plan: Dialplan, extension: str) -> Iterator[Finding]:
    """An own extension in a context that includes ours: Asterisk takes the own one, and ours is never run."""
    hotline = plan.contexts.get(HOTLINE)
    if hotline is None or extension not in hotline.extensions:
        return
    for name in plan.including(HOTLINE):
        own = plan.contexts[name].extensions
        if extension in own and not _calls_notice(plan, name, extension):
            what = both(
                f"[{name}] 自己的 exten {extension} 挡住了 [{HOTLINE}]",
                f"[{name}] has an exten {extension} of its own, which shadows that of [{HOTLINE}]",
            )
            cure = f"take exten => {extension} out of [{name}], or write there: same => n,Gosub({NOTICE},s,1)"
            yield Finding.bad(pbx, "not_recorded", what, _WHY, f"{cure}; then: {_RELOAD}")


def _calls_notice(plan: Dialplan, context: str, extension: str) -> bool:
    return any(NOTICE in step.data for step in plan.steps(context, extension))


def _unrecorded(
    around: Surroundings,
    pbx: str,
    day: HouseDay,
    house: HouseSeen | None,
    found_here: tuple[int, int],
    *,
    is_told: bool,
) -> Iterator[Finding]:
    answered = [call for call in inbound(around, day) if call.answered]
    silent = [call for call in answered if not call.recorded]
    recorded = len(answered) - len(silent)
    if len(silent) >= ENOUGH and not recorded and not found_here[0]:
        if not is_told or day.user_events:
            what = both(
                f"{len(silent)} 通来电有人接听, 一通也没有录音",
                f"{len(silent)} calls were answered, and none was recorded",
            )
            yield Finding.bad(pbx, "not_recorded", f"{what}: {_reason(silent)}", _WHY, _cure(silent, house))
    elif recorded:
        yield from _by_way(pbx, answered)
    if recorded >= ENOUGH and not any(found_here):
        what = both(
            f"交换机录了 {recorded} 通, 这里一通也没看到",
            f"the switch recorded {recorded} calls, and none of them was found here",
        )
        cure = "recordings in [[pbx]] must name the folder of MixMonitor() in [voicedesk-recording], shared with here"
        yield Finding.bad(pbx, "not_recorded", what, _WHY, cure)


def _by_way(pbx: str, answered: list[CallSeen]) -> Iterator[Finding]:
    """A queue or number whose calls are not recorded, though others are."""
    totals, recorded = Counter(map(_way, answered)), Counter(_way(call) for call in answered if call.recorded)
    for way, times in sorted(totals.items()):
        if times >= ENOUGH and not recorded[way]:
            mine = [call for call in answered if _way(call) == way]
            what = both(
                f"经 {way} 接听的 {times} 通没有录音", f"{times} calls answered by way of {way} were not recorded"
            )
            yield Finding.bad(pbx, "not_recorded", f"{what}: {_reason(mine)}", _WHY, _cure(mine, None))


def _way(call: CallSeen) -> str:
    return f"queue {call.queues[-1]}" if call.queues else f"number {call.number or '?'}"


def _reason(calls: list[CallSeen]) -> str:
    notices = Counter(call.notice for call in calls)
    if not any(notice is not None for notice in notices):
        return both("没有播放录音提示", "no notice of recording was played")
    if not notices["SUCCESS"]:
        return both("录音提示播放失败", "the notice of recording could not be played")
    return both("提示已播放, 录音没有开始", "the notice was played, and no recording began")


def _cure(calls: list[CallSeen], house: HouseSeen | None) -> str:
    """The line to write, for the step that is missing."""
    played = [call.notice for call in calls if call.notice is not None]
    if not played:
        own = ""
        if house is not None and house.dialplan is not None and calls[0].number:
            owners = [name for name in house.dialplan.owners(calls[0].number) if name != HOTLINE]
            own = f" in [{owners[0]}], exten {calls[0].number}," if owners else ""
        return f"before Queue() or Dial(),{own} write: same => n,Gosub({NOTICE},s,1); then: {_RELOAD}"
    if "SUCCESS" not in played:
        return "Playback() in [voicedesk-notice] must name a sound that is there (voicedesk prompts build, or your own)"
    queues = sorted({call.queues[-1] for call in calls if call.queues})
    if queues:
        write = f"in queues.conf, [{queues[0]}]: membergosub = {RECORDING}; then: asterisk -rx 'queue reload all'"
    else:
        write = f"add the option U({RECORDING}) to Dial(); then: {_RELOAD}"
    return f"{write}; if it is there: app_mixmonitor.so must be loaded"
