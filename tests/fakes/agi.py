"""The switch's side of FastAGI: connects, says what the call is, and answers commands as it is told to."""

import asyncio
from collections.abc import Callable

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "overflow?line=hotline",
    "agi_request": "agi://127.0.0.1:4573/overflow?line=hotline",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "zh_CN",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795421286.6",
    "agi_version": "22.10.1",
    "agi_callerid": "13800138000",
    "agi_calleridname": "王小明",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "4001",
    "agi_rdnis": "unknown",
    "agi_context": "voicedesk-ivr",
    "agi_extension": "4001",
    "agi_priority": "3",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "140223344556677",
    "agi_arg_1": "first",
    "agi_arg_2": "second",
}


def environment(**values: str) -> bytes:
    lines = {**ENVIRONMENT, **values}
    return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\n"


Answer = str | bytes | None
Script = Callable[[str], Answer]


def obliging(command: str) -> Answer:
    """A switch where every file plays to its end and no key is ever pressed."""
    if command.startswith("STREAM FILE"):
        return "200 result=0 endpos=8000"
    if command.startswith("RECORD FILE"):
        return "200 result=0 (timeout) endpos=16000"
    if command.startswith("ANSWER"):
        return "200 result=0"
    return "200 result=1" if command.startswith(("SET", "HANGUP")) else "200 result=0"


class FakeSwitchCall:
    """One call: connects to a FastAGI server; `answers` gives a reply to each command, None for no reply at all."""

    def __init__(self, port: int, answers: Script = obliging, data: bytes | None = None) -> None:
        self._port, self._answers, self._data = port, answers, environment() if data is None else data
        self.commands: list[str] = []
        self.ended = asyncio.Event()

    async def __aenter__(self) -> "FakeSwitchCall":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self._data)
        self._task = asyncio.create_task(self._talk())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _talk(self) -> None:
        try:
            while line := await self._reader.readline():
                command = line.decode().rstrip("\n")
                self.commands.append(command)
                answer = self._answers(command)
                if answer is not None:
                    self.send(answer)
        except ConnectionError:
            pass
        finally:
            self.ended.set()

    def send(self, answer: str | bytes) -> None:
        self._writer.write(answer if isinstance(answer, bytes) else answer.encode() + b"\n")

    def hang_up(self) -> None:
        """The caller is gone, and so is the channel."""
        self._writer.close()

    async def over(self, seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            await self.ended.wait()
