"""Hearing greetings: the worker pool against bare KaldiRecognizer loops on the same files and as many processes.

    python -m benchmarks.speech bare FILE…                  one process's loop (started by `throughput`)
    python -m benchmarks.speech                             throughput, start-up, event delay beside busy workers
    python -m benchmarks.speech memory [GREETINGS]          a worker's memory over many greetings (10,000)

The loop hears each greeting once and makes nothing of it; both are given a second of sound at a time, as the service
takes it from a file that lies there whole. Voicedesk judges each while it is heard, as the service does,
and hears it a second time where its judgement hangs on that (docs/greeting.md). How often it does depends on what is
said: so there is a day on which nine greetings in ten are as they should be, and the fixtures, of which two in three
are not.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from voicedesk.audio.follow import LUMP_SECONDS
from voicedesk.audio.wav import Sound, read_sound
from voicedesk.greeting.live import GreetingTask, LiveJudge
from voicedesk.greeting.model import DepartmentNames, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.speech.models import embedded_model
from voicedesk.speech.transcript import Transcript
from voicedesk.speech.worker import NICE
from voicedesk.speech.workers import SpeechWorkers, Voice

from benchmarks.run import HERE, run_one, table

FIXTURES = HERE.parent / "audio_fixtures"
COMPLIANT_IN_TEN = 9
RULES = shipped_rules()
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A fixture: its file and sound, what is asked of it, and whether it is just as it should be."""

    file: Path
    sound: Sound
    task: GreetingTask
    is_fine: bool


def fixtures() -> list[Greeting]:
    """Every fixture on an ordinary line."""
    return [_greeting(file) for file in sorted(FIXTURES.glob("*_a_law.wav"))]


def _greeting(file: Path) -> Greeting:
    due = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    names = DepartmentNames(name=due["department"], others=tuple(due["others"]))
    expected = due["expected"]
    return Greeting(
        file=file,
        sound=read_sound(file),
        task=GreetingTask(names=names, template="inbound", limits=RULES.limits),
        is_fine=expected["verdicts"] == ["compliant"] and not expected["forbidden"],
    )


