"""All borders that are fuzzed."""

from tests.fuzz import door, files, rows, switch, words

TARGETS = (*switch.TARGETS, *door.TARGETS, *files.TARGETS, *rows.TARGETS, *words.TARGETS)
