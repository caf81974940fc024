"""`voicedesk outage`: callers hear first what is broken, and the information centre is told (S10)."""

from typing import Annotated

import typer

from voicedesk.cli.asking import ask_or_carry_out
from voicedesk.cli.common import (
    ConfigOption,
    JsonOption,
    complain,
    local_time,
    say_answer,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.listing import say_zone
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk import outages as desk
from voicedesk.desk.lists import Page
from voicedesk.desk.outages import OutageRow, outage_json
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.ivr.steps import OutageStep, StartOutage, StopOutage
from voicedesk.jobs.telling import outages
from voicedesk.jobs.telling.steps import OutageSteps
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.words import in_both

app = typer.Typer(help="Announce a fault before anything else, and tell who has to know (S10).", no_args_is_help=True)

LineOption = Annotated[str | None, typer.Option(help="Only this line; else all.")]


@app.command()
def start(
    text: Annotated[str, typer.Argument(help="What callers hear, in Chinese.")],
    line: LineOption = None,
    config: ConfigOption = None,
) -> None:
    """Announce an outage from now on: the general sentence, then this text; and tell the information centre.

    Example: `voicedesk outage start "社会保险系统正在抢修，预计15点30分恢复。"`
    """
    settings = settings_of(config)
    outages.refuse(text, line, settings)
    told, *wrong = wait(_ask(settings, StartOutage(by=typed_by(), line=line, text=text))).split("\n")
    for each in wrong:
        complain(each)
    say_answer(told)


@app.command()
def stop(line: LineOption = None, config: ConfigOption = None) -> None:
    """End the announcement, and tell the information centre.

    Example: `voicedesk outage stop`
    """
    for told in wait(_ask(settings_of(config), StopOutage(by=typed_by(), line=line))).split("\n"):
        say_answer(told)


@app.command("list")
def list_outages(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List what is announced now.

    Example: `voicedesk outage list`
    """
    settings = settings_of(config)
    found = wait(_current(settings)).rows
    if json:
        say_json([outage_json(row) for row in found])
        return
    if not found:
        complain("没有故障公告 no outage is announced")
        return
    say_zone(settings.hall.zone)
    for one in (row.outage for row in found):
        since = local_time(one.started_at, settings.hall.zone)
        say_as_it_is(f"{since}  {one.line or in_both('全部', 'all lines')}  {one.started_by}  {one.text}")


async def _ask(settings: Settings, step: OutageStep) -> str:
    """What the service answers; where none runs it is done here, for a fault may be why none does."""
    async with Store.open(settings.store.url) as store:
        return await ask_or_carry_out(store, step, lambda: OutageSteps(store, lambda: settings, now_us))


async def _current(settings: Settings) -> Page[OutageRow]:
    async with Store.open(settings.store.url) as store:  # where there is no database yet, nothing is announced
        return await desk.outages(store, AT_THE_MACHINE)
