"""What tests of the log share."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from voicedesk.log import configure_logging


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Whatever a test makes of logging, the next one finds it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def logged() -> Callable[..., dict[str, Any]]:
    """Logs fields, and gives the line as JSON."""

    def log(**fields: Any) -> dict[str, Any]:
        stream = io.StringIO()
        configure_logging("info", "json", stream)
        structlog.get_logger().info("call_started", **fields)
        found: dict[str, Any] = json.loads(stream.getvalue())
        return found

    return log
