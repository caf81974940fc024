"""Frames made to sound like other speakers and other lines, batch by batch while the network learns."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

_WAVES = 6


def disguised(frames: Tensor, phones: Tensor, phone_count: int, draw: torch.Generator, rough: float) -> Tensor:
    """(batch, bins, time) frames with (batch, time) phones, changed at random; only for log mel energies."""
    frames = _other_phones(frames, phones, phone_count, draw, rough)
    frames = _other_throat(frames, draw)
    frames = _other_line(frames, draw)
    return _with_holes(frames, draw)


def _waves(bins: int) -> Tensor:
    """Cosines over the bins, slow ones first: what a smooth change of spectrum is made of."""
    return torch.cos(torch.pi * torch.arange(_WAVES)[:, None] * (torch.arange(bins)[None] + 0.5) / bins)


def _other_phones(frames: Tensor, phones: Tensor, count: int, draw: torch.Generator, rough: float) -> Tensor:
    """Each phone gets a smooth change of spectrum and loudness of its own, silence none."""
    batch, bins, _ = frames.shape
    change = torch.randn(batch, count, _WAVES, generator=draw) * rough
    change[:, :, 0] *= 1.6
    change[:, 0] = 0
    along = (change @ _waves(bins))[torch.arange(batch)[:, None], phones].transpose(1, 2)
    return frames + avg_pool1d(along, 5, 1, 2)


def _other_throat(frames: Tensor, draw: torch.Generator) -> Tensor:
    """The bins stretched and moved, then blurred: a longer or shorter vocal tract."""
    batch, bins, _ = frames.shape
    place = torch.arange(bins, dtype=torch.float32)
    stretch = 1 + (torch.rand(batch, 1, generator=draw) - 0.5) * 0.3
    move = (torch.rand(batch, 1, generator=draw) - 0.5) * 3
    source = ((place[None] - bins / 2) * stretch + bins / 2 + move).clamp(0, bins - 1)
    warp = (1 - (source[:, :, None] - place[None, None]).abs()).clamp_min(0)
    blur = torch.rand(batch, 1, 1, generator=draw) / 3
    near = torch.diag(torch.ones(bins - 1), 1) + torch.diag(torch.ones(bins - 1), -1)
    near[0, 0] = near[-1, -1] = 1
    return torch.bmm(torch.bmm((1 - 2 * blur) * torch.eye(bins) + blur * near, warp), frames)


def _other_line(frames: Tensor, draw: torch.Generator) -> Tensor:
    """One smooth change of spectrum for the whole stretch, and a little jitter."""
    tilt = torch.randn(len(frames), _WAVES, generator=draw) * 0.8
    frames = frames + (tilt @ _waves(frames.shape[1]))[:, :, None]
    jitter = torch.rand(len(frames), 1, 1, generator=draw) * 0.2
    return frames + torch.randn(frames.shape, generator=draw) * jitter


def _with_holes(frames: Tensor, draw: torch.Generator) -> Tensor:
    """Two bands and one moment are lost."""
    batch, bins, length = frames.shape
    mean = frames.mean((1, 2), keepdim=True)
    for _ in range(2):
        frames = torch.where(_hole(batch, bins, 6, draw)[:, :, None], mean, frames)
    return torch.where(_hole(batch, length, 12, draw)[:, None, :], mean, frames)


def _hole(batch: int, length: int, widest: int, draw: torch.Generator) -> Tensor:
    place = torch.arange(length)[None]
    start = torch.randint(0, length, (batch, 1), generator=draw)
    width = torch.randint(0, widest, (batch, 1), generator=draw)
    return (place >= start) & (place < start + width)
