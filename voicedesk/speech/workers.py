"""Speech recognition in processes beside the service: bounded, of low priority, renewed when they grow.

A worker that crashes, hangs or cannot load its model costs the voices it was hearing, which raise `SpeechLost`, and
nothing else. Nobody sends more sound than was asked for: each lump is answered before the next one is sent.
"""

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import structlog

from voicedesk.audio.g711 import Samples
from voicedesk.errors import SpeechLost, SpeechUnavailable
from voicedesk.speech import frames
from voicedesk.speech.transcript import Transcript, from_json

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """`voices` that one worker hears at a time; `memory_mib` over which it hears no new ones and is replaced; seconds
    that it may take to start and to answer, after which it is taken for hung and killed."""

    voices: int = 24
    memory_mib: int = 600
    start_seconds: float = 120.0
    answer_seconds: float = 30.0


class SpeechWorkers:
    """A number of workers with one model; they are started when they are first needed."""

    def __init__(self, model: Path, count: int = 1, limits: WorkerLimits | None = None) -> None:
        self._model = model
        self._limits = limits or WorkerLimits()
        self._slots: list[_Process | None] = [None] * count
        self._retiring: list[_Process] = []
        self._room = asyncio.Semaphore(count * self._limits.voices)
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def hear(self, rate: int, names: Sequence[str] = ()) -> AsyncIterator["Voice"]:
        """A voice of `rate` samples a second; waits until there is room. With `names` it says one of these.

        Raises SpeechUnavailable, SpeechLost.
        """
        async with self._room:
            process = await self._with_room()
            voice = Voice(process, rate, names)
            try:
                yield voice
            finally:
                voice.drop()

    async def ready(self) -> None:
        """Starts a worker, if there is none, to see that one can be started. Raises SpeechUnavailable."""
        await self._with_room()

    async def close(self) -> None:
        """Ends every worker."""
        running = [process for process in self._slots if process is not None] + self._retiring
        self._slots, self._retiring = [None] * len(self._slots), []
        for process in running:
            await process.close()

    @property
    def processes(self) -> list[int]:
        """The process ids of the workers that run."""
        return [process.pid for process in self._slots if process is not None and not process.is_over]

    async def _with_room(self) -> "_Process":
        """The worker that hears the fewest voices; a new one where there is none, or one has grown too large."""
        async with self._starting:
            await self._renew()
            idle = [place for place, process in enumerate(self._slots) if process is None]
            free = [process for process in self._slots if process and len(process.waiting) < self._limits.voices]
            best = min(free, key=lambda process: len(process.waiting), default=None)
            if best is not None and (not best.waiting or not idle):
                return best
            process = await _Process.start(self._model, self._limits)
            self._slots[idle[0]] = process
            return process

    async def _renew(self) -> None:
        """Takes away workers that are gone or too large; those still at work may finish it."""
        for place, process in enumerate(self._slots):
            if process is None:
                continue
            is_too_large = process.memory_kib > self._limits.memory_mib * 1024
            if is_too_large and not process.is_over:
                _log.info("speech_worker_renewed", pid=process.pid, memory_mib=process.memory_kib // 1024)
            if is_too_large or process.is_over:
                self._slots[place] = None
                self._retiring.append(process)
        done = [process for process in self._retiring if process.is_over or not process.waiting]
        self._retiring = [process for process in self._retiring if process not in done]
        for process in done:
            await process.close()


class Voice:
    """One voice in a worker; one lump at a time."""

    def __init__(self, process: "_Process", rate: int, names: Sequence[str] = ()) -> None:
        self._process = process
        self._number = process.begin(rate, names)

    async def accept(self, samples: Samples, *, tell: bool = False) -> Transcript | None:
        """Takes the next samples. All that was settled so far, if something was now; with `tell` also in silence.

        Raises SpeechLost.
        """
        values = {"do": "hear", "voice": self._number, "tell": tell}
        answer = await self._process.ask(values, samples.astype("<i2").tobytes())
        return from_json(answer["transcript"]) if answer["transcript"] else None

    async def finish(self, *, cut_short: bool = False) -> Transcript:
        """The transcript of all that was heard. Raises SpeechLost."""
        answer = await self._process.ask({"do": "finish", "voice": self._number, "cut_short": cut_short})
        return from_json(answer["transcript"])

    async def hear_again(self) -> Transcript:
        """The last transcript, its words heard a second time; also after the end. Raises SpeechLost."""
        answer = await self._process.ask({"do": "hear_again", "voice": self._number})
        return from_json(answer["transcript"])

    def drop(self) -> None:
        """The worker may forget it."""
        self._process.end(self._number)


class _Process:
    """One worker process and what is asked of it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: WorkerLimits) -> None:
        self._process = process
        self._limits = limits
        self._numbers = itertools.count(1)
        self.waiting: dict[int, asyncio.Future[dict[str, Any]] | None] = {}
        self.memory_kib = 0
        self.is_over = False
        self._reading: asyncio.Task[None] | None = None
        self._last_words = b""
        self._complaining = asyncio.create_task(self._read_complaints(), name="speech worker's complaints")

    @classmethod
    async def start(cls, model: Path, limits: WorkerLimits) -> "_Process":
        """A worker with its model loaded. Raises SpeechUnavailable."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicedesk.speech.worker", str(model)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        worker = cls(process, limits)
        try:
            async with asyncio.timeout(limits.start_seconds):
                hello = await worker._read()
        except (TimeoutError, EOFError):
            await worker.close()
            raise SpeechUnavailable("the speech worker ended, or hung, while it loaded its model") from None
        except BaseException:
            await worker.close()
            raise
        if "error" in hello:
            await worker.close()
            raise SpeechUnavailable(str(hello["error"]))
        worker._reading = asyncio.create_task(worker._read_on(), name="speech worker")
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def begin(self, rate: int, names: Sequence[str]) -> int:
        """A new voice's number."""
        number = next(self._numbers)
        self.waiting[number] = None
        self._send({"do": "begin", "voice": number, "rate": rate, "names": list(names)})
        return number

    def end(self, number: int) -> None:
        """The voice is of no interest any more."""
        self.waiting.pop(number, None)
        self._send({"do": "drop", "voice": number})

    async def ask(self, values: dict[str, Any], sound: bytes = b"") -> dict[str, Any]:
        """Sends a message about a voice and waits for its answer."""
        if self.is_over:
            raise SpeechLost("the speech worker is gone")
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.waiting[values["voice"]] = answer
        self._send(values, sound)
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await answer
        except TimeoutError:
            _log.error("speech_worker_hung", pid=self.pid)
            self._lose()
            raise SpeechLost(f"the speech worker did not answer in {self._limits.answer_seconds:g} s") from None

    async def close(self) -> None:
        """Ends the process; what still waits is told that it is lost."""
        self._lose()
        await asyncio.wait({self._complaining} | ({self._reading} if self._reading else set()))
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    def _send(self, values: dict[str, Any], sound: bytes = b"") -> None:
        stdin = self._process.stdin
        if stdin is not None and not self.is_over and not stdin.is_closing():
            stdin.write(frames.to_frame(values, sound))

    async def _read(self) -> dict[str, Any]:
        source = cast(asyncio.StreamReader, self._process.stdout)
        values, _ = frames.lengths(await source.readexactly(frames.HEAD_BYTES))
        answer = frames.read_values(await source.readexactly(values))
        self.memory_kib = int(answer["memory_kib"])
        return answer

    async def _read_on(self) -> None:
        """Hands each answer to who waits for it, until the process ends."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                answer = await self._read()
                waiter = self.waiting.get(answer["voice"])
                if waiter is not None and not waiter.done():
                    waiter.set_result(answer)
        if not self.is_over:
            await asyncio.wait({self._complaining})
            said = self._last_words.decode(errors="replace").strip().rpartition("\n")[2]
            _log.error("speech_worker_lost", pid=self.pid, exit_code=await self._process.wait(), said=said)
        self._lose()

    async def _read_complaints(self) -> None:
        """What it writes beside its answers: the end of it is told when it is lost."""
        source = cast(asyncio.StreamReader, self._process.stderr)
        while text := await source.read(4096):
            self._last_words = (self._last_words + text)[-2000:]

    def _lose(self) -> None:
        self.is_over = True
        for waiter in self.waiting.values():
            if waiter is not None and not waiter.done():
                waiter.set_exception(SpeechLost("the speech worker ended"))
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
