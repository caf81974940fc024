"""Has what has no sound yet spoken while the service runs: at the first start, and when items or texts came to it.

    python -m voicedesk.jobs.telling.sounds_wanted < settings-and-texts.json

The process apart takes over what was shipped, lets pyttsx3 say the rest meanwhile, and then the hall's own voice; every
sound is played from the moment it is there. It lets everything else on the machine go first.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from datetime import date
from typing import Any

import structlog

from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import InputError, reason_of
from voicedesk.hall.prompt_building import build_prompts
from voicedesk.hall.prompts import book_of, frames_of, wanted_by_service
from voicedesk.jobs.rounds import promise_round
from voicedesk.prompts.build import Wanted
from voicedesk.prompts.helper import be_nice
from voicedesk.prompts.named import is_published
from voicedesk.settings import Settings

ROUND_SECONDS = 3600.0
"""So often it is looked whether a text has no sound: on a new day new items begin."""
TABLES = {"hall", "prompts", "speech"}
"""What of the settings the process is told; no secret is among it."""

_log = structlog.get_logger()


class SoundsWanted:
    """Looks now and then whether every text has a sound; where one has none, all that is missing is built.

    `looked` is how often it did.
    """

    def __init__(self, settings: Settings, now: NowUs) -> None:
        self._settings, self._now = settings, now
        self._changed = asyncio.Event()
        self.looked = 0

    def change_settings(self, settings: Settings) -> None:
        """Looks again by new settings, at once or as soon as the build is done that goes on."""
        self._settings = settings
        self._changed.set()

    async def run(self) -> None:
        """Works until cancelled; a build that goes on then is ended."""
        promise_round(None)  # a whole catalogue takes the better part of an hour
        while True:
            self._changed.clear()
            try:
                await self._look(self._settings)
            except Exception as error:  # noqa: BLE001 -- whatever it is, callers are told what has a sound
                _log.error("prompts_not_built", reason=repr(error), cure="voicedesk prompts build")
            self.looked += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._changed.wait()

    async def _look(self, settings: Settings) -> None:
        day = to_datetime(self._now()).astimezone(settings.hall.zone).date()
        try:
            wanted = await asyncio.to_thread(_wanted_sounds, settings, day)
        except InputError:  # the texts cannot be read, which the shelf says
            return
        if not wanted:
            return
        _log.info("prompts_being_built", texts=len(wanted), voice=settings.prompts.engine)
        told = await _built_apart(settings, wanted)
        if told.get("error"):
            _log.error("prompts_not_built", reason=told["error"], cure="voicedesk prompts build")
        else:
            _log.info("prompts_built", **told)


def _wanted_sounds(settings: Settings, day: date) -> tuple[Wanted, ...]:
    """Every text, where one at least has no sound at all, or none that the dialplan finds; otherwise none."""
    book, wanted = book_of(settings), wanted_by_service(settings, day)
    is_missing = any(book.find(one.text, language=one.language) is None for one in wanted)
    return wanted if wanted and (is_missing or not is_published(book, frames_of(settings))) else ()


async def _built_apart(settings: Settings, wanted: tuple[Wanted, ...]) -> dict[str, object]:
    """What a build in a process apart tells; it is ended, with the voices it started, when this is cancelled.

    Its temporary files lie in a folder of ours: who is ended so cannot remove its own.
    """
    with tempfile.TemporaryDirectory(prefix="voicedesk-build-", ignore_cleanup_errors=True) as folder:
        return await _built_in(folder, settings, wanted)


async def _built_in(folder: str, settings: Settings, wanted: tuple[Wanted, ...]) -> dict[str, object]:
    order = {
        "settings": settings.model_dump(mode="json", include=TABLES),
        "wanted": [[one.text, one.language] for one in wanted],
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicedesk.jobs.telling.sounds_wanted"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "TMPDIR": folder},
        )
    except OSError as error:
        return {"error": f"no process can be started: {reason_of(error)}"}
    try:
        answer, _ = await process.communicate(json.dumps(order).encode())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    try:
        told: dict[str, object] = json.loads(answer)
    except ValueError:
        return {"error": f"the build ended with {process.returncode}"}
    return told


def answer(order: dict[str, Any]) -> dict[str, object]:
    """Builds what an order names; what came of it in figures, or an error."""
    settings = Settings.model_validate(order["settings"])
    wanted = [Wanted(text=text, language=language) for text, language in order["wanted"]]
    try:
        built = build_prompts(settings, wanted, lambda _: lambda *_: None, meanwhile=True)
    except InputError as error:
        return {"error": str(error)}
    if built.failed:
        return {"error": f"{len(built.failed)} sounds were not built; the first: {built.failed[0][1]}"}
    figures = {"shipped": built.shipped, "spoken": built.spoken, "recorded": built.recorded}
    return {**figures, "unclear": None if built.unclear is None else len(built.unclear)}


def main() -> None:  # pragma: no cover -- in a process of its own
    """Answers the one order on standard input."""
    be_nice()
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin)), ensure_ascii=False))


if __name__ == "__main__":
    main()
