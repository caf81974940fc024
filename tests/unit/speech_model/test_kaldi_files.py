"""The acoustic model's file: what is written can be read again, piece by piece."""

import io

import numpy as np
import pytest
from tools.speech_model.acoustic import output_of, placed_phones, wiring, write_acoustics
from tools.speech_model.kaldi_io import Reader, Writer
from tools.speech_model.layers import Affine
from tools.speech_model.plans import EMBEDDED
from tools.speech_model.syllables import phone_names


def _layers() -> list[Affine]:
    rng = np.random.default_rng(1)
    shapes = [((-1, 0, 1), 32, 8), ((-3, 0, 3), 8, 8), ((0,), 8, len(phone_names()))]
    return [
        Affine(
            offsets=offsets,
            weights=rng.normal(size=(outputs, len(offsets) * inputs)).astype(np.float32),
            bias=rng.normal(size=outputs).astype(np.float32),
        )
        for offsets, inputs, outputs in shapes
    ]


def test_every_kind_of_object_comes_back() -> None:
    stream = io.BytesIO()
    writer = Writer(stream)
    matrix = np.random.default_rng(2).normal(size=(3, 5)).astype(np.float32)
    writer.tokens("<One> <Two>")
    writer.integers(7, -1)
    writer.floats(0.5)
    writer.double(2.25)
    writer.integer_vector([3, 1, 2])
    writer.vector(np.array([1.5, -2], np.float32))
    writer.lines(["a b", "c"])
    writer.matrix(matrix)
    stream.seek(0)
    reader = Reader(stream)
    assert (reader.token(), reader.token()) == ("<One>", "<Two>")
    assert (reader.integer(), reader.integer(), reader.float(), reader.double()) == (7, -1, 0.5, 2.25)
    assert reader.integer_vector() == [3, 1, 2]
    assert reader.vector().tolist() == [1.5, -2.0]
    assert reader.lines() == ["a b", "c"]
    assert np.abs(reader.matrix() - matrix).max() <= (matrix.max() - matrix.min()) / 255 / 2 + 1e-6
    assert reader.at_end()


def test_a_matrix_of_one_value_comes_back() -> None:
    stream = io.BytesIO()
    Writer(stream).matrix(np.full((2, 2), 3.0, np.float32))
    stream.seek(0)
    assert Reader(stream).matrix().tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_another_object_than_expected_is_refused() -> None:
    stream = io.BytesIO()
    Writer(stream).integers(1)
    stream.seek(0)
    with pytest.raises(ValueError, match="expected"):
        Reader(stream).double()


def test_the_model_file_holds_the_network_from_beginning_to_end(tmp_path) -> None:
    layers, priors = _layers(), np.full(len(phone_names()), 0.5, np.float32)
    write_acoustics(tmp_path, layers, priors, EMBEDDED.features)
    with (tmp_path / "am/final.mdl").open("rb") as stream:
        reader = Reader(stream)
        count = len(placed_phones())
        assert [reader.token() for _ in range(2)] == ["<TransitionModel>", "<Topology>"]
        assert reader.integer_vector() == list(range(1, count + 1))
        assert reader.integer_vector() == [-1] + [0] * count
        assert [reader.integer() for _ in range(5)] == [1, 2, 0, 2, 0]
        assert (reader.float(), reader.integer(), reader.float()) == (0.5, 1, 0.5)
        assert [reader.integer() for _ in range(2)] == [-1, 0]
        assert [reader.token() for _ in range(2)] == ["</Topology>", "<Triples>"]
        triples = [[reader.integer() for _ in range(3)] for _ in range(reader.integer())]
        assert triples == [[number, 0, output_of(name)] for name, number in placed_phones().items()]
        assert [reader.token() for _ in range(2)] == ["</Triples>", "<LogProbs>"]
        assert len(reader.vector()) == 2 * count + 1
        assert [reader.token() for _ in range(3)] == ["</LogProbs>", "</TransitionModel>", "<Nnet3>"]
        assert reader.lines() == wiring(layers, 32)
        assert reader.token() == "<NumComponents>"
        assert reader.integer() == 2 * len(layers)
        for number, layer in enumerate(layers):
            _read_layer(reader, number, layer)
        assert reader.token() == "</Nnet3>"
        assert (reader.token(), reader.integer()) == ("<LeftContext>", 4)
        assert (reader.token(), reader.integer()) == ("<RightContext>", 4)
        assert reader.token() == "<Priors>"
        assert reader.vector().tolist() == priors.tolist()
        assert reader.at_end()


def _read_layer(reader: Reader, number: int, layer: Affine) -> None:
    assert [reader.token() for _ in range(4)] == [
        "<ComponentName>",
        f"a{number}",
        "<FixedAffineComponent>",
        "<LinearParams>",
    ]
    assert reader.matrix() == pytest.approx(layer.weights, abs=0.02)
    assert reader.token() == "<BiasParams>"
    assert reader.vector() == pytest.approx(layer.bias)
    kind = "LogSoftmaxComponent" if number == 2 else "RectifiedLinearComponent"
    assert [reader.token() for _ in range(5)] == [
        "</FixedAffineComponent>",
        "<ComponentName>",
        f"n{number}",
        f"<{kind}>",
        "<Dim>",
    ]
    assert reader.integer() == len(layer.bias)
    for statistic in ("<ValueAvg>", "<DerivAvg>"):
        assert reader.token() == statistic
        assert len(reader.vector()) == 0
    assert (reader.token(), reader.double(), reader.token()) == ("<Count>", 0.0, f"</{kind}>")


def test_a_phone_has_four_places_in_a_word_and_silence_none(tmp_path) -> None:
    write_acoustics(tmp_path, _layers(), np.ones(len(phone_names()), np.float32), EMBEDDED.features)
    lines = (tmp_path / "graph/phones/word_boundary.int").read_text().splitlines()
    assert lines[:5] == ["1 nonword", "2 begin", "3 end", "4 internal", "5 singleton"]
    assert len(lines) == 1 + 4 * (len(phone_names()) - 1)
