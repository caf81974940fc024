"""Runs a program of the hall (text messages, outages) with JSON on its input."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence

from voicedesk.errors import reason_of

TELL_SECONDS = 30.0


async def tell(command: Sequence[str], what: Mapping[str, object]) -> str:
    """Runs a program with `what` as JSON on its input; what came of it: "ok", or what went wrong."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return f"{command[0]} cannot be run: {reason_of(error)}"
    try:
        async with asyncio.timeout(TELL_SECONDS):
            _, said = await process.communicate(json.dumps(what, ensure_ascii=False).encode())
    except TimeoutError:
        return f"{command[0]} did not end within {TELL_SECONDS:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode == 0:
        return "ok"
    last = said.decode(errors="replace").strip().rpartition("\n")[2]
    return f"{command[0]} ended with {process.returncode}: {last}".rstrip(": ")