def day() -> list[Greeting]:
    """A hall's day: of ten greetings nine are compliant, without a forbidden phrase; the tenth is one of the others."""
    fine = [one for one in fixtures() if one.is_fine]
    others = [one for one in fixtures() if not one.is_fine]
    return fine * COMPLIANT_IN_TEN + others[:: len(others) // len(fine)][: len(fine)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one run took: seconds by the clock, CPU seconds of all its processes, and how many were heard twice."""

    seconds: float
    cpu_seconds: float
    heard_twice: int = 0


def bare(names: list[str]) -> None:
    """A loop without anything around it, at the workers' priority; waits for a line, and prints its CPU seconds."""
    import vosk

    os.nice(NICE)
    vosk.SetLogLevel(-2)
    loaded = vosk.Model(str(embedded_model().path))
    sounds = [read_sound(Path(name)) for name in names]
    print(flush=True)
    sys.stdin.readline()
    began = time.process_time()
    for sound in sounds:
        one = vosk.KaldiRecognizer(loaded, sound.rate)
        one.SetWords(True)
        samples, step = sound.samples[0], int(sound.rate * LUMP_SECONDS)
        for start in range(0, len(samples), step):
            one.AcceptWaveform(samples[start : start + step].tobytes())
        one.FinalResult()
    print(time.process_time() - began, flush=True)


def bare_loops(greetings: Sequence[Greeting], cores: int) -> Taken:
    """What bare loops in as many processes take for all greetings."""
    command = [sys.executable, "-m", "benchmarks.speech", "bare"]
    running = [
        subprocess.Popen(
            [*command, *(str(one.file) for one in greetings[n::cores])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(cores)
    ]
    for one in running:
        one.stdout.readline()
    began = time.monotonic()
    for one in running:
        one.stdin.write("\n")
        one.stdin.flush()
    cpu = [float(one.stdout.readline()) for one in running]
    seconds = time.monotonic() - began
    for one in running:
        one.communicate()
    return Taken(seconds=seconds, cpu_seconds=sum(cpu))


async def worker_pool(greetings: Sequence[Greeting], cores: int) -> Taken:
    """What the worker pool, and the service before it, take for all greetings."""
    pool = SpeechWorkers(embedded_model().path, cores)
    left, twice = list(greetings), 0

    async def hear() -> None:
        nonlocal twice
        while left:
            was_asked = await _hear(pool, left.pop())
            twice += was_asked

    try:
        await asyncio.gather(*(_begun(pool) for _ in range(cores)))
        began, cpu = time.monotonic(), _cpu_seconds(pool)
        await asyncio.gather(*(hear() for _ in range(cores)))
        return Taken(seconds=time.monotonic() - began, cpu_seconds=_cpu_seconds(pool) - cpu, heard_twice=twice)
    finally:
        await pool.close()


def _cpu_seconds(pool: SpeechWorkers) -> float:
    """CPU of the workers and of this process."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pool.processes]
    return time.process_time() + sum(int(one[11]) + int(one[12]) for one in stats) / os.sysconf("SC_CLK_TCK")


async def _hear(pool: SpeechWorkers, greeting: Greeting) -> bool:
    """Hears and judges one greeting as the service does; True if it was heard twice."""
    judge = LiveJudge(greeting.task, RULES, Thresholds())
    samples, step = greeting.sound.samples[0], int(greeting.sound.rate * LUMP_SECONDS)
    was_asked = False

    async def take(voice: Voice, heard: Transcript, *, is_over: bool = False, is_behind: bool = False) -> None:
        nonlocal was_asked
        if judge.asks_again(heard, is_over=is_over, is_behind=is_behind):
            was_asked = True
            heard = await voice.hear_again()
        judge.take(heard, is_over=is_over)

    async with pool.hear(greeting.sound.rate) as voice:
        for start in range(0, len(samples), step):
            heard = await voice.accept(samples[start : start + step], tell=not judge.is_decided)
            if heard is not None:
                await take(voice, heard, is_behind=start + step < len(samples))
        await take(voice, await voice.finish(), is_over=True)
    return was_asked


async def _begun(pool: SpeechWorkers) -> None:
    """A voice at once in every worker starts them all."""
    async with pool.hear(8000) as voice:
        await voice.accept(np.zeros(800, np.int16))


def throughput(greetings: Sequence[Greeting], runs: int) -> list[Row]:
    """Seconds of sound heard in a second, and the CPU of it, in alternating order; medians.

    The share is that of each run, for the machine's own speed changes from one to the next.
    """
    cores = os.cpu_count() or 1
    ways = {
        "a bare KaldiRecognizer loop": lambda: bare_loops(greetings, cores),
        "voicedesk": lambda: asyncio.run(worker_pool(greetings, cores)),
    }
    told: dict[str, list[Taken]] = {who: [] for who in ways}
    for run in range(runs):
        for who in list(ways)[:: 1 if run % 2 == 0 else -1]:
            told[who].append(ways[who]())
    sound = sum(one.sound.seconds for one in greetings)
    rows = []
    for who, taken in told.items():
        pairs = list(zip(told["a bare KaldiRecognizer loop"], taken, strict=True))
        seconds = statistics.median(one.seconds for one in taken)
        cpu_seconds = statistics.median(one.cpu_seconds for one in taken)
        share = statistics.median(bare.seconds / one.seconds for bare, one in pairs)
        cpu_share = statistics.median(bare.cpu_seconds / one.cpu_seconds for bare, one in pairs)
        rows.append(
            {
                "who": who,
                "times_real_time": round(sound / seconds, 1),
                "of_bare": f"{share:.0%}",
                "cpu_ms_a_second": round(1000 * cpu_seconds / sound, 1),
                "of_bare_by_cpu": f"{cpu_share:.0%}",
                "heard_twice": f"{taken[0].heard_twice} of {len(greetings)}",
            }
        )
    return rows


async def start_up() -> list[Row]:
    """Seconds until a worker hears, and until the bare library has the model loaded."""

    async def pool() -> float:
        workers = SpeechWorkers(embedded_model().path)
        began = time.monotonic()
        await workers.ready()
        seconds = time.monotonic() - began
        await workers.close()
        return seconds

    def library() -> float:
        code = "import vosk, sys; vosk.SetLogLevel(-2); vosk.Model(sys.argv[1])"
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code, str(embedded_model().path)], check=True)
        return time.monotonic() - began

    ours = statistics.median([await pool() for _ in range(5)])
    theirs = statistics.median(library() for _ in range(5))
    return [
        {"who": "a process that imports vosk and loads the model", "seconds": round(theirs, 2)},
        {"who": "a voicedesk worker, ready", "seconds": round(ours, 2)},
    ]


async def delay_beside(runs: int) -> list[Row]:
    """The delay of events through the AMI client and tracker, with workers idle and with all of them busy."""
    ours = [sys.executable, str(HERE / "clients" / "ours.py")]
    told: dict[str, list[float]] = {"workers idle": [], "all workers busy": []}
    for _ in range(runs):
        for name, delays in told.items():
            is_busy = name == "all workers busy"
            hearing = asyncio.create_task(_hear_on(os.cpu_count() or 1)) if is_busy else None
            await asyncio.sleep(2)
            report = await asyncio.to_thread(run_one, ours, ["paced", "2000", "6000"], "paced")
            delays.append(report["p99_ms"])
            if hearing is not None:
                hearing.cancel()
                await asyncio.wait({hearing})
    return [{"who": name, "p99_ms": round(statistics.median(delays), 3)} for name, delays in told.items()]


async def _hear_on(cores: int) -> None:
    greetings = fixtures()
    while True:
        await worker_pool(greetings, cores)


async def memory(greetings: int) -> list[Row]:
    """A worker's memory over many short greetings."""
    pool = SpeechWorkers(embedded_model().path)
    sound = read_sound(FIXTURES / "0041_only_hello_Diogo_a_law.wav")
    rows: list[Row] = []
    for number in range(greetings + 1):
        if number in {0, 100, greetings // 10, greetings // 4, greetings // 2, greetings}:
            await pool.ready()
            rows.append({"greetings": number, "mib": _mib(*pool.processes)})
            print(rows[-1], flush=True)
        async with pool.hear(sound.rate) as voice:
            await voice.accept(sound.samples[0])
            await voice.finish()
    await pool.close()
    return rows


def _mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGESIZE") / 2**20, 1)


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["bare", *names]:
            bare(names)
        case ["memory", *count]:
            print(table(asyncio.run(memory(int(count[0]) if count else 10_000))))
        case _:
            runs = 5
            for title, rows in (
                ("throughput, a day", throughput(day(), runs)),
                ("throughput, all fixtures", throughput(fixtures(), runs)),
                ("start-up", asyncio.run(start_up())),
                ("event delay", asyncio.run(delay_beside(runs))),
            ):
                print(f"\n{title}\n\n{table(rows)}\n", flush=True)


if __name__ == "__main__":
    main()
