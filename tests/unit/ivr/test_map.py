"""The map in the docs is the map that callers walk."""

from tests.unit.ivr.mapping import BEGIN, DOC, END, drawn


def test_the_map_in_the_docs_is_drawn_from_the_walk():
    inside = DOC.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert inside == drawn(), "draw it anew: python -m tests.unit.ivr.mapping"
