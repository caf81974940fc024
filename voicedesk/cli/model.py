"""`voicedesk model`: speech models, installed, chosen, tested, and calibrated on a hall's own recordings."""

import csv
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from voicedesk.audio.wav import Sound, read_sound
from voicedesk.cli.common import ERROR, ConfigOption, JsonOption, complain, path_of, say, say_json, settings_of, wait
from voicedesk.errors import InputError, WrongUsage, reason_of
from voicedesk.greeting.calibration import CARES, LabelledGreeting, calibrate, keep_calibration, thresholds_of
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict
from voicedesk.greeting.rules import GreetingRules
from voicedesk.greeting.weighing.model import WeighingLimits, more_careful
from voicedesk.greeting.weighing.voice import weighed_under
from voicedesk.hall.greetings import rules_of
from voicedesk.jobs.hearing.decided_greetings import DecidedGreeting, decided_greetings
from voicedesk.language.translate import translated
from voicedesk.settings import Settings, read_settings, with_key
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.install import find_model, install_model, list_models, verify_model
from voicedesk.speech.listening import Listener, Listening
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Transcript
from voicedesk.speech.workers import SpeechWorkers
from voicedesk.store.store import Store
from voicedesk.words import in_both

LABELS = "labels.csv"
_MIB = 1024 * 1024

app = typer.Typer(help="Speech models: which one hears greetings, how far to believe it.", no_args_is_help=True)
NameArgument = Annotated[str | None, typer.Argument(help="A model's name or folder; else the one in use.")]


@app.command()
def install(
    source: Annotated[
        Path, typer.Argument(help="A model as ZIP, its folder, or whisper-base.", parser=path_of, metavar="PATH")
    ],
    config: ConfigOption = None,
) -> None:
    """Install a Vosk or Whisper model from a ZIP or a folder: looked through, unpacked safely, checksums kept, loaded.

    Example: `voicedesk model install vosk-model-small-cn-0.22.zip`
    """
    settings = settings_of(config)
    model = install_model(source, settings.speech.models_folder)
    wait(_loads(model))
    say(f"{model.path.name}: installed, {model.rate} Hz; it is used after: voicedesk model use {model.path.name}")


@app.command("list")
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the models there are, and which one is in use.

    Example: `voicedesk model list`
    """
    speech = settings_of(config).speech
    found = [_plain(one.name, one.size_bytes, one.model, one.problem) for one in list_models(speech.models_folder)]
    for one in found:
        one["in_use"] = one["name"] == speech.model
    if json:
        say_json(found)
        return
    for one in found:
        mark = "*" if one["in_use"] else " "
        doubted = "not calibrated: adverse verdicts go to review"
        state = translated(one["problem"] or ("" if one["calibrated"] else doubted)) or in_both("已校准", "calibrated")
        say(f"{mark} {one['name']}  {one['size_bytes'] / _MIB:.1f} MiB  {state}")
        if one["statement"]:
            say(f"    {translated(one['statement'])}")


@app.command()
def use(
    name: Annotated[str, typer.Argument(help="An installed model's name, whisper-base or embedded.")],
    config: ConfigOption = None,
) -> None:
    """Write into the settings which model hears greetings; the service takes it at its next start.

    Example: `voicedesk model use vosk-model-small-cn-0.22`
    """
    loaded = read_settings(config)
    model = find_model(name, loaded.settings.speech.models_folder)
    wait(_loads(model))
    if loaded.file is None:
        raise InputError(f'there is no settings file: write [speech] model = "{name}" into one (voicedesk init)')
    with_key(loaded.file, "speech", "model", name)
    say(f"{loaded.file}: [speech] model is {name!r} now; restart the service")


@app.command("test")
def try_model(name: NameArgument = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Compare a model with its checksums, load it in a worker, and say what it can do.

    Example: `voicedesk model test vosk-model-small-cn-0.22`
    """
    model = _model(name, config)
    verify_model(model)
    seconds = wait(_loads(model))
    told = {**_plain(model.path.name, 0, model, None), "rate": model.rate, "takes_grammar": model.takes_grammar}
    told |= {"words": len(model.words) if model.words is not None else None, "load_seconds": round(seconds, 2)}
    del told["size_bytes"], told["problem"]
    if json:
        say_json(told)
    else:
        _say_model(told)


