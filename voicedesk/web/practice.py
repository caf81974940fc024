"""Practising one's greeting with the browser's microphone (S18): heard by a process apart, and nothing is kept."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Thing
from voicedesk.errors import InputError, reason_of
from voicedesk.language.translate import translated
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.words import Language

TABLES = {"hall", "lines", "phones", "agents", "assignments", "greeting", "speech"}
"""What of the settings the process is told; no secret is among it."""
HEARD_SECONDS = 90
"""A slow machine needs long to load a model that understands people."""
WAITED_SECONDS = 30
_SENT_SECONDS = 30
_HEARING = "voicedesk.jobs.hearing.practising"
"""Started by its name: pages do no job of the service, and hold no model in memory."""


class PracticePages:
    """What a person is told of a greeting that they said just now. One is heard at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hearing = asyncio.Lock()

    async def practise(self, request: Request) -> Response:
        """Takes a WAV file as the body; gives the part of a page that says what came of it."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.CHANGE, Thing.APPEAL)
        desk.must_be_its_own(request, visitor, request.headers.get("desk-form", ""))
        language = visitor.look.language
        try:
            sound = await _body(request)
            told = await self._heard(language, person, request.query_params.get("line", ""), sound)
        except InputError as error:
            told = {"error": str(error)}
        return desk.pages.page("practice.html", visitor, told | {"error": translated(told["error"], language)})

    async def _heard(self, language: Language, person: Person, line: str, sound: bytes) -> dict[str, Any]:
        """What the process tells. Raises InputError where it tells nothing."""
        order = {
            "settings": self._desk.settings.model_dump(mode="json", include=TABLES, by_alias=True),
            "line": line,
            "agent": person.account.agent,
            "language": language.value,
        }
        try:
            async with asyncio.timeout(WAITED_SECONDS):
                await self._hearing.acquire()
        except TimeoutError as error:
            raise InputError("somebody else is practising just now: try again in a minute") from error
        try:
            return await _in_a_process(json.dumps(order).encode() + b"\n" + sound)
        finally:
            self._hearing.release()


async def _body(request: Request) -> bytes:
    try:
        async with asyncio.timeout(_SENT_SECONDS):
            return await request.body()
    except (TimeoutError, ClientDisconnect) as error:
        raise InputError("the sound did not arrive: try again") from error


async def _in_a_process(order: bytes) -> dict[str, Any]:
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _HEARING),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise InputError(f"the hearing cannot be started: {reason_of(error)}") from error
    try:
        async with asyncio.timeout(HEARD_SECONDS):
            answer, _ = await process.communicate(order)
        told: dict[str, Any] = json.loads(answer)
    except TimeoutError as error:
        raise InputError(f"it was not heard within {HEARD_SECONDS} s: is the machine too slow?") from error
    except ValueError as error:
        raise InputError(f"the hearing ended with {process.returncode}: `voicedesk doctor` may say why") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return told
