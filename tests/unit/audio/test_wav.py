"""Sound files as a switch writes them: whole, cut, growing, foreign and damaged."""

import asyncio
import struct

import numpy as np
import pytest
from voicedesk.audio import wav
from voicedesk.audio.follow import follow
from voicedesk.audio.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from voicedesk.audio.wav import read_sound, write_wav
from voicedesk.errors import InputError

TONE = (8000 * np.sin(np.arange(800) * 0.3)).astype(np.int16)


def riff(body, *, code=1, channels=1, rate=8000, bits=16, declared=None, extra=b""):
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    size = len(body) if declared is None else declared
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + extra + b"data" + struct.pack("<I", size) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def read(tmp_path, data, name="a.wav"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_sound(path)


def test_what_is_written_is_read_again(tmp_path):
    write_wav(tmp_path / "a.wav", TONE, 8000)
    sound = read_sound(tmp_path / "a.wav")
    assert (sound.rate, sound.seconds, sound.is_cut) == (8000, 0.1, False)
    assert (sound.channel(0) == TONE).all()
    with pytest.raises(InputError, match="no channel 2"):
        sound.channel(1)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (encode_alaw(TONE), {"code": 6, "bits": 8}),
        (encode_ulaw(TONE), {"code": 7, "bits": 8}),
        (((TONE >> 8) + 128).astype(np.uint8).tobytes(), {"bits": 8}),
        (np.stack([np.zeros(800, np.uint8), *TONE.view(np.uint8).reshape(-1, 2).T]).T.tobytes(), {"bits": 24}),
        ((TONE.astype("<i4") << 16).tobytes(), {"bits": 32}),
    ],
)
def test_fault_60_each_way_of_writing_a_sample_gives_the_same_sound(tmp_path, data, form):
    sound = read(tmp_path, riff(data, **form))
    assert np.abs(sound.channel(0).astype(int) - TONE).max() < 300


@pytest.mark.parametrize(
    ("name", "data", "rate"),
    [
        ("a.sln", TONE.tobytes(), 8000),
        ("a.sln16", TONE.tobytes(), 16000),
        ("a.alaw", encode_alaw(TONE), 8000),
        ("a.ulaw", encode_ulaw(TONE), 8000),
    ],
)
def test_raw_files_are_known_by_their_names(tmp_path, name, data, rate):
    sound = read(tmp_path, data, name)
    assert sound.rate == rate
    assert np.abs(sound.channel(0).astype(int) - TONE).max() < 300


def test_g711_agrees_with_its_table():
    assert list(decode_alaw(bytes([0xD5, 0x55, 0xAA, 0x2A]))) == [8, -8, 32256, -32256]
    assert list(decode_ulaw(bytes([0xFF, 0x7F, 0x80, 0x00]))) == [0, 0, 32124, -32124]
    every = bytes(range(256))
    assert (decode_alaw(encode_alaw(decode_alaw(every))) == decode_alaw(every)).all()
    assert (decode_ulaw(encode_ulaw(decode_ulaw(every))) == decode_ulaw(every)).all()


def test_fault_60_two_channels_are_kept_apart(tmp_path):
    both = np.stack([TONE, -TONE]).T.astype("<i2").tobytes()
    sound = read(tmp_path, riff(both, channels=2))
    assert (sound.channel(0) == TONE).all()
    assert (sound.channel(1) == -TONE).all()


def test_fault_60_a_cut_file_gives_what_is_there_and_says_so(tmp_path):
    whole = riff(TONE.tobytes())
    sound = read(tmp_path, whole[:-301])
    assert (sound.samples.shape, sound.is_cut) == ((1, 649), True)


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
def test_a_file_still_being_written_declares_no_size(tmp_path, declared):
    sound = read(tmp_path, riff(TONE.tobytes(), declared=declared))
    assert (sound.samples.shape, sound.is_cut) == ((1, 800), False)


def test_other_chunks_are_passed_over_and_what_follows_the_samples_is_none(tmp_path):
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = riff(TONE.tobytes(), extra=odd) + b"LIST" + struct.pack("<I", 4) + b"more"
    assert (read(tmp_path, data).channel(0) == TONE).all()


def test_an_extensible_header_is_read(tmp_path):
    form = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1, b"")
    data = TONE.tobytes()
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    assert (read(tmp_path, b"RIFF\0\0\0\0WAVE" + chunks).channel(0) == TONE).all()


