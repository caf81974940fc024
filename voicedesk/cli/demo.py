"""`voicedesk demo`: the desk on a full day, without a switch."""

import asyncio
import signal
import sys
from typing import Annotated

import typer

from voicedesk.cli.common import say, wait
from voicedesk.cli.web import refuse_without_web
from voicedesk.english_counts import counted
from voicedesk.log import configure_logging
from voicedesk.words import SPOKEN, Language, in_both

PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Where the desk listens; 0: a free port.")]


def demo(
    port: PortOption = 0,
    seed: Annotated[int, typer.Option("--seed", help="Another number makes another day.")] = 1,
) -> None:
    """Show the desk on a full day of calls, in a scratch folder, without a switch; Ctrl-C ends it.

    Example: `voicedesk demo`

    Calls that real switches had are told again as calls of three lines: those of the past days at once, and new ones
    while you watch. They take the way of every call; synthetic voices say the greetings. Nothing of your own settings
    is read or changed. No phone is there to ring: whom to call back is shown, and dialled by no one.
    """
    refuse_without_web()
    configure_logging(level="warning")
    wait(_until_told_to_end(port, seed))


async def _until_told_to_end(port: int, seed: int) -> None:
    """SIGTERM ends it in order, as Ctrl-C does: all is stopped and removed."""
    showing = asyncio.create_task(_show(port, seed))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, showing.cancel)
    try:
        await asyncio.wait({showing})
    finally:
        showing.cancel()
        await asyncio.wait({showing})
    if not showing.cancelled():
        showing.result()


async def _show(port: int, seed: int) -> None:
    from voicedesk.demo.show import demonstration

    hall = SPOKEN.get() or Language.CHINESE
    _say(
        "正在把录下的通话重讲成一天，并启动服务和工作台",
        "telling a day of calls, and starting the service and the desk",
    )
    async with demonstration(port=port, seed=seed, language=hall) as shown:
        _say(
            f"过去几天的通话 {shown.calls} 通；看的时候还会有新来电",
            f"{counted(shown.calls, 'calls')}; new ones come in while you watch",
        )
        for chinese, english, value in shown.how_to_come_in():
            _say(chinese, english, value)
        while True:
            digits, seconds = shown.digits()
            _say("负责人的六位验证码", "the supervisor's six digits", f"{digits}   ({seconds} s)")
            await asyncio.sleep(seconds + 0.1)


def _say(chinese: str, english: str, value: str = "") -> None:
    say(in_both(chinese, english) + (f": {value}" if value else ""))
    sys.stdout.flush()
