"""Says how many histories were checked."""

from tests.histories import world


def pytest_terminal_summary(terminalreporter):
    if world.HISTORIES.total():
        terminalreporter.write_line(
            f"{world.HISTORIES.total()} histories of a hall were checked against what truly happened"
        )
