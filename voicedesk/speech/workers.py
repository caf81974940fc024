"""Speech recognition in processes beside the service: bounded, of low priority, renewed when they grow.

A worker that crashes, hangs or cannot load its model costs the voices it was hearing, which raise `SpeechLost`, and
nothing else. A worker does one thing after another, so the voice whose question is the oldest without an answer is the
one that it crashed or hung over: the others were only interrupted (`SpeechInterrupted`). Nobody sends more sound than
was asked for: each lump is answered before the next one is sent.
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
from voicedesk.errors import SpeechInterrupted, SpeechLost, SpeechUnavailable
from voicedesk.speech import frames
from voicedesk.speech.fits import Answer, Question, answer_from_json, question_as_json
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Transcript, from_json
from voicedesk.speech.whisper.folder import WEIGHTS

_ANSWERS = 1
"""The file descriptor on which a worker answers."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """`voices` that one worker hears at a time; `memory_mib` over which it hears no new ones and is replaced; seconds
    that it may take to start and to answer, after which it is taken for hung and killed."""

    voices: int = 24
    memory_mib: int = 600
    start_seconds: float = 120.0
    answer_seconds: float = 30.0


def limits_of(model: SpeechModel) -> WorkerLimits:
    """What one worker may take with a model: fewer voices with Whisper, which takes a second for each utterance."""
    if model.kind != "whisper":
        return WorkerLimits()
    weights_mib = (model.path / WEIGHTS).stat().st_size >> 20
    return WorkerLimits(voices=12, memory_mib=1000 + 3 * weights_mib, answer_seconds=120.0)


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
        answer = await self._process.ask(values, samples.astype("<i2", copy=False).tobytes())
        return from_json(answer["transcript"]) if answer["transcript"] else None

    async def finish(self, *, cut_short: bool = False) -> Transcript:
        """The transcript of all that was heard. Raises SpeechLost."""
        answer = await self._process.ask({"do": "finish", "voice": self._number, "cut_short": cut_short})
        return from_json(answer["transcript"])

    async def hear_again(self) -> Transcript:
        """The last transcript, its words heard a second time; also after the end. Raises SpeechLost."""
        answer = await self._process.ask({"do": "hear_again", "voice": self._number})
        return from_json(answer["transcript"])

    async def ask(self, question: Question) -> Answer:
        """The answer about what was said first, by a model that compares sentences. Raises SpeechLost."""
        asked = {"do": "ask", "voice": self._number, "question": question_as_json(question)}
        return answer_from_json((await self._process.ask(asked))["answer"])

    def drop(self) -> None:
        """The worker may forget it."""
        self._process.end(self._number)


class _Process(asyncio.SubprocessProtocol):
    """One worker process and what is asked of it."""

    def __init__(self, limits: WorkerLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._loop = loop
        self._numbers = itertools.count(1)
        self._transport: asyncio.SubprocessTransport | None = None
        self._hello: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._unread = bytearray()
        self._unsent: list[bytes] = []
        self._last_words = b""
        self.waiting: dict[int, asyncio.Future[dict[str, Any]] | None] = {}
        self.memory_kib = 0
        self.is_over = False

    @classmethod
    async def start(cls, model: Path, limits: WorkerLimits) -> "_Process":
        """A worker with its model loaded. Raises SpeechUnavailable."""
        loop = asyncio.get_running_loop()
        worker = cls(limits, loop)
        command = (sys.executable, "-m", "voicedesk.speech.worker", str(model))
        await loop.subprocess_exec(lambda: worker, *command)
        try:
            async with asyncio.timeout(limits.start_seconds):
                hello = await worker._hello
        except (TimeoutError, SpeechLost):
            await worker.close()
            raise SpeechUnavailable("the speech worker ended, or hung, while it loaded its model") from None
        except BaseException:
            await worker.close()
            raise
        if "error" in hello:
            await worker.close()
            raise SpeechUnavailable(str(hello["error"]))
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        pid = self._transport.get_pid() if self._transport is not None else None
        return pid if pid is not None else 0

    def begin(self, rate: int, names: Sequence[str]) -> int:
        """A new voice's number."""
        number = next(self._numbers)
        self.waiting[number] = None
        self._tell({"do": "begin", "voice": number, "rate": rate, "names": list(names)})
        return number

    def end(self, number: int) -> None:
        """The voice is of no interest any more."""
        self.waiting.pop(number, None)
        self._tell({"do": "drop", "voice": number})

    async def ask(self, values: dict[str, Any], sound: bytes = b"") -> dict[str, Any]:
        """Sends a message about a voice and waits for its answer."""
        if self.is_over:
            raise SpeechInterrupted("the speech worker is gone")
        answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self.waiting.pop(values["voice"], None)  # so that the oldest question stands first
        self.waiting[values["voice"]] = answer
        self._tell(values, sound)
        self._send()
        hung = self._loop.call_later(self._limits.answer_seconds, self._hung)
        try:
            return await answer
        finally:
            hung.cancel()

    async def close(self) -> None:
        """Ends the process; what still waits is told that it is lost."""
        self._lose("the speech worker ended")
        if self._transport is not None:
            await asyncio.wait({self._ended})
            self._transport.close()

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != _ANSWERS:
            self._last_words = (self._last_words + data)[-2000:]
            return
        self._unread += data
        for answer in frames.take_values(self._unread):
            self._answered(answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- its end is told by its exit code
        if not self.is_over:
            said = self._last_words.decode(errors="replace").strip().rpartition("\n")[2]
            code = self._transport.get_returncode() if self._transport is not None else None
            _log.error("speech_worker_lost", pid=self.pid, exit_code=code, said=said)
        self._lose("the speech worker ended")
        self._ended.set_result(None)

    # --- within

    def _tell(self, values: dict[str, Any], sound: bytes = b"") -> None:
        """What wants no answer goes out with the next message that does."""
        self._unsent.append(frames.to_frame(values, sound))

    def _send(self) -> None:
        stdin = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if isinstance(stdin, asyncio.WriteTransport) and not stdin.is_closing():
            stdin.write(b"".join(self._unsent))
        self._unsent.clear()

    def _answered(self, answer: dict[str, Any]) -> None:
        """Hands an answer to who waits for it; the first one says how the start went."""
        self.memory_kib = int(answer["memory_kib"])
        waiter = self.waiting.get(answer["voice"]) if "voice" in answer else self._hello
        if waiter is None or waiter.done():
            return
        if "failed" in answer:
            _log.error("speech_failed", pid=self.pid, reason=answer["failed"])
            waiter.set_exception(SpeechLost(f"the speech worker could not hear this voice: {answer['failed']}"))
        else:
            waiter.set_result(answer)

    def _hung(self) -> None:
        _log.error("speech_worker_hung", pid=self.pid)
        self._lose(f"the speech worker did not answer in {self._limits.answer_seconds:g} s")

    def _lose(self, why: str) -> None:
        self.is_over = True
        unanswered = (one for one in (self._hello, *self.waiting.values()) if one is not None and not one.done())
        for place, waiter in enumerate(unanswered):
            waiter.set_exception(SpeechInterrupted(why) if place else SpeechLost(why))
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()
