"""Commands as a person types them."""

import sys

import pytest
from voicedesk.cli import main


class Typed:
    """What came of a command: exit code, standard output, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["voicedesk", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Typed(int(ended.value.code or 0), told.out, told.err)

    return run