@pytest.mark.parametrize(
    ("data", "name", "complaint"),
    [
        (b"", "a.wav", "is empty"),
        (b"ID3\x03junk", "a.mp3", "this is MP3: convert it"),
        (b"\xff\xfb\x90\x00", "a.wav", "this is MP3"),
        (b"hello", "a.wav", "no WAV file"),
        (b"RIFF\0\0\0\0WAVE", "a.wav", "damaged: it has no samples"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "a.wav", "damaged: it has no samples"),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", "a.wav", "its format cannot be read"),
        (riff(b"\0\0", code=49), "a.wav", "WAV code 49 with 16 bits"),
        (riff(b"\0\0", code=49, bits=0), "a.wav", "GSM"),
        (riff(b"\0\0", bits=12), "a.wav", "with 12 bits"),
        (riff(b"\0" * 6, channels=3), "a.wav", "3 channel"),
        (riff(b"\0\0", rate=100), "a.wav", "at 100 Hz"),
        (riff(b""), "a.wav", "no sound in it"),
        (b"\1", "a.sln", "no sound in it"),
    ],
)
def test_fault_60_what_is_no_sound_is_refused_with_its_reason(tmp_path, data, name, complaint):
    with pytest.raises(InputError, match=complaint):
        read(tmp_path, data, name)


def test_a_file_that_is_not_there_or_far_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="No such file"):
        read_sound(tmp_path / "none.wav")
    monkeypatch.setattr(wav, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="too large"):
        read(tmp_path, riff(TONE.tobytes()))


def test_fault_60_a_sound_of_many_hours_is_cut_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(wav, "MAX_SECONDS", 1)
    sound = read(tmp_path, riff(np.zeros(16000, "<i2").tobytes()))
    assert (sound.seconds, sound.is_cut) == (1.0, True)


# --- a header that gives less than there is

WHOLE = TONE.tobytes()
LIST = b"LIST" + struct.pack("<I", 4) + b"more"


@pytest.mark.parametrize(
    ("data", "samples", "is_cut"),
    [
        (riff(WHOLE, declared=400), 800, True),  # appended to, and the header never put right
        (riff(WHOLE, declared=401), 800, True),
        (riff(WHOLE[:400]) + WHOLE[400:], 800, True),
        (riff(WHOLE[:800]) + riff(WHOLE[800:]), 800, False),  # one file put behind another
        (riff(WHOLE[:800]) + riff(WHOLE[800:], declared=0), 800, False),
        (riff(WHOLE) + riff(WHOLE, rate=16000), 800, True),  # of another format: not mixed, and not passed over
        (riff(WHOLE) + b"data" + struct.pack("<I", 200) + WHOLE[:200], 900, False),
        (riff(WHOLE) + LIST, 800, False),
        (riff(WHOLE) + LIST + b"\0", 800, False),
        (riff(WHOLE) + LIST + LIST[:10], 800, False),  # the last chunk is cut: not the sound
        (riff(WHOLE) + b"xyz1" + struct.pack("<I", 3) + b"abc\0" + LIST, 800, False),
        (riff(WHOLE) + b"xyz1" + struct.pack("<I", 3000) + b"abc\0", 806, True),  # no chunk: it does not fit
        (riff(WHOLE) + b"\0" * 4000, 800, True),  # a disk's padding after a crash
        (riff(WHOLE) + b"\0", 800, False),
        (riff(WHOLE, declared=0), 800, False),
        (riff(WHOLE, declared=len(WHOLE) + 2), 800, True),
    ],
)
def test_nothing_is_cut_in_silence_where_the_header_gives_less_than_there_is(tmp_path, data, samples, is_cut):
    sound = read(tmp_path, data)
    assert (sound.samples.shape[1], sound.is_cut) == (samples, is_cut)
    assert (sound.channel(0)[:800] == TONE).all()


@pytest.mark.parametrize("pad", [b"", b"\0"])
def test_an_odd_length_may_be_filled_up_or_not(tmp_path, pad):
    sound = read(tmp_path, riff(encode_alaw(TONE)[:799], code=6, bits=8) + pad + LIST)
    assert (sound.samples.shape[1], sound.is_cut) == (799, False)


