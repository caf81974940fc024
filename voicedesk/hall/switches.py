"""How each switch of the settings is reached, and where its own logs lie."""

import ssl
from dataclasses import replace
from pathlib import Path

from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.errors import InputError, SettingsError, reason_of
from voicedesk.settings import PbxSettings, Settings
from voicedesk.switch_logs.files import LogPaths

NO_PBX = "the settings have no [[pbx]] yet: `voicedesk init` writes one"


def no_pbx(name: str, settings: Settings) -> InputError:
    """What is said of the name of a PBX that stands in no [[pbx]]."""
    known = ", ".join(one.name for one in settings.pbx)
    return InputError(f"no [[pbx]] is called {name!r}: there are {known}" if known else NO_PBX)


def address_of(pbx: PbxSettings) -> AmiAddress:
    """Where a PBX is and how to log in."""
    context = None
    if pbx.tls:
        try:
            context = ssl.create_default_context(cafile=str(pbx.tls_ca_file) if pbx.tls_ca_file else None)
        except OSError as error:
            raise SettingsError(
                f"pbx {pbx.name!r}: tls_ca_file {pbx.tls_ca_file} cannot be read: {reason_of(error)}"
            ) from error
    return AmiAddress(
        pbx=pbx.name,
        host=pbx.host,
        port=pbx.port,
        credentials=Credentials(username=pbx.username, secret=pbx.secret_value()),
        tls=context,
        tls_server_name=pbx.tls_server_name,
    )


def dial_address_of(pbx: PbxSettings) -> AmiAddress:
    """The same PBX for the manager user that may place calls, and do nothing else."""
    credentials = Credentials(username=pbx.dial_username or "", secret=pbx.dial_secret_value())
    return replace(address_of(pbx), credentials=credentials)


def pause_address_of(pbx: PbxSettings) -> AmiAddress:
    """The same PBX for the manager user that may pause phones, and do nothing else."""
    credentials = Credentials(username=pbx.pause_username or "", secret=pbx.pause_secret_value())
    return replace(address_of(pbx), credentials=credentials)


def logs_of(pbx: PbxSettings) -> LogPaths:
    """The logs of a PBX that its settings name."""

    def named(path: Path | None) -> tuple[Path, ...]:
        return (path,) if path else ()

    return LogPaths(cel=named(pbx.cel_csv), cdr=named(pbx.cdr_csv), queue_log=named(pbx.queue_log))
