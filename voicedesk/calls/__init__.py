"""The hall's calls as pure rules: events in, facts and verdicts out; no socket, no file, no clock of its own."""
