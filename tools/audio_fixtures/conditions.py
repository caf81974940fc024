"""What befalls a recording on its way: lines, faults, other people, and voices that no model has heard."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from tools.audio_fixtures.recording import LOUDNESS, Told, tell
from tools.audio_fixtures.stories import Story
from tools.speech_model.channel import (
    LINE_RATE,
    hum,
    levelled,
    to_line_rate,
    with_noise,
)
from tools.speech_model.espeak import Espeak, Samples, Voice
from tools.speech_model.readings import toneless
from tools.speech_model.tones import keys, music

PACKET = LINE_RATE // 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a condition works on: it may tell the story anew in its own way."""

    espeak: Espeak
    story: Story
    voice: Voice
    draw: Generator

    def told(self, factor: float = 1.0) -> Told:
        """The story as it was told."""
        return tell(self.espeak, self.story, self.voice, factor)

    def seconds(self, told: Told) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """The time of every sample."""
        return np.arange(len(told.samples)) / LINE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition; `doubtful` ones are not for accusing anybody: there `cannot_tell` is always right as well."""

    name: str
    happens: Callable[[Scene], Told]
    doubtful: bool = False
    speech: bool = True
    mu_law: bool = False


def _plain(scene: Scene) -> Told:
    told = scene.told()
    return told.with_samples(with_noise(scene.draw, told.samples, 32))


def _noise(decibels: float) -> Callable[[Scene], Told]:
    def happens(scene: Scene) -> Told:
        told = scene.told()
        return told.with_samples(with_noise(scene.draw, told.samples, decibels))

    return happens


def _hum(scene: Scene) -> Told:
    told = _plain(scene)
    return told.with_samples(told.samples + 120 * hum(scene.draw, len(told.samples)))


def _gain(factor: float) -> Callable[[Scene], Told]:
    def happens(scene: Scene) -> Told:
        told = _plain(scene)
        return told.with_samples(np.clip(told.samples * factor, -32768, 32767))

    return happens


def _packet_loss(share: float) -> Callable[[Scene], Told]:
    """20 ms at a time, alone or a few in a row; what is lost is silence."""

    def happens(scene: Scene) -> Told:
        told = _plain(scene)
        samples = told.samples.copy()
        for packet in range(0, len(samples), PACKET):
            if scene.draw.random() < share / 2:
                samples[packet : packet + PACKET * int(scene.draw.integers(1, 4))] = 0
        return told.with_samples(samples)

    return happens


def _music_on_hold(scene: Scene) -> Told:
    """The greeting, then the caller is put on hold."""
    told = _plain(scene)
    seconds = np.arange(4 * LINE_RATE) / LINE_RATE
    return told.with_samples(np.concatenate([told.samples, levelled(music(scene.draw, seconds), LOUDNESS)]))


def _music_under(scene: Scene) -> Told:
    told = _plain(scene)
    sound = music(scene.draw, scene.seconds(told))
    return told.with_samples(told.samples + levelled(sound, LOUDNESS / 8))


def _other_voice(scene: Scene, text: str) -> Samples:
    other = replace(scene.voice, variant="f4" if scene.voice.variant.startswith("m") else "m6")
    speech = scene.espeak.say([text], other)
    return levelled(to_line_rate(speech.samples, speech.rate)[0], LOUDNESS)


def _over(sound: Samples, added: Samples, at: int) -> Samples:
    length = max(len(sound), at + len(added))
    return np.pad(sound, (0, length - len(sound))) + np.pad(added, (at, length - at - len(added)))


def _colleague(scene: Scene) -> Told:
    """Somebody else in the room, 18 dB below."""
    told = _plain(scene)
    other = _other_voice(scene, "我 想 咨询 一下 养老 保险 需要 带 什么 材料") / 8
    return told.with_samples(_over(told.samples, other, LINE_RATE // 4))


def _caller_after(scene: Scene) -> Told:
    """The caller's answer leaks into the staff's side, 20 dB below."""
    told = _plain(scene)
    return told.with_samples(
        _over(told.samples, _other_voice(scene, "我 想 问 一下 工伤 认定 怎么 办理") / 10, len(told.samples))
    )


def _keys(scene: Scene) -> Told:
    """Two keys are pressed after the greeting."""
    told = _plain(scene)
    pressed = np.concatenate([800 * keys(scene.draw, np.arange(1600) / LINE_RATE), np.zeros(800, np.float32)])
    return told.with_samples(np.concatenate([told.samples, pressed, pressed]))


def _ring_back_tail(scene: Scene) -> Told:
    """Half a second of the ring-back tone is still heard at the answer."""
    told = _plain(scene)
    tail = 900 * np.sin(2 * np.pi * 450 * np.arange(LINE_RATE // 3) / LINE_RATE)
    return told.with_samples(_over(told.samples, tail.astype(np.float32), 0))


def _room(scene: Scene) -> Told:
    told = _plain(scene)
    count = LINE_RATE // 4
    answer = scene.draw.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count) * 0.12
    answer[0] = 1
    return told.with_samples(levelled(np.convolve(told.samples, answer)[: len(told.samples)], LOUDNESS))


def _reversed(scene: Scene) -> Told:
    told = _plain(scene)
    return told.without_clock(told.samples[::-1])


def _babble(scene: Scene) -> Told:
    """Five people at once, as loud as the one at the telephone."""
    told = _plain(scene)
    mixed = told.samples
    for number, text in enumerate(
        ("请问 社保卡 怎么 办", "我 要 办理 退休", "电话 是 六 七 八 九", "可以 在 网上 办理", "需要 单位 证明")
    ):
        mixed = _over(mixed, _other_voice(replace_variant(scene, f"m{number % 3 + 5}"), text), 1600 * number)
    return told.with_samples(levelled(mixed, LOUDNESS))


def replace_variant(scene: Scene, variant: str) -> Scene:
    """The same scene with another person speaking."""
    return replace(scene, voice=replace(scene.voice, variant=variant))


def _formants(factor: float) -> Callable[[Scene], Told]:
    """A throat far longer or shorter than any that was learned from."""

    def happens(scene: Scene) -> Told:
        told = scene.told(factor)
        return told.with_samples(with_noise(scene.draw, told.samples, 30))

    return happens


def _whisper(scene: Scene) -> Told:
    return _plain(replace_variant(scene, "whisper"))


def _robot(scene: Scene) -> Told:
    return _plain(replace_variant(scene, "robosoft4"))


def _foreign(language: str) -> Callable[[Scene], Told]:
    """The greeting's pinyin, read by the rules of another language."""

    def happens(scene: Scene) -> Told:
        told = scene.told()
        words = (word for part in scene.story.parts for word in part.text.split())
        text = " ".join("".join(toneless(word)) for word in words)
        samples, _ = to_line_rate(scene.espeak.read(text, scene.voice, language), scene.espeak.rate)
        sound = np.pad(samples, (LINE_RATE // 2, LINE_RATE // 2))
        return told.without_clock(with_noise(scene.draw, levelled(sound, LOUDNESS), 32))

    return happens


def _not_speech(
    sound: Callable[[Generator, "np.ndarray[tuple[int], np.dtype[np.float64]]"], Samples],
) -> Callable[[Scene], Told]:
    def happens(scene: Scene) -> Told:
        seconds = np.arange(6 * LINE_RATE) / LINE_RATE
        return Told(samples=sound(scene.draw, seconds).astype(np.float32), words=(), parts=())

    return happens


ORDINARY = (
    Condition(name="a_law", happens=_plain),
    Condition(name="mu_law", happens=_plain, mu_law=True),
    Condition(name="noise_15_db", happens=_noise(15)),
    Condition(name="hum", happens=_hum),
    Condition(name="quiet", happens=_gain(0.06)),
    Condition(name="room", happens=_room),
    Condition(name="packet_loss_1_percent", happens=_packet_loss(0.01)),
    Condition(name="music_on_hold", happens=_music_on_hold),
    Condition(name="caller_leaks", happens=_caller_after),
    Condition(name="keys_pressed", happens=_keys),
    Condition(name="ring_back_tail", happens=_ring_back_tail),
)
DOUBTFUL = (
    Condition(name="noise_5_db", happens=_noise(5), doubtful=True),
    Condition(name="clipped", happens=_gain(20), doubtful=True),
    Condition(name="packet_loss_30_percent", happens=_packet_loss(0.30), doubtful=True),
    Condition(name="music_under", happens=_music_under, doubtful=True),
    Condition(name="colleague_speaks", happens=_colleague, doubtful=True),
    Condition(name="reversed", happens=_reversed, doubtful=True),
    Condition(name="babble", happens=_babble, doubtful=True),
    Condition(name="formants_up", happens=_formants(1.45), doubtful=True),
    Condition(name="formants_down", happens=_formants(0.70), doubtful=True),
    Condition(name="whisper", happens=_whisper, doubtful=True),
    Condition(name="robot", happens=_robot, doubtful=True),
    Condition(name="read_as_english", happens=_foreign("en-us"), doubtful=True),
    Condition(name="read_as_german", happens=_foreign("de"), doubtful=True),
    Condition(name="read_as_italian", happens=_foreign("it"), doubtful=True),
    Condition(name="read_as_hakka", happens=_foreign("hak"), doubtful=True),
)
NOT_SPEECH = (
    Condition(name="silence", happens=_not_speech(lambda _, t: np.zeros(len(t))), speech=False),
    Condition(name="line_noise", happens=_not_speech(lambda draw, t: 30 * draw.standard_normal(len(t))), speech=False),
    Condition(
        name="ring_back",
        happens=_not_speech(lambda _, t: 1500 * (t % 5 < 1) * np.sin(900 * np.pi * t)),
        speech=False,
    ),
    Condition(
        name="busy",
        happens=_not_speech(lambda _, t: 1500 * (t % 0.7 < 0.35) * np.sin(900 * np.pi * t)),
        speech=False,
    ),
    Condition(name="music", happens=_not_speech(lambda draw, t: levelled(music(draw, t), LOUDNESS)), speech=False),
    Condition(name="keys", happens=_not_speech(lambda draw, t: 900 * (t % 0.3 < 0.15) * keys(draw, t)), speech=False),
)
