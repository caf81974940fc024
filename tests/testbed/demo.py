"""`make demo`: a real Asterisk, the real service, six real calls at once; each verdict as it falls, then the desk.

The rest of the day on the desk is told again from recorded calls, as `voicedesk demo` does (`voicedesk/demo`).
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from tests.testbed.behaviours import answers_after, is_busy, rings_on
from tests.testbed.call import Call
from tests.testbed.install_asterisk import InstallError
from tests.testbed.plan import Line, Plan
from tests.testbed.service import switch_tables, text_of
from tests.testbed.sip_truth import SipTruth, sip_truth
from tests.testbed.stage import Stage
from tests.testbed.user_agent import Behaviour
from voicedesk.calls.export import as_json
from voicedesk.demo.show import Shown, demonstration
from voicedesk.log import configure_logging
from voicedesk.store.calls import CallFilter
from voicedesk.store.store import Store
from voicedesk.words import Language

console = Console(highlight=False)
STAGGER_SECONDS = 0.7
TALK_SECONDS = 3.0
WORDS = {
    "on_time": ("按时", "on time", "green"),
    "late": ("超时", "late", "yellow"),
    "missed": ("未接", "missed", "red"),
    "left_early": ("早挂", "left early", "cyan"),
    "not_judged": ("不判", "not judged", "dim"),
    "cannot_tell": ("无法判定", "cannot tell", "magenta"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One call: which line it goes to, what the phones do, when the caller gives up, and what must be said of it."""

    line: Line
    chinese: str
    english: str
    phones: dict[str, Behaviour]
    gives_up_after: float | None = None
    expected: str


def _line(number: int, *members: str, **more: Any) -> Line:
    return Line(extension=f"400{number}", name=f"line{number}", members=members, **more)


SCENES = (
    Scene(
        line=_line(1, "agent1"),
        chinese="第二声接听",
        english="answered in the 2nd ring",
        phones={"agent1": answers_after(6.5)},
        expected="on_time",
    ),
    Scene(
        line=_line(2, "agent2"),
        chinese="第四声才接",
        english="answered in the 4th ring",
        phones={"agent2": answers_after(16.5)},
        expected="late",
    ),
    Scene(
        line=_line(3, "agent3", queue_seconds=20),
        chinese="无人接听",
        english="never answered",
        phones={"agent3": rings_on},
        expected="missed",
    ),
    Scene(
        line=_line(4, "agent4", "agent5"),
        chinese="占线,同事接听",
        english="busy, colleague answers",
        phones={"agent4": is_busy, "agent5": answers_after(4)},
        expected="on_time",
    ),
    Scene(
        line=_line(5, "agent6"),
        chinese="第一声内挂断",
        english="gives up in the 1st ring",
        phones={"agent6": rings_on},
        gives_up_after=3,
        expected="left_early",
    ),
    Scene(
        line=_line(6, "agent7", "agent8", "agent9", strategy="ringall"),
        chinese="三部话机齐响",
        english="group call, one answers",
        phones={"agent7": rings_on, "agent8": answers_after(8), "agent9": rings_on},
        expected="on_time",
    ),
)


async def demo() -> int:
    """Runs it all; 0 if every verdict was the one expected. Before a terminal the desk stays open until Ctrl-C."""
    plan = Plan(lines=tuple(scene.line for scene in SCENES))
    _step("启动 Asterisk", "starting Asterisk")
    async with Stage(plan) as stage:
        _step("启动 Voicedesk 与应答台", "starting Voicedesk and the desk")
        more = text_of(switch_tables(plan, is_only=False))
        async with demonstration(port=0, seed=1, language=Language.CHINESE, more=more) as shown:
            _step("六个来电(约 25 秒)", "six calls, about 25 s")
            async with Store.open(f"sqlite:///{shown.folder / 'voicedesk.db'}", may_write=False) as store:
                calls = await _place_calls(stage, store)
            stage.check()
            truth = {scene.line.name: _ring_on_the_wire(stage, scene) for scene in SCENES}
            _show_table(calls, truth)
            for chinese, english, value in shown.how_to_come_in():
                console.print(f"[bold]{chinese}[/bold] {english}: {value}", soft_wrap=True)
            await _stay_open(shown)
    return 0 if all(calls[scene.line.name]["verdict"] == scene.expected for scene in SCENES) else 1


async def _stay_open(shown: Shown) -> None:
    """Where nobody looks at a terminal, nobody opens a browser either."""
    while sys.stdout.isatty():
        digits, seconds = shown.digits()
        console.print(f"负责人的六位验证码 the supervisor's six digits: [bold]{digits}[/bold]   ({seconds} s)")
        await asyncio.sleep(seconds + 0.1)


