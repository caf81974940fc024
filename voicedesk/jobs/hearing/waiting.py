"""Finds recordings that nobody heard (events were missed, the service was stopped) and has them heard."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.hearing import recordings
from voicedesk.jobs.hearing.open_recordings import Key, OpenRecordings
from voicedesk.jobs.hearing.recorded_calls import leg_of, stored_call
from voicedesk.jobs.rounds import promise_round
from voicedesk.jobs.trouble import Troubles
from voicedesk.plain_files import open_plain
from voicedesk.store.quarantine import SetAside
from voicedesk.store.store import Store

SCAN_SECONDS = 20.0
ROUND_SECONDS = 600.0
BEGINNING_BYTES = 64
LOOKS = 6
LOOK_AGAIN = 180
"""The database is asked for the call of a recording in the first `LOOKS` scans, and then in every 180th: each hour."""


class WaitingRecordings:
    """The recordings in the folders of the PBXs. A scan takes up what is not heard, and removes what was kept."""

    def __init__(
        self, store: Store, folders: Mapping[str, Path], heard_now: OpenRecordings, guard: Guard, troubles: Troubles
    ) -> None:
        self._store, self._folders, self._open = store, folders, heard_now
        self._guard, self._troubles = guard, troubles
        self._done: set[Key] = set()
        self._looked: Counter[Key] = Counter()

    async def run(self) -> None:
        """Scans the folders until it is cancelled."""
        while True:
            promise_round(ROUND_SECONDS)
            for pbx, folder in self._folders.items():
                with (
                    self._guard.one(Part.RECORDING, str(folder), pbx=pbx),
                    self._troubles.waiting("recordings_unread", about=pbx, on=(InputError, StoreError)),
                ):
                    await self._scan(pbx, folder)
            await asyncio.sleep(SCAN_SECONDS)

    def leave(self, key: Key) -> None:
        """A recording was kept, or cannot be heard: if its file still lies there, no scan looks at it again."""
        self._done.add(key)

    async def hear_again(self, item: SetAside) -> str:
        """A recording that was set aside is taken up again, if it still lies there. Raises InputError if not."""
        uniqueid = item.about.removesuffix(recordings.ENDING)
        folder = self._folders.get(item.pbx)
        path = recordings.file_of(folder, uniqueid) if folder is not None else None
        if path is None or not path.is_file():
            raise InputError(f"{item.about} lies in no folder of recordings any more")
        self._done.discard((item.pbx, uniqueid))
        self._looked.pop((item.pbx, uniqueid), None)
        return f"{item.about} is heard again; if that fails it is set aside anew"

    async def _scan(self, pbx: str, folder: Path) -> None:
        found = await asyncio.to_thread(recordings.waiting, folder)
        there = {(pbx, uniqueid) for uniqueid, _ in found}
        self._done = {key for key in self._done if key[0] != pbx or key in there}
        self._looked = Counter({key: n for key, n in self._looked.items() if key[0] != pbx or key in there})
        for uniqueid, path in found:
            key = (pbx, uniqueid)
            if key in self._done:
                continue
            with self._guard.one(Part.RECORDING, path.name, content=beginning_of(path), pbx=pbx):
                try:
                    await self._look_at(key, path)
                except StoreUnavailable:
                    raise
                except (InputError, StoreError) as error:
                    self._troubles.say("recording_not_looked_at", error, about=str(path))
                continue
            self._done.add(key)  # it stays lying there, and holds up no other

    async def _look_at(self, key: Key, path: Path) -> None:
        """One file: it is taken up, ended or removed, or left for the next time."""
        call = self._open.call_of(key)
        looked = self._looked[key]
        self._looked[key] += call is None
        if call is None and (looked < LOOKS or looked % LOOK_AGAIN == 0):
            call = await stored_call(self._store, *key)
        recording = self._open.get(key)
        if recording is not None:
            leg = leg_of(call, key[1]) if call else None
            if leg is None or leg.ended_at is not None:  # its hang-up was missed
                recording.end(leg.ended_at if leg else None)
            return
        stored = await self._store.greetings.get(*key)
        if key in self._done:  # it was heard to its end while we looked
            return
        if stored is not None and stored.recording is not None:
            recordings.remove(path)
        else:
            self._open.begin(key, path, call, None)


def beginning_of(path: Path) -> Callable[[], bytes]:
    """How a recording begins, to be set aside: all of it still lies where it lay."""
    return partial(_beginning, path)


def _beginning(path: Path) -> bytes:
    with open_plain(path) as file:
        return file.read(BEGINNING_BYTES)
