"""Something that serves in an event loop of its own, in a thread, while a command runs in the test's own."""

import asyncio
import threading


class InThread:
    """`with` it, `serve` runs: it calls `is_ready` when commands may come, and goes on while not `is_over`."""

    def __enter__(self):
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()))
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def is_ready(self) -> None:
        self._ready.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    async def serve(self) -> None:
        raise NotImplementedError