def test_a_file_that_grows_while_it_is_read_is_cut(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(riff(WHOLE))
    read_plain = wav.read_plain

    def read_then_written(file, most_bytes):
        data = read_plain(file, most_bytes)
        with path.open("ab") as growing:
            growing.write(WHOLE)
        return data

    monkeypatch.setattr(wav, "read_plain", read_then_written)
    assert read_sound(path).is_cut


def test_who_never_said_how_long_it_is_may_have_been_stopped(tmp_path):
    assert read(tmp_path, riff(WHOLE, declared=0)).is_unfinished
    assert not read(tmp_path, riff(WHOLE, declared=0xFFFFFFFF)).is_unfinished
    assert not read(tmp_path, riff(WHOLE)).is_unfinished


# --- a file that grows


async def test_a_head_that_is_written_in_two_steps_is_waited_for(tmp_path):
    path, over = tmp_path / "a.wav", asyncio.Event()
    whole = riff(WHOLE, declared=0, extra=b"LIST" + struct.pack("<I", 90) + b"x" * 90)
    path.write_bytes(whole[:100])

    async def write():
        await asyncio.sleep(0.01)
        with path.open("ab") as file:
            file.write(whole[100:])
        over.set()

    writing = asyncio.create_task(write())
    lumps = await gathered(follow(path, over.is_set, poll_seconds=0.002))
    await writing
    assert (np.concatenate([lump.samples for lump in lumps]) == TONE).all()


async def gathered(source):
    return [lump._replace(samples=lump.samples.copy()) async for lump in source]


async def test_a_growing_file_is_followed_to_its_end(tmp_path):
    path, over = tmp_path / "a.wav", asyncio.Event()
    path.write_bytes(riff(TONE[:100].tobytes(), declared=0))

    async def write():
        for start in range(100, 800, 70):
            await asyncio.sleep(0.004)
            with path.open("ab") as file:
                file.write(TONE[start : start + 70].tobytes()[:-1])  # a sample may be cut in two
                file.flush()
                file.write(TONE[start : start + 70].tobytes()[-1:])
        over.set()

    writing = asyncio.create_task(write())
    lumps = await gathered(follow(path, over.is_set, poll_seconds=0.001))
    await writing
    assert (np.concatenate([lump.samples for lump in lumps]) == TONE).all()
    assert {lump.rate for lump in lumps} == {8000}
    assert len(lumps) > 1
    assert not lumps[-1].is_behind


async def test_a_file_that_lies_there_whole_comes_in_seconds_which_say_that_more_is_there(tmp_path):
    path = tmp_path / "a.sln"
    path.write_bytes(np.zeros(20_000, np.int16).tobytes())
    lumps = await gathered(follow(path, lambda: True))
    assert [(len(lump.samples), lump.is_behind) for lump in lumps] == [(8000, True), (8000, True), (4000, False)]


async def test_fault_64_a_recording_may_appear_late_but_not_never(tmp_path):
    path, over = tmp_path / "a.sln", asyncio.Event()

    async def write():
        await asyncio.sleep(0.01)
        path.write_bytes(TONE.tobytes())
        over.set()

    writing = asyncio.create_task(write())
    lumps = await gathered(follow(path, over.is_set, poll_seconds=0.001))
    await writing
    assert (np.concatenate([lump.samples for lump in lumps]) == TONE).all()
    with pytest.raises(InputError, match="did not appear within"):
        await gathered(follow(tmp_path / "b.sln", lambda: False, appears_within_seconds=0.003, poll_seconds=0.001))
    with pytest.raises(InputError, match="never appeared"):
        await gathered(follow(tmp_path / "b.sln", lambda: True, poll_seconds=0.001))


async def test_fault_64_a_link_in_place_of_a_recording_is_refused(tmp_path):
    (tmp_path / "a.sln").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="symbolic link"):
        await gathered(follow(tmp_path / "a.sln", lambda: True))


async def test_fault_64_a_recording_that_may_not_be_read_says_so(tmp_path):
    (tmp_path / "a.sln").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        await gathered(follow(tmp_path / "a.sln", lambda: False, poll_seconds=0.001))
    (tmp_path / "b").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read: Not a directory"):
        await gathered(follow(tmp_path / "b" / "a.sln", lambda: False, poll_seconds=0.001))
