"""The graphs of a Vosk model for run-time grammars: HCLr.fst, Gr.fst, words.txt and their marks.

The work on automata is OpenFst's; HCLr needs its lookahead type, which only its own `fstconvert` writes.
"""

import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pywrapfst as fst

from tools.speech_model.acoustic import forward, placed_phones
from tools.speech_model.automaton import NOTHING, Automaton
from tools.speech_model.lexicon import Lexicon
from tools.speech_model.pronouncing import pronouncing

_SEMIRING = "tropical"
# Debian's OpenFst has the lookahead type in this library, which is not found by the type's name
_LOOKAHEAD_LIBRARY = "libfstlookahead.so.22"


def to_fst(automaton: Automaton) -> fst.VectorFst:
    """The same automaton as OpenFst's."""
    made = fst.VectorFst()
    made.add_states(automaton.states)
    made.set_start(0)
    for arc in automaton.arcs:
        made.add_arc(arc.source, fst.Arc(arc.input, arc.output, fst.Weight(_SEMIRING, arc.cost), arc.target))
    for state, cost in automaton.finals.items():
        made.set_final(state, fst.Weight(_SEMIRING, cost))
    return made


def deterministic(automaton: Automaton) -> fst.VectorFst:
    """The least deterministic automaton that does the same."""
    made = fst.determinize(to_fst(automaton).rmepsilon())
    encoder = fst.EncodeMapper("standard", encode_labels=True, encode_weights=True)
    made.encode(encoder)
    made.minimize()
    return made.decode(encoder)


def with_self_loops(graph: fst.VectorFst) -> fst.VectorFst:
    """Let every phone last: a state entered by a phone's label gets that phone's own loop.

    A state that several phones lead to becomes one state for each.
    """
    last = forward(len(placed_phones()))
    entered: dict[int, set[int]] = defaultdict(set)
    entered[graph.start()].add(NOTHING)
    for state in graph.states():
        for arc in graph.arcs(state):
            entered[arc.nextstate].add(_phone(arc.ilabel, last))
    made = fst.VectorFst()
    copies = {(state, label): made.add_state() for state in graph.states() for label in sorted(entered[state])}
    made.set_start(copies[graph.start(), NOTHING])
    for (state, label), copy in copies.items():
        if label:
            made.add_arc(copy, fst.Arc(label - 1, NOTHING, fst.Weight.one(_SEMIRING), copy))
        made.set_final(copy, graph.final(state))
        for arc in graph.arcs(state):
            target = copies[arc.nextstate, _phone(arc.ilabel, last)]
            made.add_arc(copy, fst.Arc(arc.ilabel, arc.olabel, arc.weight, target))
    return made.connect()


def _phone(label: int, last: int) -> int:
    return label if label <= last else NOTHING


def write_graphs(folder: Path, lexicon: Lexicon, grammar: Automaton) -> None:
    """Write the graph folder of a model."""
    (folder / "graph").mkdir(parents=True, exist_ok=True)
    words = pronouncing(lexicon)
    marks = "".join(f"{mark}\n" for mark in words.marks)
    (folder / "graph/disambig_tid.int").write_text(marks)
    decoding = with_self_loops(deterministic(words.automaton)).arcsort("olabel")
    renumbered = _write_lookahead(decoding, folder / "graph/HCLr.fst")
    pairs = list(renumbered.items())
    sentences = to_fst(grammar).relabel_pairs(ipairs=pairs, opairs=pairs).arcsort("ilabel")
    fst.convert(sentences, "const").write(str(folder / "graph/Gr.fst"))
    _write_words(folder / "graph/words.txt", lexicon, renumbered)


def _write_words(path: Path, lexicon: Lexicon, renumbered: Mapping[int, int]) -> None:
    """Run-time grammars are built from this list, so it has the numbers that the lookahead graph gave the words."""
    lines = (f"{word} {renumbered.get(number, number)}\n" for word, number in lexicon.ids().items())
    path.write_text("".join(lines), encoding="utf-8")


def _write_lookahead(graph: fst.VectorFst, path: Path) -> dict[int, int]:
    """Write a graph with lookahead by its words; gives the words' new numbers."""
    with tempfile.TemporaryDirectory() as folder:
        plain, pairs = Path(folder, "plain.fst"), Path(folder, "pairs")
        graph.write(str(plain))
        command = ["fstconvert", "--fst_type=olabel_lookahead", f"--save_relabel_opairs={pairs}", plain, path]
        subprocess.run(command, check=True, env=os.environ | {"LD_PRELOAD": _LOOKAHEAD_LIBRARY})
        lines = pairs.read_text().splitlines()
    return {int(old): int(new) for old, new in (line.split() for line in lines)}
