"""A switch with its phones and callers around it, ready to place calls."""

import asyncio
from contextlib import AsyncExitStack

from tests.testbed.as_found import AsFound
from tests.testbed.asterisk import Asterisk
from tests.testbed.call import Call
from tests.testbed.manager import ManagerConversation
from tests.testbed.plan import Plan
from tests.testbed.sip_truth import SipTruth, sip_truth
from tests.testbed.user_agent import Behaviour, UserAgent

CALLER = "13800138000"


class Stage:
    """Use as `async with`: starts an Asterisk and a user agent for each staff phone and for the trunk."""

    def __init__(self, plan: Plan | None = None, *, switch: Asterisk | None = None) -> None:
        self.switch = switch or Asterisk(plan)
        self.phones: dict[str, UserAgent] = {}
        self._owns_switch = switch is None
        self._stack = AsyncExitStack()
        self._found: AsFound | None = None

    async def __aenter__(self) -> "Stage":
        plan = self.switch.plan
        network = plan.network
        server = (network.switch, network.sip_port)
        try:
            if self._owns_switch:
                await self._stack.enter_async_context(self.switch)
            self.control = await self._stack.enter_async_context(self.switch.manager())
            self.trunk = await self._stack.enter_async_context(
                UserAgent("trunk", network.trunk, network.phone_port, server)
            )
            for phone in plan.phones()[: len(plan.staff)]:
                agent = UserAgent(phone.name, phone.address, phone.port, server)
                self.phones[phone.name] = await self._stack.enter_async_context(agent)
            for phone in plan.second_contacts():
                agent = UserAgent(phone.name, phone.address, phone.port, server)
                self.phones[f"{phone.name}b"] = await self._stack.enter_async_context(agent)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def set(self, **behaviours: Behaviour) -> None:
        """What phones do with their next calls: `agent1=answers_after(4)`."""
        for name, behaviour in behaviours.items():
            self.phones[name].on_invite = behaviour

    async def call_in(self, extension: str, *, number: str = CALLER) -> Call:
        """A citizen calls a number of the hall."""
        return await self.trunk.dial(extension, caller=number)

    async def call_at(self, name: str, number: int = 0, *, seconds: float = 60) -> Call:
        """The `number`-th call that came to a phone, waiting for it."""
        async with asyncio.timeout(seconds):
            while True:
                calls = list(self.phones[name].calls.values())
                if len(calls) > number:
                    return calls[number]
                await asyncio.sleep(0.005)

    async def begin_again(self) -> None:
        """Phones know nothing of earlier calls, and the switch is as the first caller of this found it."""
        for phone in (self.trunk, *self.phones.values()):
            phone.on_invite = None
            phone.calls.clear()
        if self._found is None:
            self._found = await AsFound.look(self.control)
        else:
            await self._found.put_back(self.control)

    async def quiet(self, control: ManagerConversation | None = None, *, seconds: float = 90) -> None:
        """Waits until the switch has no channel left."""
        control = control or self.control
        async with asyncio.timeout(seconds):
            while True:
                start = len(control.data)
                await control.action("CoreShowChannels", until=b"ListItems: ")
                end = await control.wait_for(b"\r\n\r\n", control.data.index(b"ListItems: ", start))
                if b"ListItems: 0\r\n" in control.data[start:end]:
                    return
                await asyncio.sleep(0.1)

    async def free(self, *, seconds: float = 60) -> None:
        """Waits until no call is left and every member of a queue counts as free: the queue skips one that does not."""
        await self.quiet()
        control = self.control
        async with asyncio.timeout(seconds):
            while True:
                start = len(control.data)
                await control.action("QueueStatus", until=b"Event: QueueStatusComplete\r\n")
                members = bytes(control.data[start:]).split(b"Event: QueueMember\r\n")[1:]
                if all(b"\r\nStatus: 1\r\n" in member.partition(b"\r\n\r\n")[0] for member in members):
                    return
                await asyncio.sleep(0.1)

    def truth(self) -> list[SipTruth]:
        """What the wire said of every call so far."""
        return sip_truth([self.trunk, *self.phones.values()])

    def check(self) -> None:
        """Raises what went wrong within a phone, if anything did."""
        failures = [error for phone in (self.trunk, *self.phones.values()) for error in phone.failures]
        if failures:
            raise ExceptionGroup("a phone's behaviour failed", failures)  # type: ignore[type-var]
