"""Whether a switch's dialplan has what callbacks are led through: the contexts of staff, citizens and shown numbers."""

from collections.abc import Iterable

from asterisk.ami.action import SimpleAction

from voicedesk.ami.link import AmiAddress, open_link
from voicedesk.ami.protocol import AmiProtocol
from voicedesk.clock import NowUs
from voicedesk.doctor.finding import Finding
from voicedesk.errors import AmiActionError, AmiError
from voicedesk.settings import Settings
from voicedesk.tickets.dialplan import STAFF_CONTEXT, citizen_context

ASK_SECONDS = 10.0
_ABSENT = "did not find context"


def contexts_of(settings: Settings, pbx: str) -> list[str]:
    """The contexts that callbacks over a PBX may need; none where it places no calls."""
    if not any(one.name == pbx and one.dial_username for one in settings.pbx):
        return []
    shown = (line.shown_number for line in settings.on(pbx).lines)
    return list(dict.fromkeys([STAFF_CONTEXT, citizen_context(None), *(citizen_context(one) for one in shown)]))


async def check_callbacks(settings: Settings, addresses: Iterable[AmiAddress], now: NowUs) -> list[Finding]:
    """A finding for each PBX that places calls; of one that cannot be reached its login tells."""
    found = []
    for address in addresses:
        contexts = contexts_of(settings, address.pbx)
        if contexts:
            found.append(await _check(address, contexts, now))
    return [one for one in found if one is not None]


async def _check(address: AmiAddress, contexts: list[str], now: NowUs) -> Finding | None:
    try:
        link = await open_link(address, AmiProtocol(address.credentials), now, lambda _: None, timeout_seconds=10)
    except AmiError:
        return None
    absent, said = [], ""
    try:
        for context in contexts:
            answer = await link.ask(SimpleAction("ShowDialPlan", Context=context), ASK_SECONDS)
            if answer.response.is_error():
                said = answer.response.message or ""
                absent += [context] if said.lower().startswith(_ABSENT) else []
        await link.log_off()
    except (AmiActionError, AmiError) as error:
        said = str(error)
    finally:
        link.abort()
    if absent:
        return Finding.bad(
            address.pbx,
            "callbacks",
            f"the dialplan has no context {', '.join(absent)}",
            "the staff phone would ring, and then no citizen",
            f"voicedesk asterisk snippet callback --pbx {address.pbx} --file extensions.conf; "
            "then: asterisk -rx 'dialplan reload'",
        )
    if said:
        what = f"whether the dialplan has what callbacks need is not told: {said}"
        return Finding.unseen(address.pbx, "callbacks", what)
    what = f"the dialplan has what callbacks need: {', '.join(contexts)}"
    return Finding.good(address.pbx, "callbacks", what)
