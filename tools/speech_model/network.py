"""The acoustic network: a small time-delay network that sees 245 ms either side and speaks every 30 ms."""

import numpy as np
import torch
from torch import nn

from tools.speech_model.layers import Affine

SUBSAMPLING = 3
FIRST_REACH = 4
DILATIONS = (1, 1, 2, 2)
CONTEXT = FIRST_REACH + SUBSAMPLING * sum(DILATIONS)


class Network(nn.Module):
    """Normalised features → convolutions with ReLU and normalisation → one score a phone."""

    def __init__(self, features: int, phones: int, units: int) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm1d(features, affine=False)
        first = nn.Conv1d(features, units, 2 * FIRST_REACH + 1, stride=SUBSAMPLING)
        self.hidden = nn.ModuleList([first, *(nn.Conv1d(units, units, 3, dilation=d) for d in DILATIONS)])
        self.norms = nn.ModuleList(nn.BatchNorm1d(units, affine=False) for _ in self.hidden)
        self.output = nn.Conv1d(units, phones, 1)
        self.dropout = nn.Dropout(0.05)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, features, 2·CONTEXT + 3·n − 2) → (batch, phones, n)."""
        flow = self.input_norm(frames)
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            flow = self.dropout(norm(torch.relu(layer(flow))))
        return self.output(flow)


def folded(network: Network) -> list[Affine]:
    """The layers for use, each normalisation folded into the affine after it, which changes no result."""
    reaches = [tuple(range(-FIRST_REACH, FIRST_REACH + 1))]
    reaches += [(-SUBSAMPLING * d, 0, SUBSAMPLING * d) for d in DILATIONS]
    layers = [*network.hidden, network.output]
    before = [network.input_norm, *network.norms]
    return [_folded(*each) for each in zip(layers, before, [*reaches, (0,)], strict=True)]


def _folded(layer: nn.Conv1d, norm: nn.BatchNorm1d, offsets: tuple[int, ...]) -> Affine:
    scale = 1 / torch.sqrt(norm.running_var + norm.eps)
    shift = -norm.running_mean * scale
    weights, bias = layer.weight.data, layer.bias.data
    bias = bias + (weights * shift[None, :, None]).sum((1, 2))
    flat = (weights * scale[None, :, None]).permute(0, 2, 1).reshape(len(weights), -1)
    return Affine(offsets=offsets, weights=flat.numpy().astype(np.float32), bias=bias.numpy().astype(np.float32))
