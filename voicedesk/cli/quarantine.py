"""`voicedesk quarantine`: the one event, call, file or row that did not fit, set aside so that the rest went on."""

from dataclasses import replace
from typing import Annotated

import typer

from voicedesk.cli.asking import ask_service
from voicedesk.cli.common import (
    ConfigOption,
    JsonOption,
    local_time,
    say,
    say_answer,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.listing import SCREENFUL, say_zone, tell_none
from voicedesk.desk import quarantine as desk
from voicedesk.desk.quarantine import SetAsideRow, set_aside_json
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.english_counts import counted
from voicedesk.errors import InputError, WrongUsage
from voicedesk.jobs.upkeep.quarantine import WHY_NOT
from voicedesk.language.translate import translated
from voicedesk.log import printable
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store.quarantine import Part, SetAsideState
from voicedesk.store.store import Store
from voicedesk.words import in_both

ItemArgument = Annotated[str, typer.Argument(help="Its id in `quarantine list`, or how it begins.", metavar="ID")]
app = typer.Typer(help="What did not fit and was set aside, so that the rest goes on.", no_args_is_help=True)


@app.command("list")
def list_set_aside(
    part: Annotated[Part | None, typer.Option(help="Only things of this kind.")] = None,
    all_states: Annotated[bool, typer.Option("--all", help="Also what was tried again.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = SCREENFUL,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what was set aside, when it was seen last and how often; numbers are masked.

    Example: `voicedesk quarantine list --part event`
    """
    settings = settings_of(config)
    found = wait(_listed(settings, part, None if all_states else SetAsideState.WAITING, limit))
    if json:
        say_json([set_aside_json(row) for row in found])
        return
    if not found:
        fits = ("没有符合条件的搁置内容", "nothing that is set aside fits")
        tell_none(("没有搁置的内容", "nothing is set aside"), fits, is_filtered=part is not None)
        return
    say_zone(settings.hall.zone)
    for row in found:
        one = row.item
        seen = local_time(one.at_us, settings.hall.zone)
        where = f"  {one.pbx}" if one.pbx else ""
        times = in_both(f"{one.seen} 次", counted(one.seen, "times"))
        line = f"{one.id}  {seen}  {row.part}{where}  {one.about}  ({times})  {one.reason}"
        say(printable(line if one.state is SetAsideState.WAITING else f"{line}  {row.state}"))


@app.command()
def show(
    item_id: ItemArgument,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show callers' numbers in full.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show one thing: why it was set aside, how often it was seen, and the bytes it was made of.

    Example: `voicedesk quarantine show 1f2e3d4c`
    """
    settings = settings_of(config)
    row = wait(_found(settings, item_id, replace(AT_THE_MACHINE, may_see_numbers=unmask)))
    one = row.item
    if json:
        say_json({**set_aside_json(row), "content": row.content})
        return
    say(f"编号 id: {one.id}")
    say(f"类别 kind: {row.part}  状态 state: {row.state}")
    say(f"交换机 PBX: {one.pbx or '—'}  对象 about: {one.about}")
    last = local_time(one.at_us, settings.hall.zone, "%Y-%m-%d %H:%M:%S")
    say(f"最近 last seen: {last}  次数 times: {one.seen}")
    say(f"原因 reason: {translated(one.reason, of_parts=True)}")
    why_not = WHY_NOT.get(one.part)
    if why_not:
        say(f"重试 retry: 不可 no: {translated(why_not, of_parts=True)}")
    else:
        say(f"重试 retry: voicedesk quarantine retry {one.id}")
    say(f"内容 content ({len(one.content)} 字节 bytes):")
    for line in row.content.split("\n"):
        say_as_it_is(f"    {printable(line)}")


@app.command()
def retry(item_id: ItemArgument, config: ConfigOption = None) -> None:
    """Have the running service try one thing again: a recording, a row or news. What cannot be tried says so.

    Example: `voicedesk quarantine retry 1f2e3d4c`
    """
    settings = settings_of(config)
    one = wait(_found(settings, item_id, AT_THE_MACHINE)).item
    why_not = WHY_NOT.get(one.part)
    if why_not is not None:
        raise InputError(f"{one.id} ({one.part.value}) cannot be tried again: {why_not}")
    say_answer(
        wait(ask_service(settings, StepKind.QUARANTINE, {"id": one.id}, look="`voicedesk quarantine list --all`"))
    )


@app.command()
def drop(
    item_id: Annotated[str | None, typer.Argument(help="Its id, or how it begins.", metavar="ID")] = None,
    all_retried: Annotated[bool, typer.Option("--all-retried", help="Everything that was tried again.")] = False,
    config: ConfigOption = None,
) -> None:
    """Remove one thing with its bytes, for good; a recording stays where it lies.

    Example: `voicedesk quarantine drop 1f2e3d4c`
    """
    if (item_id is None) == (not all_retried):
        raise WrongUsage("name one by its id, or give --all-retried: see `voicedesk quarantine list`")
    say(f"已删除 removed: {wait(_removed(settings_of(config), item_id))}")


async def _listed(settings: Settings, part: Part | None, state: SetAsideState | None, limit: int) -> list[SetAsideRow]:
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = desk.set_aside(store, AT_THE_MACHINE, part=part, state=state)
        return (await listing.kept(limit, lambda rows: rows))[0]


async def _found(settings: Settings, item_id: str, viewer: Viewer) -> SetAsideRow:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.the_one(store, viewer, item_id)


async def _removed(settings: Settings, item_id: str | None) -> int:
    async with Store.open(settings.store.url, upgrade=False) as store:
        if item_id is not None:
            one = await desk.the_one(store, AT_THE_MACHINE, item_id)
            return await store.quarantine.delete([one.item.id])
        retried = await store.quarantine.list(state=SetAsideState.RETRIED, limit=10_000)
        return await store.quarantine.delete([one.id for one in retried])
