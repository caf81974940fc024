"""A way over loopback to a server that can be cut at any byte: between a question and its answer, say."""

import asyncio
import contextlib
from collections.abc import Callable


class Proxy:
    """Use as `async with`: forwards connections to `target_port` of `host`.

    `cut_when(data)` is asked of all that the client sends; when it says so, the data still goes to the server, but the
    client hears no more: its connection is reset.
    """

    def __init__(
        self, target_port: int, cut_when: Callable[[bytes], bool] = lambda _data: False, *, host: str = "127.0.0.1"
    ) -> None:
        self.port = 0
        self.cuts = 0
        self._target = (host, target_port)
        self._cut_when = cut_when
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, back = await asyncio.open_connection(*self._target)
        answers = asyncio.create_task(_copy(there, writer))
        try:
            while data := await reader.read(65536):
                is_cut = self._cut_when(data)
                if is_cut:
                    answers.cancel()
                back.write(data)
                await back.drain()
                if is_cut:
                    self.cuts += 1
                    await asyncio.sleep(0.05)  # the server does what it was asked
                    break
        finally:
            answers.cancel()
            for end in (writer, back):
                end.transport.abort()
            await asyncio.wait({answers})


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
