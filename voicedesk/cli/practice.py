"""`voicedesk practice`: a greeting spoken into a microphone, and the verdict at once (S18)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from voicedesk.audio.g711 import Samples
from voicedesk.audio.microphone import input_devices, listen
from voicedesk.audio.wav import read_sound
from voicedesk.cli.common import ConfigOption, complain, path_of, say, say_as_it_is, settings_of
from voicedesk.desk.names import person_id
from voicedesk.errors import InputError, WrongUsage
from voicedesk.greeting.calibration import thresholds_of, weighing_limits_of
from voicedesk.greeting.live import GreetingTask, LiveJudge
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.weighing.telling import remark_as_spoken
from voicedesk.greeting.words import GREETING_PARTS, GREETING_VERDICTS
from voicedesk.hall.greetings import greeting_task, rules_of
from voicedesk.jobs.hearing.practice import Attempt, attempt
from voicedesk.language.translate import translated
from voicedesk.settings import Settings
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.install import find_model
from voicedesk.speech.listening import Listener
from voicedesk.words import both, in_both

_BLOCK_SECONDS = 0.1


def practice(
    line: Annotated[str | None, typer.Option(help="The line whose greeting to practise; else the only one.")] = None,
    wav: Annotated[
        Path | None, typer.Option(help="A recording instead of the microphone.", parser=path_of, metavar="PATH")
    ] = None,
    device: Annotated[int | None, typer.Option(help="The microphone's number, see --list-devices.")] = None,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="List the microphones.")] = False,
    agent: Annotated[
        str | None, typer.Option(help="Who practises, by [[agents]] id: the staff number is compared.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One try, without asking for another.")] = False,
    config: ConfigOption = None,
) -> None:
    """Practise a line's greeting: speak, see the words appear, the verdict, and what was missing. Nothing is kept.

    Example: `voicedesk practice --line hotline`
    """
    if list_devices:
        for one in input_devices():
            say(one)
        return
    settings = settings_of(config)
    rules = rules_of(settings)
    agent = person_id(settings, agent)
    if agent is not None and agent not in {one.id for one in settings.agents}:
        raise InputError(f"nobody has the id or name {agent!r}: see [[agents]] in the settings")
    task = greeting_task(_chosen(settings, line), settings, rules, agent=agent)
    if task.names is None:
        raise InputError("this line has no department: give it one in [[lines]], or there is no greeting to judge")
    model = find_model(settings.speech.model, settings.speech.models_folder)
    if model.synthetic_only:
        complain(f"语音模型 speech model {model.name!r}: {model.statement}")
    listener = Listener(recognizer_of(model))
    thresholds, weighing = thresholds_of(model), weighing_limits_of(model)
    while True:
        say(f"请说 please say: {_to_say(task, rules)}")
        with Live(Text("…"), transient=True) as live:
            blocks = _blocks_of(wav) if wav else listen(device)
            judge = LiveJudge(task, rules, thresholds)
            done = attempt(listener, blocks, judge, weighing=weighing, shown=lambda words: live.update(Text(words)))
        _tell(done, rules)
        if wav or once or not typer.confirm(in_both("再试一次", "try again?"), default=True):
            return


def _to_say(task: GreetingTask, rules: GreetingRules) -> str:
    """The line's greeting as it is to be said, part by part."""
    department = task.names.name if task.names else ""
    words = {"matter": "请问您要办理什么业务？", "returning": "您刚才来电", "department": department}
    words["number"] = f"工号 {task.number or '…'}"
    return " → ".join(words.get(part) or both(GREETING_PARTS, part) for part in rules.parts_of(task.template))


def _chosen(settings: Settings, name: str | None) -> str:
    names = [one.name for one in settings.lines]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        if not names:
            raise WrongUsage("the settings have no [[lines]] yet: write the line whose greeting is practised")
        raise WrongUsage(f"choose a line with --line: {', '.join(names)}")
    return name


def _blocks_of(file: Path) -> Iterator[tuple[Samples, int]]:
    sound = read_sound(file)
    step = int(sound.rate * _BLOCK_SECONDS)
    samples = sound.channel(0)
    return ((samples[start : start + step], sound.rate) for start in range(0, len(samples), step))


def _tell(done: Attempt, rules: GreetingRules) -> None:
    judged = done.judged
    say(f"听到 heard: {done.transcript.text or '-'}")
    for part in judged.parts:
        say_as_it_is(f"  {part.start_seconds:5.1f} s  {both(GREETING_PARTS, part.part)}: {part.text}")
    say(f"判定 verdict: {both(GREETING_VERDICTS, judged.verdict)} ({rules.version})")
    if why := explained(judged.reason):
        say(f"  理由 reason: {translated(str(why.words))}")
    for remark in judged.remarks:
        say_as_it_is(f"  {remark_as_spoken(remark)}")
    for hint in done.hints:
        say_as_it_is(f"  → {hint}")
