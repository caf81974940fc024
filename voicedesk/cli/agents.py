"""`voicedesk agents`: every person and every phone of the hall, as they stand now."""

from voicedesk.cli.common import (
    ConfigOption,
    JsonOption,
    complain,
    local_time,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.clock import now_us
from voicedesk.desk import seats as desk
from voicedesk.desk.seats import SeatRow, Seats, seats_json
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.language.translate import as_spoken
from voicedesk.phones.words import FINDINGS
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.words import aside, both, colon, in_both


def agents(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show every person and phone: where they sit, what the phone does since when, breaks, and what was found of it.

    Example: `voicedesk agents`

    What is not current says so: the service does not run, or the link to the switch is down.
    """
    settings = settings_of(config)
    found = wait(_seats(settings))
    if json:
        say_json(seats_json(found))
        return
    if not found.is_running:
        complain("服务未运行，以下是停止时的情形 The service does not run: this is how it was when it stopped.")
    for row in found.rows:
        say_as_it_is(_line(row, settings))
        for one in row.findings:
            say_as_it_is(f"    ! {both(FINDINGS, one.kind)}{colon()}{as_spoken(one.evidence)}")
    for one in found.of_lines:
        say_as_it_is(f"{one.line}  ! {both(FINDINGS, one.kind)}{colon()}{as_spoken(one.evidence)}")


async def _seats(settings: Settings) -> Seats:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.seats(store, settings, AT_THE_MACHINE, now=now_us())


def _line(row: SeatRow, settings: Settings) -> str:
    who = row.name or in_both("未排班", "nobody")
    if row.endpoint is None:
        if row.number:
            state = in_both("状态未知", "its state is not seen")
            return f"{who}  {in_both('外线', 'outside phone')} {row.number}{aside(state)}"
        return f"{who}  {in_both('未入座', 'sits nowhere')}"
    house = [row.pbx or ""] if len(settings.pbx) > 1 else []
    parts = [who, *house, f"{row.extension or '-'}  {row.endpoint}", str(row.state_label)]
    if row.since is not None:
        parts[-1] += f" {in_both('自', 'since')} {local_time(row.since, settings.hall.zone, '%H:%M')}"
    if row.break_minutes is not None:
        minutes, why = f"{row.break_minutes:.0f}", row.break_reason or in_both("未说明", "no reason")
        parts.append(in_both(f"离岗 {minutes} 分钟", f"on a break for {minutes} min") + aside(why))
    if row.dnd:
        parts.append(in_both("免打扰", "DND"))
    if not row.is_current:
        parts.append(in_both("非当前", "not current"))
    return "  ".join(parts)
