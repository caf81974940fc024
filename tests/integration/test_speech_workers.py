"""Speech workers as processes: they hear, they may crash or hang, and nothing but their voices is lost."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.errors import SpeechInterrupted, SpeechLost, SpeechUnavailable
from voicedesk.speech.fits import Question
from voicedesk.speech.models import embedded_model
from voicedesk.speech.workers import SpeechWorkers, WorkerLimits

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
GREETING = FIXTURES / "0003_compliant_edward2_a_law.wav"
LUMP = 2720


@pytest.fixture
async def workers():
    made = []

    def make(count=1, model=None, **limits):
        made.append(SpeechWorkers(model or embedded_model().path, count, WorkerLimits(**limits)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def samples():
    sound = read_sound(GREETING)
    return np.concatenate([sound.samples[0], np.zeros(8000, np.int16)]), sound.rate


async def hear(workers, *, tell=False):
    data, rate = samples()
    told = []
    async with workers.hear(rate) as voice:
        for start in range(0, len(data), LUMP):
            told.append(await voice.accept(data[start : start + LUMP], tell=tell))
        return await voice.finish(), [one for one in told if one]


async def test_voices_side_by_side_are_each_heard_whole(workers):
    pool = workers(2)
    heard = await asyncio.gather(*(hear(pool) for _ in range(6)))
    assert len({whole.text for whole, _ in heard}) == 1
    assert "劳动 仲裁 院" in heard[0][0].text
    assert heard[0][1][-1].text == heard[0][0].text
    assert len(pool.processes) == 2


async def test_who_asks_is_told_in_silence_too_how_much_was_heard(workers):
    _, told = await hear(workers(), tell=True)
    seconds = [one.heard_seconds for one in told]
    assert len(seconds) > len({one.text for one in told})
    assert seconds == sorted(seconds)


async def test_a_voice_is_heard_again_where_somebody_asks_in_the_middle_and_at_the_end(workers):
    data, rate = samples()
    async with workers().hear(rate) as voice:
        await voice.accept(data)
        middle = await voice.accept(np.zeros(LUMP, np.int16), tell=True)
        assert middle.understanding.held_back
        again = await voice.hear_again()
        assert again.words == middle.words
        assert not again.understanding.held_back
        whole = await voice.finish()
        assert whole.words[: len(middle.words)] == middle.words
        twice = await voice.hear_again()
    assert twice.understanding.agreement > 0.6
    assert not twice.understanding.held_back


async def disturbed(pool, number):
    """A voice whose worker is sent a signal while it hears."""
    data, rate = samples()
    async with pool.hear(rate) as voice:
        await voice.accept(data[:LUMP])
        os.kill(pool.processes[0], number)
        for _ in range(1000):
            await voice.accept(data[:LUMP])


async def test_fault_61_a_worker_that_is_killed_loses_its_voices_and_the_next_one_is_heard_by_a_new_one(workers):
    pool = workers()
    with pytest.raises(SpeechLost):
        await disturbed(pool, signal.SIGKILL)
    assert pool.processes == []
    whole, _ = await hear(pool)
    assert whole.words


async def test_fault_61_a_worker_killed_before_it_hears_again_loses_the_voice(workers):
    pool = workers()
    data, rate = samples()
    async with pool.hear(rate) as voice:
        await voice.accept(data)
        await voice.finish()
        os.kill(pool.processes[0], signal.SIGKILL)
        with pytest.raises(SpeechLost):
            await voice.hear_again()


async def test_fault_61_of_all_voices_of_a_killed_worker_only_the_one_it_worked_for_is_blamed(workers):
    pool = workers()
    data, rate = samples()
    async with pool.hear(rate) as first, pool.hear(rate) as second, pool.hear(rate) as idle:
        for one in (idle, second, first):
            await one.accept(data[:LUMP])
        (process,) = pool.processes
        os.kill(process, signal.SIGSTOP)
        asked = [asyncio.create_task(one.accept(data[:LUMP])) for one in (second, first)]
        await asyncio.sleep(0)
        os.kill(process, signal.SIGKILL)
        lost = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in lost] == [SpeechLost, SpeechInterrupted]
        with pytest.raises(SpeechInterrupted):
            await idle.accept(data[:LUMP])


async def test_fault_61_what_goes_wrong_over_a_voice_within_a_worker_costs_that_voice_only(workers):
    pool = workers()
    data, rate = samples()
    async with pool.hear(rate) as poison, pool.hear(rate) as other:
        await poison.accept(data[:LUMP])
        await other.accept(data[:LUMP])
        with pytest.raises(SpeechLost, match="compares no sentences"):
            await poison.ask(Question(kind="hear"))
        with pytest.raises(SpeechLost):
            await poison.accept(data[LUMP : 2 * LUMP])
        await other.accept(data[LUMP:])
        assert (await other.finish()).words
    assert len(pool.processes) == 1


async def test_fault_61_a_worker_that_hangs_is_ended_and_its_voices_are_lost(workers):
    pool = workers(answer_seconds=0.5)
    with pytest.raises(SpeechLost, match="did not answer"):
        await disturbed(pool, signal.SIGSTOP)
    assert pool.processes == []


async def test_fault_62_a_model_that_does_not_load_says_so_and_may_be_there_the_next_time(workers, tmp_path):
    pool = workers(model=tmp_path / "model")
    with pytest.raises(SpeechUnavailable, match="no speech model"):
        await pool.ready()
    (tmp_path / "model").symlink_to(embedded_model().path)
    await pool.ready()
    assert len(pool.processes) == 1


async def test_a_worker_that_never_begins_is_not_waited_for_for_ever(workers, monkeypatch, tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    with pytest.raises(SpeechUnavailable, match="hung"):
        await workers(start_seconds=0.3).ready()


async def test_a_worker_grown_too_large_finishes_its_voice_and_hears_no_other(workers):
    pool = workers(memory_mib=1)
    data, rate = samples()
    async with pool.hear(rate) as voice:
        await voice.accept(data[:LUMP])
        (first,) = pool.processes
        await hear(pool)
        assert first not in pool.processes
        await voice.accept(data[LUMP : 2 * LUMP])
        assert (await voice.finish()).heard_seconds == pytest.approx(2 * LUMP / rate)
    await pool.ready()
    async with asyncio.timeout(60):
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(first, 0)
                await asyncio.sleep(0.05)


async def test_when_all_are_busy_the_next_voice_waits_its_turn(workers):
    pool = workers(voices=1)
    _, rate = samples()
    async with pool.hear(rate):
        waiting = asyncio.create_task(hear(pool))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
    whole, _ = await waiting
    assert whole.words


async def test_a_worker_works_at_low_priority(workers):
    pool = workers()
    await pool.ready()
    assert os.getpriority(os.PRIO_PROCESS, pool.processes[0]) >= 10
