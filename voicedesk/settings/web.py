"""[web]: the desk on a screen; where it listens, how it is encrypted, and how long a sign-in lasts."""

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from voicedesk.settings.values import Integer, Names, Table

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class WebTable(Table):
    """[web]: the desk on a screen. `tls`: a certificate that it makes itself, the hall's `own`, or none (`off`).

    `names` are those that the desk is reached by, `prefix` the path that a proxy reaches it under, `proxies` the
    addresses or networks of proxies, whose word on who asks is believed.
    """

    listen: str = Field(default="127.0.0.1:8443", pattern=r"^([^:\s\[\]]+|\[[0-9a-fA-F:]+\]):\d{1,5}$")
    tls: Literal["made", "own", "off"] = "made"
    certificate: Path | None = None
    certificate_key: Path | None = None
    folder: Path = Path("web")
    names: Names = ()
    prefix: str = Field(default="", pattern=r"^(/[A-Za-z0-9._~-]+)*$")
    proxies: Names = ()
    idle_minutes: Integer = Field(default=30, ge=5, le=480)
    session_hours: Integer = Field(default=12, ge=1, le=24)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def second_factors_key(self) -> Path:
        """The file of the key that seals the secrets of authenticators."""
        return self.folder / "second-factors.key"

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: Names) -> Names:
        for one in proxies:
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"{one!r} is no address or network: write 10.0.0.2 or 10.0.0.0/24") from error
        return proxies

    @model_validator(mode="after")
    def _keeps_passwords_from_the_wire(self) -> Self:
        if self.tls == "own" and (self.certificate is None or self.certificate_key is None):
            raise ValueError('tls = "own" needs certificate and certificate_key, two files in PEM form')
        if self.tls == "off" and self.address[0] not in LOCAL_NAMES and not self.proxies:
            raise ValueError(
                'tls = "off" sends passwords in clear text: listen on 127.0.0.1, name the proxies that encrypt, '
                'or leave tls = "made"'
            )
        if self.address[1] > 65535:
            raise ValueError("listen: a port is at most 65535")
        return self
