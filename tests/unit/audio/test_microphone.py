"""The microphone's port: a clear word where there is no PortAudio, no microphone, or no sound."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from voicedesk.audio import microphone
from voicedesk.audio.microphone import input_devices, listen
from voicedesk.errors import InputError


class PortAudioError(Exception):
    pass


class Portaudio:
    """As much of sounddevice as is used; `good` are the rates its microphone can do."""

    PortAudioError = PortAudioError

    def __init__(self, good=(48000,), blocks=3, opens=True):
        self.good, self.blocks, self.opens, self.closed = good, blocks, opens, 0

    def query_devices(self):
        return [{"name": "speaker", "max_input_channels": 0}, {"name": "headset", "max_input_channels": 1}]

    def check_input_settings(self, *, device, channels, dtype, samplerate):
        if samplerate not in self.good:
            raise PortAudioError(f"Invalid sample rate for {device}, {channels}, {dtype}")

    def RawInputStream(self, *, samplerate, blocksize, channels, dtype, device, callback):  # noqa: N802  # its name
        assert (channels, dtype, blocksize) == (1, "int16", samplerate // 10)
        del device
        if not self.opens:
            raise PortAudioError("Device unavailable")
        for n in range(self.blocks):
            callback(memoryview(np.full(blocksize, n, np.int16).tobytes()), blocksize, None, None)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed += 1


@pytest.fixture
def portaudio(monkeypatch):
    def put(**how):
        made = Portaudio(**how)
        monkeypatch.setitem(sys.modules, "sounddevice", made)
        return made

    monkeypatch.setattr(microphone, "_SILENT_SECONDS", 0.05)
    return put


def test_blocks_come_at_the_first_rate_the_microphone_can_do_and_it_is_closed_afterwards(portaudio):
    made = portaudio(good=(48000, 8000))
    blocks = listen()
    samples, rate = next(blocks)
    assert (rate, len(samples), samples.dtype) == (48000, 4800, np.int16)
    assert next(blocks)[0][0] == 1
    blocks.close()
    assert made.closed == 1


def test_the_microphones_are_listed_without_the_speakers(portaudio):
    portaudio()
    assert input_devices() == ["1: headset"]


def test_without_a_microphone_it_is_said_what_to_do(portaudio):
    portaudio(good=())
    with pytest.raises(InputError, match="--list-devices"):
        next(listen())


def test_one_that_another_program_holds_is_said_to_be(portaudio):
    portaudio(opens=False)
    with pytest.raises(InputError, match="cannot be opened: Device unavailable"):
        next(listen())


def test_one_that_gives_no_sound_is_not_waited_for_for_ever(portaudio):
    portaudio(blocks=0)
    with pytest.raises(InputError, match="gives no sound"):
        next(listen())


def test_without_portaudio_the_package_to_install_is_named(monkeypatch):
    class Missing(SimpleNamespace):
        def find_spec(self, name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(InputError, match="libportaudio2"):
        input_devices()


def test_the_real_library_gives_devices_or_says_what_is_missing():
    try:
        said = input_devices() or ["none: there is no microphone here"]
    except InputError as error:
        said = [str(error)]
    assert all(": " in one for one in said)
