"""Teaching the network which phone each frame is, straight from the synthesiser's clock."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from tools.speech_model.disguise import disguised
from tools.speech_model.features import FeatureKind, cosines
from tools.speech_model.network import CONTEXT, SUBSAMPLING, Network
from tools.speech_model.plans import Plan
from tools.speech_model.syllables import phone_names

_BATCH, _CHUNK = 64, 100
_SPAN = SUBSAMPLING * _CHUNK + 2 * CONTEXT - 2
_SEED, _THREADS = 7, 2
_KEPT_BACK = 0.02
_PEAK_RATE = 2e-3
_PRIOR_BATCHES = 40


class Stream:
    """All frames of a corpus one after the other; batches are chunks cut out of it anywhere."""

    def __init__(self, shards: Sequence[Path]) -> None:
        loaded = [np.load(path) for path in shards]
        self.frames: NDArray[np.float16] = np.concatenate([shard["x"] for shard in loaded])
        self.phones: NDArray[np.uint8] = np.concatenate([shard["y"] for shard in loaded])
        self.learned = int(len(self.frames) * (1 - _KEPT_BACK))

    def batch(self, rng: Generator, kept_back: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """Frames (batch, features, time) and their phones (batch, time)."""
        low, high = (self.learned, len(self.frames)) if kept_back else (0, self.learned)
        starts = rng.integers(low, high - _SPAN, _BATCH)
        frames = np.stack([self.frames[s : s + _SPAN] for s in starts]).astype(np.float32).transpose(0, 2, 1)
        phones = np.stack([self.phones[s : s + _SPAN] for s in starts]).astype(np.int64)
        return torch.from_numpy(frames.copy()), torch.from_numpy(phones)


def _seen(frames: torch.Tensor, kind: FeatureKind) -> torch.Tensor:
    """Log mel energies as the network sees them."""
    return torch.from_numpy(cosines(kind).T) @ frames if kind.cepstra else frames


def _targets(phones: torch.Tensor) -> torch.Tensor:
    """The phones of the frames that the network speaks about."""
    return phones[:, CONTEXT : CONTEXT + SUBSAMPLING * _CHUNK - 2 : SUBSAMPLING]


def train(plan: Plan, stream: Stream, progress: Callable[[int, int, str], None]) -> Network:
    """A network that has seen the stream `plan.epochs` times; the same one each time on the same machine."""
    torch.set_num_threads(_THREADS)
    torch.manual_seed(_SEED)
    draw, rng = torch.Generator().manual_seed(_SEED), np.random.default_rng(_SEED)
    network = Network(plan.features.size, len(phone_names()), plan.units)
    optimiser = torch.optim.AdamW(network.parameters(), _PEAK_RATE, weight_decay=1e-4)
    steps = int(plan.epochs * len(stream.frames) / (SUBSAMPLING * _CHUNK * _BATCH))
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps, pct_start=0.1)
    for step in range(1, steps + 1):
        frames, phones = stream.batch(rng)
        frames = disguised(frames, phones, len(phone_names()), draw, plan.rough_speakers)
        loss = cross_entropy(network(_seen(frames, plan.features)), _targets(phones))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        pace.step()
        if step % 100 == 0 or step == steps:
            progress(step, steps, f"{right_frames(network, stream, plan):.1%} of frames kept back are right")
    return network.eval()


@torch.no_grad()
def right_frames(network: Network, stream: Stream, plan: Plan) -> float:
    """The share of frames kept back whose phone the network finds."""
    network.eval()
    rng = np.random.default_rng(1)
    right = [
        (network(_seen(frames, plan.features)).argmax(1) == _targets(phones)).float().mean().item()
        for frames, phones in (stream.batch(rng, kept_back=True) for _ in range(4))
    ]
    network.train()
    return float(np.mean(right))


@torch.no_grad()
def priors(network: Network, stream: Stream, plan: Plan) -> NDArray[np.float32]:
    """How likely each phone is on average; decoding divides by it."""
    rng = np.random.default_rng(2)
    network.eval()
    batches = (_seen(stream.batch(rng)[0], plan.features) for _ in range(_PRIOR_BATCHES))
    total = torch.stack([network(frames).softmax(1).mean((0, 2)).double() for frames in batches])
    return total.mean(0).clamp_min(1e-5).numpy().astype(np.float32)
