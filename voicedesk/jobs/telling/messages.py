"""Keeps callers' recorded messages as files, and sends notices by text message."""

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from voicedesk.catalogue.model import Catalogue
from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import StoreError, reason_of
from voicedesk.ivr.model import Consultation, Recorded
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.telling.in_writing import message_of
from voicedesk.jobs.telling.programs import tell
from voicedesk.settings import Settings
from voicedesk.store.store import Store

_log = structlog.get_logger()


class MessageFolder:
    """Moves recorded messages from where the switch left them to where evidence is kept."""

    def __init__(self, settings: Settings, now: NowUs) -> None:
        self._settings, self._now = settings, now

    def change_settings(self, settings: Settings) -> None:
        """Uses the new folders from the next message on."""
        self._settings = settings

    async def keep(self, message: Recorded) -> Recorded:
        """The message by its file's new place; it stays where it is if that refuses."""
        folder = self._settings.ivr.folder
        if not message.file or folder is None:
            return message
        day = to_datetime(self._now()).astimezone(self._settings.hall.zone).date().isoformat()
        try:
            await asyncio.to_thread(_move, folder / message.file, self._settings.recording.folder / day)
        except OSError as error:
            _log.error("message_unmoved", file=message.file, reason=reason_of(error))
            return message
        return replace(message, file=f"{day}/{message.file}")


class TextMessages:
    """Sends notices as text messages by the hall's own program, beside the calls."""

    def __init__(self, store: Store, settings: Settings, guard: Guard) -> None:
        self._store, self._settings, self._guard = store, settings, guard
        self._sending: set[asyncio.Task[None]] = set()

    def change_settings(self, settings: Settings) -> None:
        """Uses the new program from the next text message on."""
        self._settings = settings

    def send(self, kept: Consultation, catalogue: Catalogue) -> None:
        """Sends the last notice of a walk, if the caller asked for that; waits for nothing."""
        told = kept.notices[-1] if kept.notices else None
        item = catalogue.version(told.item_id, told.version) if told else None
        if kept.sms_to is None or item is None:
            return
        what = {"number": kept.sms_to, "code": kept.code, "text": message_of(item, kept.code)}
        task = asyncio.create_task(self._send(kept.code, what), name="text message")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def finish(self) -> None:
        """Waits until all is sent; never fails."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(self, code: str, what: Mapping[str, object]) -> None:
        with self._guard.one(Part.DELIVERY, f"text message {code}", content=written(what)):
            outcome = await tell(self._settings.ivr.sms_command, what)
            log = _log.info if outcome == "ok" else _log.error
            log("sms_told", code=code, outcome=outcome)
            with contextlib.suppress(StoreError):
                await self._store.consultations.note_sms(code, outcome)


def _move(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(source, folder / source.name)
    (folder / source.name).chmod(0o600)