@app.command("calibrate")
def calibrate_(
    folder: Annotated[
        Path | None,
        typer.Argument(help=f"Recordings that begin at the answer, and {LABELS}.", metavar="FOLDER", parser=path_of),
    ] = None,
    decided: Annotated[
        bool, typer.Option("--decided", help="Also the kept recordings of greetings that a person decided.")
    ] = False,
    name: Annotated[str | None, typer.Option("--model", help="A model's name or folder; else the one in use.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what was found.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Set a model's limits of doubt from the hall's own labelled recordings; half of them prove what was found.

    Example: `voicedesk model calibrate recordings/`

    labels.csv has the columns file, department, verdict (compliant, incomplete …), and may have forbidden (yes),
    aliases and others (names parted by semicolons). Without proof nothing is written, and the exit code is 1.
    """
    model = _model(name, config)
    if model.synthetic_only:
        complain(f"speech model {model.name!r}: {model.statement}")
    settings = settings_of(config)
    rules, listener = rules_of(settings), Listener(recognizer_of(model))
    if folder is None and not decided:
        raise WrongUsage(f"name a folder with recordings and {LABELS}, or --decided for what people decided here")
    greetings = list(_labelled(folder, listener, rules)) if folder is not None else []
    greetings += list(_decided(settings, listener, rules)) if decided else []
    found = calibrate(greetings, rules)
    if json:
        say_json({"is_good": found.is_good, **asdict(found)})
    else:
        for half, outcome in (("chosen on", found.chosen_on), ("proven on", found.proven_on)):
            say(f"{half} {outcome.total}: {outcome.right} right, {outcome.untold} cannot_tell, {outcome.wrong} wrong")
        limits, weighing = found.thresholds, found.weighing
        if weighing is None:
            say(f"confidence {limits.confidence}, known {limits.known_share}, agreement {limits.agreement}")
        else:
            say(f"the sentence that wins must lead over other departments by {weighing.over_names} nats")
    if not found.is_good:
        complain("this model may not judge this hall's greetings alone: its adverse verdicts go on going to review")
        raise typer.Exit(ERROR)
    if not dry_run:
        path = keep_calibration(model, found, datetime.now(UTC).date().isoformat())
        complain(f"{path}: written")


def _model(name: str | None, config: Path | None) -> SpeechModel:
    speech = settings_of(config).speech
    return find_model(speech.model if name is None else name, speech.models_folder)


async def _loads(model: SpeechModel) -> float:
    """Seconds until a worker has it loaded: a damaged model may take its process down, and not ours."""
    workers = SpeechWorkers(model.path)
    began = time.monotonic()
    try:
        await workers.ready()
        return time.monotonic() - began
    finally:
        await workers.close()


def _plain(name: str, size: int, model: SpeechModel | None, problem: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "size_bytes": size,
        "calibrated": model is not None and thresholds_of(model).calibrated,
        "synthetic_only": model is not None and model.synthetic_only,
        "statement": model.statement if model else "",
        "problem": problem,
    }


def _say_model(told: dict[str, Any]) -> None:
    """What a test found, a line a matter."""
    say(f"名称 name: {told['name']}")
    say(f"已校准 calibrated: {_yes_or_no(told['calibrated'])}")
    say(f"只懂合成语音 hears synthetic voices only: {_yes_or_no(told['synthetic_only'])}")
    if told["statement"]:
        say(f"说明 statement: {translated(told['statement'])}")
    say(f"采样率 sample rate: {told['rate']} Hz")
    say(f"可限定词表 takes a grammar: {_yes_or_no(told['takes_grammar'])}")
    words = in_both("不明", "unknown") if told["words"] is None else told["words"]
    say(f"词数 words: {words}")
    say(f"加载用时 loaded within: {told['load_seconds']} s")


def _yes_or_no(is_so: bool) -> str:
    return in_both("是", "yes") if is_so else in_both("否", "no")


def _labelled(folder: Path, listener: Listener, rules: GreetingRules) -> Iterator[LabelledGreeting]:
    """Each labelled recording as it is heard. Raises InputError naming the line that is wrong."""
    rows = _rows(folder / LABELS)
    for number, row in enumerate(track(rows, description="hearing", transient=True), 2):
        try:
            verdict = GreetingVerdict(row["verdict"].strip())
            names = DepartmentNames(
                name=row["department"].strip(), aliases=_names(row.get("aliases")), others=_names(row.get("others"))
            )
            file = row["file"].strip()
        except (KeyError, ValueError, AttributeError) as error:
            raise InputError(
                f"{folder / LABELS}, line {number}: file, department and verdict are needed: {error}"
            ) from error
        sound = read_sound(folder / file)
        yes = (row.get("forbidden") or "").strip().lower() in ("yes", "1", "true", "是")
        task = GreetingTask(names=names, template="inbound", limits=rules.limits)
        yield LabelledGreeting(names=names, verdict=verdict, has_forbidden=yes, **_heard(listener, sound, task, rules))


def _heard(listener: Listener, sound: Sound, task: GreetingTask, rules: GreetingRules) -> dict[str, Any]:
    """The transcript of a greeting and, by a model that compares sentences, one for each care that is tried."""
    found: dict[str, Any] = {"weighed": ()}

    def closer(listening: Listening, heard: Transcript) -> Transcript:
        if not listener.recognizer.model.compares:
            return listening.hear_again()
        cares = (more_careful(WeighingLimits(), care) for care in CARES)
        found["weighed"] = weighed_under(heard, task, rules, cares, listening.ask)
        return heard

    is_cut = sound.is_cut or sound.is_unfinished
    found["transcript"] = listener.transcribe(sound.channel(0), sound.rate, cut_short=is_cut, closer=closer)
    return found


def _decided(settings: Settings, listener: Listener, rules: GreetingRules) -> Iterator[LabelledGreeting]:
    """Greetings that a person decided, as they are heard; what cannot be read any more is told and left out."""

    async def there() -> list[DecidedGreeting]:
        async with Store.open(settings.store.url, may_write=False) as store:
            return await decided_greetings(store, settings)

    for one in track(wait(there()), description="hearing", transient=True):
        names = one.task.names
        try:
            sound = read_sound(one.file)
        except InputError as error:
            complain(str(error))
            continue
        if names is not None:
            yield LabelledGreeting(
                **_heard(listener, sound, one.task, rules),
                names=names,
                verdict=one.verdict,
                has_forbidden=one.has_forbidden,
                template=one.task.template,
                limits=one.task.limits,
                number=one.task.number,
            )


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: the labels cannot be read: {reason_of(error)}") from error


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").replace("；", ";").split(";") if name.strip())
