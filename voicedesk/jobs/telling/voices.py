"""Makes the sound of one call: where its prompts lie, and speech recognition where it is on."""

from voicedesk.agi.call import AgiCall
from voicedesk.audio.g711 import Samples
from voicedesk.ivr.model import Menu
from voicedesk.ivr.names import item_named, names_of
from voicedesk.jobs.telling.shelf import Shelf
from voicedesk.jobs.telling.sound import IvrSound, Spool
from voicedesk.settings import Settings
from voicedesk.speech.workers import SpeechWorkers


class Voices:
    """Makes the sound of calls. `workers` None: nobody can hear what a caller says."""

    def __init__(self, settings: Settings, workers: SpeechWorkers | None) -> None:
        self._settings, self._workers = settings, workers

    def change_settings(self, settings: Settings) -> None:
        """Uses the new folders from the next call on."""
        self._settings = settings

    @property
    def can_hear(self) -> bool:
        """Whether callers may choose an item by its name."""
        return self._workers is not None and self._settings.ivr.speech and self._settings.ivr.folder is not None

    def of(self, call: AgiCall, shelf: Shelf, name: str) -> IvrSound:
        """The sound of one call; the files of its recordings begin with `name`."""
        prompts, folder = self._settings.prompts, self._settings.ivr.folder
        spool = Spool(here=folder, there=folder) if folder else None

        async def choose(samples: Samples, rate: int) -> str | None:
            return await self._choose(samples, rate, shelf.menu)

        sounds = prompts.asterisk_folder or prompts.folder
        return IvrSound(call, shelf.book, sounds, spool=spool, name=name, choose=choose if self.can_hear else None)

    async def _choose(self, samples: Samples, rate: int, menu: Menu) -> str | None:
        """The item that is named in what a caller said."""
        workers = self._workers
        if workers is None:
            return None
        async with workers.hear(rate, names_of(menu)) as voice:
            await voice.accept(samples)
            transcript = await voice.finish()
        item = item_named(menu, "".join(word.text for word in transcript.words if not word.is_unknown))
        return item.id if item else None
