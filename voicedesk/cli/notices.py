"""`voicedesk notices`: what callers were told by the IVR (咨询台账), by the code they took away."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.catalogue.model import PART_NAMES, Part
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    moment,
    say,
    say_json,
    settings_of,
    wait,
)
from voicedesk.clock import to_seconds
from voicedesk.errors import InputError
from voicedesk.ivr.model import NoticeHeard, State
from voicedesk.phone_numbers import mask
from voicedesk.services.notice_text import sheet_of
from voicedesk.services.prompt_desk import catalogue_of
from voicedesk.settings import Settings
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation
from voicedesk.store.store import Store

ENTRIES = {
    "overflow": "无人接听 nobody answered",
    "out_of_hours": "非工作时间 out of hours",
    "on_request": "转来 on request",
    "dedicated": "专线 dedicated number",
}
EXITS = {"person": "转人工 to a person", "goodbye": "结束 ended", None: "挂机 hung up"}
STATES = {
    State.MENU: "主菜单 main menu",
    State.GROUP: "事项组 group of items",
    State.CONFIRM: "确认事项 item read back",
    State.NOTICE: "告知 notice",
    State.AFTER: "告知完毕 after the notice",
    State.CALLBACK: "回拨 callback",
    State.NUMBER: "输入号码 typing a number",
    State.NUMBER_CONFIRM: "确认号码 number read back",
    State.COMPLAINT: "投诉留言 complaint",
    State.CODE: "输入编号 typing a code",
    State.STANDING: "事项进展 where the matter stands",
    State.SECOND_VISIT: "二次未办成 failed second visit",
    State.DONE: "已登记 request noted",
    State.LEFT: "已离开菜单 left the menu",
}
KINDS = {"callback": "回拨 callback", "complaint": "投诉 complaint", "second_visit": "二次未办成 failed second visit"}

app = typer.Typer(help="What callers were told in one go, with proof (S5, S8).", no_args_is_help=True)

CodeArgument = Annotated[str, typer.Argument(help="The code that the caller took away.", metavar="CODE")]
UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show whole numbers.")]


@app.command("list")
def list_notices(
    item: Annotated[str | None, typer.Option(help="Only with this item, by its id.")] = None,
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    since: FromOption = None,
    until: ToOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    unmask: UnmaskOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what callers were told, newest first.

    Example: `voicedesk notices list --item work_injury --from 2026-11-01`
    """
    settings = settings_of(config)
    zone = settings.hall.zone
    which = ConsultationFilter(item=item, line=line, from_at=moment(since, zone), to_at=moment(until, zone))
    found = wait(_list(settings, which, limit))
    if json:
        say_json([as_plain(one, unmask=unmask) for one in found])
        return
    for one in found:
        walk = one.consultation
        told = "，".join(_in_short(notice) for notice in walk.notices) or "-"
        number = one.caller_number or "-"
        when = local_time(walk.started_at, zone)
        say(f"{when}  {walk.code}  {number if unmask else mask(number)}  {EXITS[walk.exit]}  {told}")


@app.command()
def show(
    code: CodeArgument, unmask: UnmaskOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show one caller's walk: which version of which item, which parts to their end, requests, keys, the hang-up.

    Example: `voicedesk notices show 12345671`
    """
    settings = settings_of(config)
    one = wait(_get(settings, code))
    if json:
        say_json(as_plain(one, unmask=unmask))
        return
    zone, walk = settings.hall.zone, one.consultation
    number = one.caller_number or "-"
    say(f"{walk.code}  {local_time(walk.started_at, zone)}  {one.line or '-'}  {number if unmask else mask(number)}")
    say(f"  {ENTRIES[walk.entry]} → {EXITS[walk.exit]}  {local_time(walk.ended_at, zone)}  （{STATES[walk.state]}）")
    for notice in walk.notices:
        say(f"  {notice.name}，版本 version {notice.version}{'，慢速 slow' if notice.slow else ''}")
        for part in notice.parts:
            mark = "✓" if part.is_complete else "✗"
            say(f"    {mark} {PART_NAMES[Part(part.part)]}  {part.finished}/{part.sentences}")
    for request in one.requests:
        number = request.asked.number or "-"
        settled = request.outcome or "待处理 open"
        say(f"  {KINDS[request.asked.kind]}  {number if unmask else mask(number)}  {settled}")
    keys = " ".join(f"{local_time(key.at, zone, '%H:%M:%S')}={key.key}" for key in walk.keys)
    say(f"  按键 keys: {keys or '-'}")


@app.command()
def sheet(
    code: CodeArgument,
    output: Annotated[Path | None, typer.Option(help="Write it there; else to standard output.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a sheet to print of what was told under a code: HTML, complete in itself, without personal data (S8).

    Example: `voicedesk notices sheet 12345671 --output sheet.html`
    """
    settings = settings_of(config)
    page = sheet_of(wait(_get(settings, code)), catalogue_of(settings), settings.hall.name, settings.hall.zone)
    if output is None:
        say(page)
        return
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}") from error


async def _list(settings: Settings, which: ConsultationFilter, limit: int) -> list[StoredConsultation]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        return await store.consultations.list(which, limit=limit)


async def _get(settings: Settings, code: str) -> StoredConsultation:
    async with Store.open(settings.store.url, upgrade=False) as store:
        found = await store.consultations.get(code)
    if found is None:
        raise InputError(f"nobody was given the code {code!r}: it has eight digits, see voicedesk notices list")
    return found


def _in_short(notice: NoticeHeard) -> str:
    done = sum(part.is_complete for part in notice.parts)
    return notice.name if notice.is_complete else f"{notice.name} {done}/{len(notice.parts)}"


def as_plain(one: StoredConsultation, *, unmask: bool) -> dict[str, Any]:
    """A consultation as plain values; instants in epoch seconds."""

    def number(text: str | None) -> str | None:
        return text if unmask or text is None else mask(text)

    walk = asdict(one.consultation)
    for name in ("started_at", "ended_at"):
        walk[name] = to_seconds(walk[name])
    for told, plain in zip(one.consultation.notices, walk["notices"], strict=True):
        plain.update(started_at=to_seconds(told.started_at), ended_at=to_seconds(told.ended_at))
        plain["is_complete"] = told.is_complete
    walk["keys"] = [{"at": to_seconds(key.at), "state": key.state, "key": key.key} for key in one.consultation.keys]
    walk["sms_to"] = number(one.consultation.sms_to)
    walk["requests"] = [
        {
            "kind": request.asked.kind,
            "at": to_seconds(request.asked.at),
            "number": number(request.asked.number),
            "file": request.asked.file,
            "seconds": request.asked.seconds,
            "earlier": request.asked.earlier,
            "settled_at": to_seconds(request.settled_at),
            "outcome": request.outcome,
        }
        for request in one.requests
    ]
    about = {"pbx": one.pbx, "uniqueid": one.uniqueid, "call_id": one.call_id, "line": one.line}
    return {**walk, **about, "caller_number": number(one.caller_number), "sms_outcome": one.sms_outcome}
