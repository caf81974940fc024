"""Why something failed is told in the system's words, not as a library writes it."""

import pytest
from voicedesk.errors import reason_of


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5038)"),
        OSError(
            "Multiple exceptions: [Errno 111] Connect call failed ('::1', 5038, 0, 0), "
            "[Errno 111] Connect call failed ('127.0.0.1', 5038)"
        ),
    ],
)
def test_a_refused_connection_is_told_as_the_system_calls_it(error: OSError) -> None:
    assert reason_of(error) == "Connection refused"
