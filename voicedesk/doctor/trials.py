"""What the guided start of the desk tries, in a process of its own: a switch, its lists, an ear, the installation.

    python -m voicedesk.doctor.trials < order

The order is JSON on standard input, so that no secret stands in a command line: `do` is "switch", "house", "ear" or
"whole", the other keys are those of the function of that name. What came of it is JSON on standard output; `error` says
why nothing did.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import AmiProtocol, ClosedBeforeLogin
from voicedesk.clock import now_us
from voicedesk.discovery.day import DAY_US, HouseDay, day_of
from voicedesk.discovery.lists import ask_house
from voicedesk.discovery.proposal import propose
from voicedesk.doctor.examine import examine
from voicedesk.doctor.finding import Finding
from voicedesk.doctor.pbx import judge, look
from voicedesk.doctor.sound_trial import try_ear
from voicedesk.errors import AmiAuthenticationError, AmiError, AmiProtocolError, InputError, StoreError, VoicedeskError
from voicedesk.hall.switches import address_of, dial_address_of, pause_address_of
from voicedesk.settings import PbxSettings, read_settings
from voicedesk.store.engine import database_file
from voicedesk.store.store import Store

MOST_BYTES = 8 * 1024 * 1024
"""More than any switch says within a moment: who sends without end is hung up on."""
TRIAL_SECONDS, HOUSE_SECONDS, WHOLE_SECONDS = 30.0, 75.0, 120.0
_MOST_ROWS = 300
_RELOAD = "asterisk -rx 'manager reload'"
Order = Mapping[str, Any]


class BoundedProtocol(AmiProtocol):
    """A conversation with whoever answers at an address that somebody typed: so much is read, and no more."""

    _read = 0

    def receive_data(self, data: bytes, arrived_us: int) -> None:
        """As ever. Raises AmiProtocolError where it is more than a manager says in a moment."""
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise AmiProtocolError(f"more than {MOST_BYTES // 2**20} MiB came in a moment")
        super().receive_data(data, arrived_us)


async def switch(order: Order) -> dict[str, Any]:
    """`pbx`, the table of a switch with its secret: what there is to say of it, and whether the login was taken."""
    address = address_of(PbxSettings.model_validate(order["pbx"]))
    findings = await try_switch(address)
    is_in = not any(one.check == "login" and one.why for one in findings)
    return {"findings": [one.as_json() for one in findings], "is_in": is_in}


async def try_switch(address: AmiAddress) -> list[Finding]:
    """What `doctor` says of a switch; of an address at which no manager greets only that, whatever else answers there.

    Nothing is sent before the greeting of a manager has come.
    """
    talk = BoundedProtocol(address.credentials)
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            seen = await look(address, now_us, listen_seconds=1.0, protocol=talk)
    except (AmiError, TimeoutError, OSError) as error:
        return [_no_login(address, talk, error)]
    return judge(address.pbx, seen)


def _no_login(address: AmiAddress, talk: AmiProtocol, error: Exception) -> Finding:
    why = "nothing can be followed"
    if not talk.version:
        what = f"no Asterisk manager answers at {address.host}:{address.port}"
        cure = (
            f"in manager.conf: enabled = yes, bindaddr = 0.0.0.0, port = {address.port}; then: {_RELOAD}; is the name "
            "right, does a firewall stand between, and is TLS on at both ends or at none?"
        )
        return Finding.bad(address.pbx, "login", what, why, cure)
    if isinstance(error, ClosedBeforeLogin):
        what = "the switch hangs up before the login: an address rule of this user keeps us out"
        return Finding.bad(address.pbx, "login", what, why, f"look at permit and deny in manager.conf, then: {_RELOAD}")
    if isinstance(error, AmiAuthenticationError):
        what = "the switch refuses the login: the user or the secret is wrong, or may not come from here"
        cure = f"compare user, secret and permit with manager.conf, then: {_RELOAD}"
        return Finding.bad(address.pbx, "login", what, why, cure)
    what = "the switch greets, and then does not answer in time"
    return Finding.bad(address.pbx, "login", what, why, "is the machine overloaded? try again")


async def house(order: Order) -> dict[str, Any]:
    """`pbx`, and `url` of the database: the lines, phones and people that the switch shows, as `init --discover`."""
    address = address_of(PbxSettings.model_validate(order["pbx"]))
    try:
        async with asyncio.timeout(HOUSE_SECONDS):
            seen = await ask_house(address, now_us, _ignore)
    except (AmiError, TimeoutError, OSError) as error:
        raise InputError("the switch cannot be asked just now: test the connection again") from error
    day = await _stored(str(order["url"]), address.pbx)
    for event in seen.channels or ():
        day.receive(event)
    found = propose([seen], {address.pbx: day})
    return {
        "lines": [_line(one) for one in found.lines[:_MOST_ROWS]],
        "phones": [asdict(one) for one in found.phones[:_MOST_ROWS]],
        "people": [asdict(one) for one in found.people[:_MOST_ROWS]],
        "notes": found.notes[:20],
    }


def _line(one: Any) -> dict[str, Any]:
    sources = [f"{name}: {source}" for name, source in (*one.extensions.items(), *one.queues.items())]
    lists = {key: list(getattr(one, key))[:_MOST_ROWS] for key in ("extensions", "queues", "phones")}
    return {"name": one.name, **lists, "is_likely": one.is_likely, "sources": sources[:6]}


async def _stored(url: str, pbx: str) -> HouseDay:
    database = database_file(url)
    if database is not None and not database.exists():
        return HouseDay()
    try:
        async with Store.open(url, may_write=False) as store:
            return await day_of(store, pbx, now_us() - DAY_US)
    except StoreError:
        return HouseDay()


def _ignore(_events: object) -> None:
    """What happens on the switch meanwhile is not asked for."""


async def ear(order: Order) -> dict[str, Any]:
    """`file` of the settings, `model` and `folder`: whether the model loads, and what lies in a recordings' folder."""
    settings = read_settings(Path(order["file"])).settings
    folder = Path(order["folder"]) if order.get("folder") else None
    findings = await try_ear(str(order["model"]), settings.speech.models_folder, folder)
    return {"findings": [one.as_json() for one in findings]}


async def whole(order: Order) -> dict[str, Any]:
    """`file` of the settings: every finding of `doctor`."""
    loaded = read_settings(Path(order["file"]))
    switches = loaded.settings.pbx
    async with asyncio.timeout(WHOLE_SECONDS):
        findings = await examine(
            loaded.settings,
            [address_of(pbx) for pbx in switches],
            now_us,
            pausers=[pause_address_of(pbx) for pbx in switches if pbx.pause_username],
            diallers=[dial_address_of(pbx) for pbx in switches if pbx.dial_username],
            file=loaded.file,
        )
    return {"findings": [one.as_json() for one in findings]}


_DOES: Mapping[str, Callable[[Order], Coroutine[Any, Any, dict[str, Any]]]] = {
    "switch": switch,
    "house": house,
    "ear": ear,
    "whole": whole,
}


def main() -> None:
    """Carries out the one order on standard input."""
    order = json.loads(sys.stdin.buffer.read())
    try:
        told = asyncio.run(_DOES[order["do"]](order))
    except VoicedeskError as error:
        told = {"error": str(error)}
    except TimeoutError:
        told = {"error": "it takes too long: try again, or use voicedesk doctor"}
    sys.stdout.write(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
