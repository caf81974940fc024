"""One raw manager conversation, kept byte for byte: for captures, and for telling the testbed's switch what to do."""

import asyncio
import itertools
from contextlib import suppress


class ManagerConversation:
    """Use as `async with`: connects, logs in, and keeps every byte received in `data`."""

    def __init__(self, address: str, port: int, user: str, secret: str) -> None:
        self._where = (address, port)
        self._user, self._secret = user, secret
        self._ids = itertools.count(1)
        self._arrived = asyncio.Condition()
        self.data = bytearray()
        self.is_over = False

    async def __aenter__(self) -> "ManagerConversation":
        self._reader, self._writer = await asyncio.open_connection(*self._where)
        self._task = asyncio.create_task(self._read())
        try:
            await self.action("Login", Username=self._user, Secret=self._secret)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        with suppress(OSError):
            while chunk := await self._reader.read(65536):
                async with self._arrived:
                    self.data += chunk
                    self._arrived.notify_all()
        async with self._arrived:
            self.is_over = True
            self._arrived.notify_all()

    def send(self, name: str, **headers: str) -> str:
        """Sends an action, does not wait; returns its ActionID."""
        action_id = f"{self._user}-{next(self._ids)}"
        lines = {"Action": name, "ActionID": action_id, **headers}
        self._writer.write("".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode() + b"\r\n")
        return action_id

    async def action(self, name: str, *, until: bytes = b"", **headers: str) -> str:
        """Sends an action and waits for its answer, or for `until` after it; refused is a `RuntimeError`.

        Returns its ActionID.
        """
        start = len(self.data)
        action_id = self.send(name, **headers).encode()
        await self.wait_for(b"ActionID: " + action_id + b"\r\n", start)
        await self.wait_for(until or b"\r\n\r\n", self.data.index(b"ActionID: " + action_id, start))
        answer = self.data[self.data.rindex(b"Response: ", 0, self.data.index(b"ActionID: " + action_id, start)) :]
        if answer.startswith(b"Response: Error"):
            raise RuntimeError(f"{name}: {bytes(answer[:200])!r}")
        return action_id.decode()

    async def listed(self, name: str, **headers: str) -> list[dict[str, str]]:
        """What an action lists: the fields of each event that answers it."""
        start = len(self.data)
        ours = await self.action(name, until=b"EventList: Complete", **headers)
        blocks = bytes(self.data[start:]).decode(errors="replace").split("\r\n\r\n")
        events = [dict(line.partition(": ")[::2] for line in block.split("\r\n")) for block in blocks]
        return [one for one in events if one.get("ActionID") == ours and "Event" in one]

    async def wait_for(self, text: bytes, start: int = 0, *, seconds: float = 60) -> int:
        """Waits until `text` has come since `start`; returns the place after it. `EOFError` if the switch hung up."""
        async with asyncio.timeout(seconds), self._arrived:
            while (at := self.data.find(text, start)) < 0:
                if self.is_over:
                    raise EOFError(f"the switch hung up before {text!r}")
                await self._arrived.wait()
        return at + len(text)

    async def ended(self, *, seconds: float = 60) -> None:
        """Waits until the switch hangs up."""
        async with asyncio.timeout(seconds), self._arrived:
            while not self.is_over:
                await self._arrived.wait()
