"""The files of a Vosk model that hold the network: am/final.mdl, its settings, its phones."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.speech_model.features import FeatureKind
from tools.speech_model.kaldi_io import Writer
from tools.speech_model.layers import Affine
from tools.speech_model.syllables import SILENCE, phone_names

PLACES = {"_B": "begin", "_E": "end", "_I": "internal", "_S": "singleton"}

MODEL_CONF = """--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.5
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def placed_phones() -> dict[str, int]:
    """Numbers of all phones, each apart from silence once for every place in a word."""
    names = [SILENCE, *(phone + place for phone in phone_names()[1:] for place in PLACES)]
    return {name: number for number, name in enumerate(names, start=1)}


def forward(placed_phone: int) -> int:
    """The label of entering a phone's only state; the label before it is staying there."""
    return 2 * placed_phone


def output_of(name: str) -> int:
    """The network's output for a placed phone."""
    return phone_names().index(name if name == SILENCE else name[:-2])


def write_acoustics(folder: Path, layers: Sequence[Affine], priors: NDArray[np.float32], kind: FeatureKind) -> None:
    """Write everything of a model but its graphs."""
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / "am/final.mdl").open("wb") as stream:
        writer = Writer(stream)
        _write_transitions(writer)
        _write_network(writer, layers, kind.size)
        writer.tokens("<LeftContext>")
        writer.integers(sum(-min(layer.offsets) for layer in layers))
        writer.tokens("<RightContext>")
        writer.integers(sum(max(layer.offsets) for layer in layers))
        writer.tokens("<Priors>")
        writer.vector(priors)
    (folder / "conf/model.conf").write_text(MODEL_CONF)
    (folder / "conf" / kind.file_name).write_text(kind.configuration())
    bounds = "".join(f"{n} {PLACES.get(name[-2:], 'nonword')}\n" for name, n in placed_phones().items())
    (folder / "graph/phones/word_boundary.int").write_text(bounds)


def _write_transitions(writer: Writer) -> None:
    """Every phone has one state, left or kept with even chances."""
    count = len(placed_phones())
    writer.tokens("<TransitionModel> <Topology>")
    writer.integer_vector(list(range(1, count + 1)))
    writer.integer_vector([-1] + [0] * count)
    writer.integers(1, 2, 0, 2)
    for target in (0, 1):
        writer.integers(target)
        writer.floats(0.5)
    writer.integers(-1, 0)
    writer.tokens("</Topology> <Triples>")
    writer.integers(count)
    for name, number in placed_phones().items():
        writer.integers(number, 0, output_of(name))
    writer.tokens("</Triples> <LogProbs>")
    writer.vector(np.array([0.0] + [math.log(0.5)] * (2 * count), np.float32))
    writer.tokens("</LogProbs> </TransitionModel>")


def _write_network(writer: Writer, layers: Sequence[Affine], inputs: int) -> None:
    writer.tokens("<Nnet3>")
    writer.lines(wiring(layers, inputs))
    writer.tokens("<NumComponents>")
    writer.integers(2 * len(layers))
    for number, layer in enumerate(layers):
        writer.tokens(f"<ComponentName> a{number} <FixedAffineComponent> <LinearParams>")
        writer.matrix(layer.weights)
        writer.tokens("<BiasParams>")
        writer.vector(layer.bias)
        kind = "LogSoftmaxComponent" if layer is layers[-1] else "RectifiedLinearComponent"
        writer.tokens(f"</FixedAffineComponent> <ComponentName> n{number} <{kind}> <Dim>")
        writer.integers(len(layer.bias))
        for statistic in ("<ValueAvg>", "<DerivAvg>"):
            writer.tokens(statistic)
            writer.vector(np.zeros(0, np.float32))
        writer.tokens("<Count>")
        writer.double(0.0)
        writer.tokens(f"</{kind}>")
    writer.tokens("</Nnet3>")


def wiring(layers: Sequence[Affine], inputs: int) -> list[str]:
    """The network as Kaldi's configuration lines: who takes what from whom."""
    lines, source = [f"input-node name=input dim={inputs}"], "input"
    for number, layer in enumerate(layers):
        taken = [f"Offset({source}, {offset})" if offset else source for offset in layer.offsets]
        joined = f"Append({', '.join(taken)})" if len(taken) > 1 else taken[0]
        lines.append(f"component-node name=a{number} component=a{number} input={joined}")
        lines.append(f"component-node name=n{number} component=n{number} input=a{number}")
        source = f"n{number}"
    return [*lines, f"output-node name=output input={source} objective=linear"]