async def _place_calls(stage: Stage, store: Store) -> dict[str, dict[str, Any]]:
    """Places all calls at once; each with its verdict, by its line."""
    telling = asyncio.create_task(_tell_verdicts(store))
    try:
        async with asyncio.TaskGroup() as tasks:
            for number, scene in enumerate(SCENES):
                tasks.create_task(_place(stage, scene, number))
        return await asyncio.wait_for(telling, 60)
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _place(stage: Stage, scene: Scene, number: int) -> None:
    stage.set(**scene.phones)
    await asyncio.sleep(number * STAGGER_SECONDS)
    call = await stage.call_in(scene.line.extension, number=f"1380013800{number + 1}")
    console.print(f"   [dim]☎ {scene.line.extension}  {scene.chinese} {scene.english}[/dim]")
    if scene.gives_up_after is not None:
        await asyncio.sleep(scene.gives_up_after)
        await call.hang_up()
    else:
        await _talk(call)


async def _talk(call: Call) -> None:
    """Waits for an answer or the end, talks, hangs up."""
    waits = [asyncio.create_task(event.wait()) for event in (call.answered, call.ended)]
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if call.answered.is_set():
        await call.over_within(TALK_SECONDS)
        call.bye()


async def _tell_verdicts(store: Store) -> dict[str, dict[str, Any]]:
    """Shows each verdict as the service gives it; over when every line had one."""
    told: dict[str, dict[str, Any]] = {}
    while len(told) < len(SCENES):
        for scene in SCENES:
            line = scene.line.name
            found = await store.calls.list(CallFilter(line=line, is_open=False), limit=1) if line not in told else []
            if not found:
                continue
            call = told[line] = as_json(found[0].call)
            chinese, english, style = WORDS[call["verdict"]]
            ring = f"{call['ring_ms'] / 1000:7.3f} s" if call["ring_ms"] is not None else "      –  "
            console.print(f"   [{style}]● {line}  响铃 ring {ring}  {chinese} {english}[/{style}]")
        await asyncio.sleep(0.2)
    return told


def _ring_on_the_wire(stage: Stage, scene: Scene) -> float | None:
    """From the first 180 of a staff phone to the answer, or to the end, in ms: what the phones themselves saw."""
    found: list[SipTruth] = sip_truth(stage.phones[name] for name in scene.phones)
    starts = [one["ringing"] for one in found if one["ringing"] is not None]
    answers = [one["answer"] for one in found if one["answer"] is not None]
    ends = answers or [one["cancel"] or one["end_of_ringing"] for one in found]
    return (max(filter(None, ends)) - min(starts)) * 1000 if starts and any(ends) else None


_COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("来电\ncall", "left"),
    ("接听\nphone", "left"),
    ("响铃\nring", "right"),
    ("SIP\nwire", "right"),
    ("声\nrings", "right"),
    ("判定\nverdict", "left"),
)


def _show_table(calls: dict[str, dict[str, Any]], truth: dict[str, float | None]) -> None:
    table = Table(
        title="铃响三声、必有应答  answered within three rings",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading, justify in _COLUMNS:
        table.add_column(heading, justify=justify, no_wrap=True)
    for scene in SCENES:
        call = calls[scene.line.name]
        chinese, english, style = WORDS[call["verdict"]]
        why = call["cause"] or call["reason"]
        rings = max((leg["rings_heard"] or 0 for leg in call["legs"]), default=0)
        table.add_row(
            f"{scene.chinese}\n[dim]{scene.english}[/dim]",
            (call["answered_by"] or "–").removeprefix("PJSIP/"),
            _seconds(call["ring_ms"]),
            _seconds(truth[scene.line.name]),
            str(rings or "–"),
            f"[{style}]{chinese}[/{style}]\n[dim]{english}{f' ({why})' if why else ''}[/dim]",
        )
    console.print(table)


def _seconds(ms: float | None) -> str:
    return "–" if ms is None else f"{ms / 1000:.3f} s"


def _step(chinese: str, english: str) -> None:
    console.print(f"[bold]{chinese}[/bold]  {english}")


async def _until_told_to_stop(work: Callable[[], Awaitable[int]]) -> int:
    """Ctrl-C and SIGTERM end the work in order: everything that was started is stopped."""
    task = asyncio.ensure_future(work())
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        console.print("已停止并清理  stopped, nothing is left behind")
        return 130


def main() -> int:
    started = time.monotonic()
    configure_logging(level="warning")
    try:
        result = asyncio.run(_until_told_to_stop(demo))
    except (InstallError, RuntimeError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    if result == 0:
        console.print(f"[dim]{time.monotonic() - started:.0f} s[/dim]")
    return result


if __name__ == "__main__":
    sys.exit(main())
