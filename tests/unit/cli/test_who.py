"""Who types a command is known also where the user's number has no name."""

import getpass
import os
from pathlib import Path

import pytest
from voicedesk.cli.who import typed_by

CLI = Path(__file__).parents[3] / "voicedesk"


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 10001"), OSError("No username set")])
def test_a_container_s_user_without_a_name_is_known_by_its_number(monkeypatch, error):
    def nobody():
        raise error

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert typed_by() == f"uid {os.getuid()}"


@pytest.mark.parametrize(("login", "told"), [("wang", "wang"), ("", None), ("a\nb", None), ("  ", None)])
def test_a_login_s_name_is_taken_if_it_is_one_line(monkeypatch, login, told):
    monkeypatch.setattr(getpass, "getuser", lambda: login)
    assert typed_by() == (told or f"uid {os.getuid()}")


def test_nobody_else_asks_the_system_for_a_name():
    asking = [path.name for path in CLI.rglob("*.py") if "getuser" in path.read_text(encoding="utf-8")]
    assert asking == ["who.py"]
