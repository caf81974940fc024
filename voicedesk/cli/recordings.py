"""`voicedesk recordings`: what lies in the switches' recordings' folders, and what becomes of it."""

from typing import Annotated

import typer

from voicedesk.cli.common import ConfigOption, JsonOption, local_time, say, say_json, settings_of, wait
from voicedesk.cli.listing import tell_none
from voicedesk.clock import now_us
from voicedesk.jobs.hearing.recorded_calls import Listed, as_json, lines_of, list_recordings
from voicedesk.settings import Settings
from voicedesk.store.store import Store

app = typer.Typer(help="Recordings where the switches put them: heard, waiting, unknown.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about recordings."""


@app.command("list")
def list_(
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Only what nobody takes up: no call is known, or it is none of ours.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what lies in the recordings' folders: of which call it is, what waits, and when it will be deleted.

    Example: `voicedesk recordings list --unknown`
    """
    settings = settings_of(config)
    found = [one for one in wait(_list(settings)) if one.is_unknown or not unknown]
    if json:
        say_json([as_json(one) for one in found])
        return
    for line in lines_of(found, settings.hall.zone, local_time):
        say(line)
    if not found:
        fits = ("没有无人认领的录音文件", "no recording fits: each is taken up")
        tell_none(("没有录音文件", "nothing lies there"), fits, is_filtered=unknown)


async def _list(settings: Settings) -> list[Listed]:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await list_recordings(store, settings, now_us())
