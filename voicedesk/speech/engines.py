"""The engine that a model needs, told from the model's kind. An engine is imported only where it is used."""

from voicedesk.errors import InputError
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.recognizer import Recognizer


def recognizer_of(model: SpeechModel) -> Recognizer:
    """The model in memory, behind the port. Raises InputError: it does not load, or its engine is not installed."""
    if model.kind == "vosk":
        from voicedesk.speech.vosk_engine import VoskRecognizer

        return VoskRecognizer(model)
    try:
        from voicedesk.speech.whisper_engine import WhisperRecognizer
    except ImportError as error:
        raise InputError(
            f"{model.name}: a Whisper model needs the engine faster-whisper ({error}): pip install 'voicedesk[people]'"
        ) from error
    return WhisperRecognizer(model)
