"""The settings as the guided start changes them: saved where the desk may, else laid aside with what to type."""

import asyncio
import hashlib
import os
import shlex
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Thing
from voicedesk.desk.asking import NOT_DONE, Asked, ask
from voicedesk.errors import InputError, NotBegun, SettingsError, reason_of
from voicedesk.hall.settings_file import examined, may_write, right_settings, save, write_secret
from voicedesk.settings import Settings
from voicedesk.settings.editing import Edit, edited
from voicedesk.settings.source import text_of
from voicedesk.step_rows import StepKind
from voicedesk.web.changed_settings import ChangedSettings
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.setup.progress import Progress

FOLDER, NAME = "setup", "voicedesk.toml"
PROGRAM = Path(sys.executable).with_name("voicedesk")
NO_FILE = "the desk was started without a settings file: write one with `voicedesk init`, and start it with --config"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text of the settings with what it says, as far as it can be used.

    `on_disk` is what the file says now; `is_waiting`: the text is ahead of it, and somebody else must put it there.
    """

    file: Path
    on_disk: str
    text: str
    settings: Settings
    wrong: str
    can_write: bool
    is_waiting: bool
    waiting_file: Path

    @property
    def command(self) -> str:
        """What puts waiting changes into force, with the very program that this desk is of."""
        program, waiting, file = (shlex.quote(str(one)) for one in (PROGRAM, self.waiting_file, self.file))
        return f"sudo {program} config take {waiting} --config {file}"

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The tables of a name as they stand in the text, in their order."""
        with suppress(ValueError, RecursionError):
            found = tomllib.loads(self.text).get(table, [])
            return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a change. `is_well`: it is in force, or will be at the next start."""

    said: str
    is_well: bool = True
    is_waiting: bool = False


class Drafts:
    """Reads and changes the settings; one change at a time."""

    def __init__(self, desk: Desk, changed: ChangedSettings, progress: Progress) -> None:
        self._desk, self._changed, self._progress = desk, changed, progress
        self._saving = asyncio.Lock()

    @property
    def waiting_file(self) -> Path:
        """Where changes wait that the desk may not put into force."""
        return self._progress.folder / FOLDER / NAME

    def read(self) -> Draft:
        """The settings as they are to be. Raises InputError where the desk has no settings file."""
        file = self._changed.file
        if file is None:
            raise InputError(NO_FILE)
        on_disk = text = ""
        unread = ""
        try:
            on_disk = text = text_of(file) if file.exists() else ""
        except SettingsError as error:
            unread = str(error)
        waiting = self._waiting(on_disk)
        if waiting is not None:
            text = waiting
        loaded, wrong = examined(file, text=text) if file.exists() or text else (None, [])
        return Draft(
            file=file,
            on_disk=on_disk,
            text=text,
            settings=loaded.settings if loaded is not None else self._desk.settings,
            wrong=unread or "\n".join(map(str, wrong)),
            can_write=may_write(file),
            is_waiting=waiting is not None,
            waiting_file=self.waiting_file,
        )

    def _waiting(self, on_disk: str) -> str | None:
        """Changes that wait; those that were put into force, or were made from another file, are over."""
        base = self._progress.read().base
        if not base:
            return None
        try:
            text = text_of(self.waiting_file)
        except SettingsError:
            return None
        if text == on_disk or base != _mark_of(on_disk):
            self._forget_waiting()
            return None
        return text

    def _forget_waiting(self) -> None:
        with suppress(OSError):
            self.waiting_file.unlink(missing_ok=True)
        self._progress.wait_on("")

    def keep_secret(self, draft: Draft, name: str, secret: str) -> Path:
        """Writes a secret where only the service reads it. Raises SettingsError."""
        if draft.can_write:
            place = draft.file.resolve()
            return write_secret(place.parent, name, secret, like=place if place.exists() else place.parent)
        folder = self._own_folder()
        return write_secret(folder, name, secret, like=folder)

    def _own_folder(self) -> Path:
        folder = self.waiting_file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise SettingsError(f"{folder} cannot be written: {reason_of(error)}") from error
        return folder.absolute()

    async def change(self, draft: Draft, edits: Sequence[Edit], person: Person, address: str, what: str) -> Told:
        """Carries edits out, as a whole or not at all, and asks the service to read them. Raises SettingsError.

        `what` is the table and which one, for the audit log.
        """
        async with self._saving:
            text = await asyncio.to_thread(edited, draft.text, edits)
            if draft.can_write:
                await asyncio.to_thread(save, draft.file, text, before=draft.on_disk, at=self._desk.now())
            else:
                await asyncio.to_thread(self._lay_aside, draft, text)
        await self._desk.doorkeeper.note(person, Deed.SETTINGS_CHANGED, Thing.SETTINGS, what, address)
        _log.info("web_settings_changed", login=person.account.login, what=what, waits=not draft.can_write)
        if not draft.can_write:
            return Told(said="", is_waiting=True)
        if draft.is_waiting:
            self._forget_waiting()
        await self._changed.look(at_once=True)
        return await self._ask_to_read(person)

    def _lay_aside(self, draft: Draft, text: str) -> None:
        right_settings(draft.file, text)
        self._own_folder()
        new = self.waiting_file.with_name(f".{NAME}.new")
        try:
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            new.replace(self.waiting_file)
        except OSError as error:
            raise SettingsError(f"{self.waiting_file} cannot be written: {reason_of(error)}") from error
        self._progress.wait_on(_mark_of(draft.on_disk))

    async def _ask_to_read(self, person: Person) -> Told:
        """What the running service says of the new settings."""
        asked = Asked(kind=StepKind.RELOAD, row={}, look="the service's log")
        try:
            return Told(said=await ask(self._desk.keeper.store, asked, asked_by=person.account.login))
        except NotBegun:
            return Told(said="no service runs: it reads these settings when it starts")
        except NOT_DONE as error:
            return Told(said=str(error), is_well=False)


def _mark_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
