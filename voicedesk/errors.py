"""The one tree of errors; each class says whose fault it is and whether trying again can help.

    VoicedeskError
    ├── SettingsError        the user's: voicedesk.toml or its environment; mend it, then start again
    ├── InputError           the user's: a file or an argument of a command; nothing was changed
    │   └── WrongUsage           a command line that can never be carried out: no such date, options that clash
    ├── OutcomeUnknown       what was asked may have been carried out or not: look before you ask again
    ├── NotBegun             no service runs, or it did not begin in time: nothing was done, and it may be asked again
    ├── AmiError             the switch's side
    │   ├── AmiProtocolError     the peer does not speak AMI; a retry helps only if the address was wrong
    │   ├── AmiAuthenticationError  refused at login; a retry helps only after manager.conf or the secret changes
    │   ├── AmiActionError       the switch answered "Error"; the same action will be refused again
    │   └── AmiLinkLost          the link went away; the client reconnects by itself, an action's fate is unknown
    │       └── AmiUnreached         there never was a link for this action: it was not sent
    ├── AgiError             one call in the IVR; the dialplan leads the caller on
    │   ├── AgiHungUp            the caller, or the switch, is gone
    │   ├── AgiRefused           the switch refused a command (510, 511, 520)
    │   └── AgiProtocolError     who connected does not speak FastAGI
    ├── UnsafeValueError     ours or the user's: a value that must never reach the wire (CR, LF, NUL …)
    ├── StoreError           the database: locked, full, read-only, too new; nothing journalled is lost
    │   ├── StoreUnavailable     worth another try
    │   ├── StoreDamaged         the database file is broken; only a restored copy helps
    │   ├── ValueRefused         one value does not fit into it; without that, the rest will be taken
    │   ├── SpillRefused         the spill file refuses as well: its disk is full, or it may not be written
    │   └── JournalTaken         another instance writes this journal; this one must end
    ├── SpeechError          a speech worker; following calls goes on without it
    │   ├── SpeechLost           it crashed or hung: the voice can be heard again from its recording
    │   │   └── SpeechInterrupted    it did so over another voice: nothing is wrong with this one
    │   └── SpeechUnavailable    none can be started: the model does not load
    └── WebhookError         a receiver of news cannot be reached, or its answer not be read; worth another try
        └── AddressRefused       nothing may be sent there; a retry helps only after the settings or its name change

Third-party errors are mapped to these where they enter (`raise … from`).
"""

import os
import re

_NO_CONNECTION = "Connect call failed"
"""What asyncio writes in the place of the system's reason, with an address as Python writes it."""


class VoicedeskError(Exception):
    """Base of all; `str()` is one sentence that says what to do."""


class SettingsError(VoicedeskError):
    """The settings are wrong; the message names the file, the line and the cure."""


class InputError(VoicedeskError):
    """A command's file or argument cannot be used as it is."""


class WrongUsage(InputError):
    """A command line that can never be carried out: a value of the wrong form, options that clash or are missing."""


class OutcomeUnknown(VoicedeskError):
    """Whether something was carried out is not known; the message says where to look."""


class NotBegun(VoicedeskError):
    """The running service did not begin with what was asked of it, and never will."""


class AmiError(VoicedeskError):
    """Something between us and the switch."""


class AmiProtocolError(AmiError):
    """What answers at that address is not Asterisk's manager interface."""


class AmiAuthenticationError(AmiError):
    """The switch refused the login."""


class AmiActionError(AmiError):
    """The switch answered an action with an error."""


class AmiLinkLost(AmiError):
    """The link was lost; whether the action was carried out is unknown."""


class AmiUnreached(AmiLinkLost):
    """The switch could not be reached to be asked; the action was surely not carried out."""


class AgiError(VoicedeskError):
    """Something between us and one call in the IVR."""


class AgiHungUp(AgiError):
    """The caller is gone. `finished` files of what was being said were played to the end; `endpos` in samples."""

    def __init__(self, *, endpos: int = 0, finished: int = 0) -> None:
        super().__init__("the caller hung up")
        self.endpos = endpos
        self.finished = finished


class AgiRefused(AgiError):
    """The switch does not know, or does not allow, a command."""


class AgiProtocolError(AgiError):
    """What connected is no Asterisk."""


class UnsafeValueError(VoicedeskError):
    """A value holds characters that could start a new header on the wire."""


class StoreError(VoicedeskError):
    """The database refused."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or is locked; a later try may succeed."""


class StoreDamaged(StoreError):
    """The database file is broken; the message says what to do."""


class ValueRefused(StoreError):
    """Something that was to be written does not fit into the database, whenever it is tried."""


class SpillRefused(StoreError):
    """What the database does not take cannot be written to the spill file either."""


class JournalTaken(StoreError):
    """Other entries than ours stand in the journal where ours belong."""


class SpeechError(VoicedeskError):
    """Something with the speech workers."""


class SpeechLost(SpeechError):
    """The worker that heard a voice is gone; the voice may be heard again from its recording."""


class SpeechInterrupted(SpeechLost):
    """The worker that heard a voice is gone, and it was another voice that it crashed or hung over."""


class SpeechUnavailable(SpeechError):
    """No worker can be had: the model does not load, or workers end as soon as they begin."""


class WebhookError(VoicedeskError):
    """A webhook could not be told: name, connection, TLS or time. The message never holds its URL."""


class AddressRefused(WebhookError):
    """A webhook is at an address that news must not be sent to."""


def reason_of(error: BaseException) -> str:
    """Why something failed; where it was the system that refused, in its words without their number and file."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8: save the file as UTF-8"
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    if _NO_CONNECTION not in said:
        return said
    tried = re.findall(rf"\[Errno (\d+)\] {_NO_CONNECTION}", str(error))  # one of each address that was tried
    return "; ".join(dict.fromkeys(os.strerror(int(number)) for number in tried)) or said
