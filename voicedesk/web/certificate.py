"""The certificate that the desk makes itself: for its names, renewed in time, its key readable by nobody else."""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from voicedesk.errors import SettingsError, reason_of
from voicedesk.ownership import give_like

_LASTS = timedelta(days=825)
"""Browsers take no longer one, also of those that somebody vouched for by hand."""
_RENEWED = timedelta(days=60)
_EARLIER = timedelta(days=1)
"""It holds from yesterday on: the clocks of old machines are late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Two files, and the fingerprint by which people know the certificate again."""

    file: Path
    key: Path
    fingerprint: str


def certificate_in(folder: Path, names: Iterable[str], now: datetime | None = None) -> Certificate:
    """The certificate of a folder, made where there is none, it ends soon, or its names are others.

    Raises SettingsError where the folder cannot be written.
    """
    now, wanted = now or datetime.now(UTC), sorted(set(names))
    file, key = folder / "desk.pem", folder / "desk.key"
    try:
        found = _found(file)
        if (
            found is None
            or not key.exists()
            or found.not_valid_after_utc - now < _RENEWED
            or _names_of(found) != wanted
        ):
            found = _make(file, key, wanted, now)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be written: {reason_of(error)}: see [web] folder"
        ) from error
    digest = found.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(file=file, key=key, fingerprint=digest)


def _found(file: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _names_of(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = (str(one) for one in names.get_values_for_type(x509.IPAddress))
    return sorted({*names.get_values_for_type(x509.DNSName), *addresses})


def _make(file: Path, key_file: Path, names: list[str], now: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Voicedesk")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LASTS - _EARLIER)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    _write(key_file, pem)
    _write(file, made.public_bytes(serialization.Encoding.PEM))
    return made


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())


def _write(path: Path, content: bytes) -> None:
    """Replaces a file as a whole; at no moment can anybody else read it."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as stream:
        stream.write(content)
    give_like(new, path.parent)
    new.replace(path)
