"""Actions: asterisk-ami's own type, built for the few things asked of the switch, and written safely to bytes."""

import hashlib
import re

from asterisk.ami.action import Action, LogoffAction, SimpleAction

from voicedesk.errors import UnsafeValueError

VALUE_LIMIT = 1000
"""Bytes of a key or a value; the switch itself cuts a header line at about a thousand."""

IDEMPOTENT = frozenset(
    {"Ping", "Challenge", "CoreStatus", "CoreSettings", "CoreShowChannels", "QueueStatus"}
    | {"DeviceStateList", "ExtensionStateList"}
)
"""Names of the actions that may be asked again: they change nothing. All others are sent once or not at all."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_KEY = re.compile(r"[A-Za-z0-9_-]+")


def ping() -> Action:
    """Ask for a sign of life."""
    return SimpleAction("Ping")


def challenge() -> Action:
    """Ask for the word an MD5 login is made with."""
    return SimpleAction("Challenge", AuthType="MD5")


def login_md5(username: str, secret: str, word: str) -> Action:
    """Log in without showing the secret: `word` is the switch's challenge."""
    digest = hashlib.md5((word + secret).encode(), usedforsecurity=False).hexdigest()
    return SimpleAction("Login", AuthType="MD5", Username=username, Key=digest)


def login_plain(username: str, secret: str) -> Action:
    """Log in with the secret in clear text; only for a switch that knows nothing better."""
    return SimpleAction("Login", Username=username, Secret=secret)


def logoff() -> Action:
    """End the session in order."""
    return LogoffAction()


def core_status() -> Action:
    """Ask when this run of the switch began."""
    return SimpleAction("CoreStatus")


def core_settings() -> Action:
    """Ask for the switch's version and limits."""
    return SimpleAction("CoreSettings")


def core_show_channels() -> Action:
    """Ask for the list of channels."""
    return SimpleAction("CoreShowChannels")


def queue_status() -> Action:
    """Ask for all queues, their members and who waits in them."""
    return SimpleAction("QueueStatus")


def device_state_list() -> Action:
    """Ask for the state of every phone."""
    return SimpleAction("DeviceStateList")


def extension_state_list() -> Action:
    """Ask for all hints: which devices stand behind an inside number."""
    return SimpleAction("ExtensionStateList")


def originate(  # all that Asterisk needs to know
    *, channel: str, context: str, exten: str, channel_id: str, caller_number: str, caller_name: str, timeout_ms: int
) -> Action:
    """Ring `channel`, and lead it to `exten` of `context` when it answers.

    Never an application, a variable or data: what may happen then is the dialplan's alone. `channel_id` becomes the
    Uniqueid and the Linkedid, by which every event of it is known as ours; it is never sent again.
    """
    return SimpleAction(
        "Originate",
        Channel=channel,
        Context=context,
        Exten=exten,
        Priority="1",
        CallerID=f'"{caller_name}" <{caller_number}>',
        Timeout=str(timeout_ms),
        Async="true",
        ChannelId=channel_id,
        OtherChannelId=f"{channel_id}-2",
    )


def queue_pause(*, interface: str, is_paused: bool, reason: str) -> Action:
    """Pause a member in every queue it is in, or let it be rung again."""
    return SimpleAction("QueuePause", Interface=interface, Paused="true" if is_paused else "false", Reason=reason)


def to_bytes(action: Action, action_id: str) -> bytes:
    """The action as it goes out, under `action_id` whatever ActionID it carried.

    Raises UnsafeValueError before anything is sent where a name, key, variable or value could begin another header,
    holds a control character, or is too long.
    """
    lines = [f"Action: {_safe_key(action.name)}", f"ActionID: {_safe(action_id)}"]
    for key, value in action.keys.items():
        if key.lower() != "actionid":
            lines += [f"{_safe_key(key)}: {_safe(each)}" for each in _each(value)]
    lines += [f"Variable: {_safe(name)}={_safe(value)}" for name, value in action.variables.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _each(value: object) -> list[object]:
    """A list goes out as one header per item."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _safe_key(key: object) -> str:
    text = _safe(key)
    if not _KEY.fullmatch(text):
        raise UnsafeValueError("an action's name or key may hold only letters, digits, '-' and '_'")
    return text


def _safe(value: object) -> str:
    text = str(value)
    if _UNSAFE.search(text):
        raise UnsafeValueError("a value for the switch holds a line break or another control character")
    try:
        length = len(text.encode())
    except UnicodeEncodeError as error:
        raise UnsafeValueError("a value for the switch is not valid text") from error
    if length > VALUE_LIMIT:
        raise UnsafeValueError(f"a value for the switch is longer than {VALUE_LIMIT} bytes")
    return text
