"""Runs what pages must not do themselves in a process of its own: bounded in time and in what it may answer."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from voicedesk.errors import InputError, reason_of

_MOST_BYTES = 4 * 1024 * 1024


async def in_a_process(module: str, order: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What a module answers to an order, both JSON; the order is on its standard input alone. Raises InputError."""
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise InputError(f"the test cannot be started: {reason_of(error)}") from error
    try:
        async with asyncio.timeout(seconds):
            answer = await _answer_of(process, json.dumps(order).encode())
        told: dict[str, Any] = json.loads(answer)
    except TimeoutError as error:
        raise InputError(f"the test did not end within {seconds:g} s: try again") from error
    except (ValueError, OSError) as error:
        raise InputError("the test ended without an answer: `voicedesk doctor` may say why") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if "error" in told:
        raise InputError(str(told["error"]))
    return told


async def _answer_of(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    assert process.stdin is not None  # noqa: S101  # what PIPE promises
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(order)
    await process.stdin.drain()
    process.stdin.close()
    answer = bytearray()
    while block := await process.stdout.read(65536):
        answer += block
        if len(answer) > _MOST_BYTES:
            raise ValueError("the answer is too long")
    return bytes(answer)
