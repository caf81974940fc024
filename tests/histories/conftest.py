"""Says how many histories were checked, by this process or by those it shared the tests out to."""

import pytest
from tests.histories import world


def pytest_sessionfinish(session):
    """What a process that took part has checked goes to the one that tells."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["histories"] = world.HISTORIES.total()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    world.HISTORIES["elsewhere"] += getattr(node, "workeroutput", {}).get("histories", 0)


def pytest_terminal_summary(terminalreporter):
    if world.HISTORIES.total():
        terminalreporter.write_line(
            f"{world.HISTORIES.total()} histories of a hall were checked against what truly happened"
        )
