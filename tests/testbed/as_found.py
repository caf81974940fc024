"""Puts a switch back as it was found, so that a call that is placed twice begins the same both times.

Calls leave more behind than channels: a paused member, a phone that signed on, the seconds of wrap-up after a talk,
do-not-disturb and forwarding in the switch's own database.
"""

import asyncio
from dataclasses import dataclass

from tests.testbed.manager import ManagerConversation

SETTLE_SECONDS = 20
"""The state of a phone reaches its queues in a thread of its own; a busy machine lets that one wait."""
_IDLE, _AWAY, _TAKEN = "idle", "away", "taken"
_STATUS = {"0": _IDLE, "1": _IDLE, "4": _AWAY, "5": _AWAY}
_DEVICES = "/CustomDevstate/"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a queue, with what decides whether a caller is put through to it."""

    queue: str
    interface: str
    is_dynamic: bool
    penalty: str
    paused: str
    last_call: str
    status: str


class AsFound:
    """What a switch remembers between calls, as it was when it was looked at."""

    def __init__(self, members: set[Member], database: dict[str, str]) -> None:
        self._members, self._database = members, database

    @classmethod
    async def look(cls, control: ManagerConversation) -> "AsFound":
        """What the switch remembers now."""
        return cls(await _members(control), await _database(control))

    async def put_back(self, control: ManagerConversation) -> None:
        """Returns when the switch is as it was found; `AssertionError` says what could not be put back."""
        await self._put_back_database(control)
        await self._put_back_members(control)
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while left := await self._differences(control):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"the switch is not as it was found: {left}") from None

    async def _put_back_database(self, control: ManagerConversation) -> None:
        now = await _database(control)
        for key in now.keys() - self._database.keys():
            family, _, name = key[1:].rpartition("/")
            if key.startswith(_DEVICES):  # its queues hear of it only this way
                await control.action("Setvar", Variable=f"DEVICE_STATE(Custom:{name})", Value="NOT_INUSE")
            await control.action("DBDel", Family=family, Key=name)

    async def _put_back_members(self, control: ManagerConversation) -> None:
        found = {(one.queue, one.interface): one for one in self._members}
        for one in await _members(control):
            before = found.get((one.queue, one.interface))
            where = {"Queue": one.queue, "Interface": one.interface}
            if before is None:
                await control.action("QueueRemove", **where)
            elif one.paused != before.paused:
                await control.action("QueuePause", **where, Paused=before.paused)
        await control.action("QueueReset")  # forgets when a member last talked: its wrap-up is over

    async def _differences(self, control: ManagerConversation) -> list[object]:
        members, database = await _members(control), await _database(control)
        return [
            *sorted(map(str, members ^ self._members)),
            *sorted(set(database.items()) ^ set(self._database.items())),
        ]


async def _members(control: ManagerConversation) -> set[Member]:
    return {
        Member(
            queue=one["Queue"],
            interface=one["Location"],
            is_dynamic=one["Membership"] == "dynamic",
            penalty=one["Penalty"],
            paused="true" if one["Paused"] == "1" else "false",
            last_call=one["LastCall"],
            status=_STATUS.get(one["Status"], _TAKEN),
        )
        for one in await control.listed("QueueStatus")
        if one["Event"] == "QueueMember"
    }


async def _database(control: ManagerConversation) -> dict[str, str]:
    return {one["Key"]: one["Val"] for one in await control.listed("DBGetTree") if one["Event"] == "DBGetTreeResponse"}
