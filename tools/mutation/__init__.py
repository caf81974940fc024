"""Whether the tests notice when a line is wrong: mutants of some rooms, and the tests that hold those rooms."""
