"""The signals that the running service hears: SIGTERM and SIGINT stop it, SIGHUP has it read its settings again."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def heard(stopped: asyncio.Event, reload: Callable[[], object]) -> Iterator[None]:
    """Hears signals within the block. The first that stops sets `stopped`; a second one ends the process at once."""

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)
        stopped.set()

    loop = asyncio.get_running_loop()
    handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
