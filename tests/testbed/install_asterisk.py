"""Unpacks Debian's Asterisk 22 into a cache of this user: no root, no chroot, nothing on the machine is changed.

Debian 12 carries no Asterisk, so the packages come from a later suite, checked by the Debian keyring, from the mirror
this machine's apt is configured with. They run with their own dynamic linker and libraries. Only what `modules.conf`
names is kept (about 35 MB). The packages' versions move with the suite: `TESTED_MAJOR` is what the tests were run
with; another supported major is used with a warning, any other is refused.

    python3 -m tests.testbed.install_asterisk      # prints the directory; at once when it is there already
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SUITE = "forky"
TESTED_MAJOR = 22
SUPPORTED_MAJORS = range(16, 24)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MODULES_CONF = Path(__file__).parent / "conf" / "modules.conf"
SOUNDS = ("pbx-transfer", "pbx-invalid", "beep", "beeperr")
_MIRROR = re.compile(r"/debian(/\d{8}T\d{6}Z)?/?$")
_DATED = re.compile(r"/\d{8}T\d{6}Z(/|$)")
_VALID_UNTIL_OFF = re.compile(r"check-valid-until\s*[:=]\s*(no|false)\b", re.IGNORECASE)
_RUN_SCRIPT = """#!/bin/sh
# Runs the unpacked Asterisk with its own dynamic linker and libraries; arguments go to asterisk.
P=$(cd "$(dirname "$0")" && pwd)
exec "$P/lib/{loader}" --library-path "$P/lib" "$P/sbin/asterisk" "$@"
"""


class InstallError(Exception):
    """Why Asterisk could not be unpacked, and what to do."""


def cache_directory() -> Path:
    """Where unpacked versions are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "voicedesk"


def installed() -> Path | None:
    """The newest unpacked Asterisk that fits `modules.conf`, or None."""
    found = cache_directory().glob(f"asterisk-*-{_key()}/asterisk")
    return max((path.parent for path in found), key=lambda path: path.stat().st_mtime, default=None)


def ensure_installed() -> Path:
    """The directory of an unpacked Asterisk, made on the first call; `InstallError` says what stands in the way."""
    return installed() or _install()


def _key() -> str:
    """Names what is inside: another list of modules or another way to unpack is another directory."""
    content = MODULES_CONF.read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()[:10]


def _install() -> Path:
    _need_tools()
    started = time.monotonic()
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=cache) as scratch:
        work = Path(scratch)
        _say(f"1/4 reading the package index of Debian {SUITE}")
        apt = _private_apt(work)
        version = _candidate(apt)
        _judge_version(version)
        _say(f"2/4 downloading Asterisk {version} and its libraries")
        _run(["apt-get", "-qq", "-y", "--download-only", "install", "asterisk"], apt)
        debs = sorted((work / "apt/var/cache/apt/archives").glob("*.deb"))
        size = sum(deb.stat().st_size for deb in debs) // 1_000_000
        _say(f"3/4 unpacking {len(debs)} packages ({size} MB)")
        _unpack(debs, work / "full")
        _say("4/4 keeping what the testbed loads")
        _slim(work / "full", work / "slim")
        target = cache / f"asterisk-{_upstream(version)}-{_key()}"
        try:
            (work / "slim").rename(target)
        except OSError:
            if not (target / "asterisk").exists():  # not another run that was faster
                raise
    _say(f"Asterisk {_upstream(version)} is in {target} ({time.monotonic() - started:.0f} s)")
    return target


def _need_tools() -> None:
    missing = [tool for tool in ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        raise InstallError(f"the real Asterisk comes from Debian packages, and {', '.join(missing)} is not here")
    if not KEYRING.exists():
        raise InstallError("the Debian keyring is missing: apt-get install debian-archive-keyring")


def _mirror() -> str:
    """The Debian mirror this machine's apt is configured with."""
    chosen = os.environ.get("VOICEDESK_DEBIAN_MIRROR")
    if chosen:
        return chosen
    sites = _output(["apt-get", "indextargets", "--no-release-info", "--format", "$(SITE)"]).split()
    mirrors = [site for site in sites if _MIRROR.search(site)]
    if not mirrors:
        raise InstallError("this machine's apt has no Debian mirror: set VOICEDESK_DEBIAN_MIRROR to one")
    return mirrors[0]


def _is_frozen(mirror: str) -> bool:
    """True where the configured mirror is a snapshot, whose index may well be past its date.

    A snapshot names its date in its address, or the machine's apt sources switch the check off for it; the third way,
    apt's own `Acquire::Check-Valid-Until`, comes along with the other `Acquire` options.
    """
    if _DATED.search(mirror):
        return True
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]
    entries = (entry for path in sources if os.access(path, os.R_OK) for entry in _entries(path))
    return any(mirror.rstrip("/") in entry and _VALID_UNTIL_OFF.search(entry) for entry in entries)


def _entries(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.split(r"\n\s*\n", text) if path.suffix == ".sources" else text.splitlines()


def _private_apt(work: Path) -> dict[str, str]:
    """The environment of an apt with its own directories, index already read; the machine's is not touched."""
    root = work / "apt"
    parts = ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "etc/apt/sources.list.d")
    for part in (*parts, "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"):
        (root / part).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    mirror = _mirror()
    architecture = _output(["dpkg", "--print-architecture"]).strip()
    options = f"arch={architecture} signed-by={KEYRING}" + (" check-valid-until=no" if _is_frozen(mirror) else "")
    (root / "etc/apt/sources.list").write_text(f"deb [{options}] {mirror} {SUITE} main\n")
    conf = root / "apt.conf"
    conf.touch(mode=0o600)  # proxy settings may hold a password
    conf.write_text(
        f'Dir "{root}";\nDir::State::status "{root}/var/lib/dpkg/status";\n'
        f'APT::Architecture "{architecture}";\nAPT::Architectures {{ "{architecture}"; }};\n'
        'APT::Install-Recommends "false";\nAPT::Sandbox::User "";\nDebug::NoLocking "true";\n'
        + _acquire_options()
        + 'Acquire::Languages "none";\n'
    )
    apt = {**os.environ, "APT_CONFIG": str(conf), "LC_ALL": "C"}
    _run(["apt-get", "-qq", "update"], apt)
    return apt


def _acquire_options() -> str:
    """How this machine's apt fetches (proxy, retries, frozen snapshots), to be fetched alike."""
    lines = _output(["apt-config", "dump"]).splitlines()
    return "".join(f"{line}\n" for line in lines if re.match(r"Acquire::[\w:./-]+ ", line))


def _candidate(apt: dict[str, str]) -> str:
    found = re.search(r"Candidate: (\S+)", _run(["apt-cache", "policy", "asterisk"], apt))
    if not found or found[1] == "(none)":
        raise InstallError(f"the mirror has no Asterisk in {SUITE}: set VOICEDESK_DEBIAN_MIRROR to one that has")
    return found[1]


def _upstream(version: str) -> str:
    return re.sub(r"^\d+:|[+~-].*$", "", version)


def _judge_version(version: str) -> None:
    """Says what another Asterisk than the tested one means; refuses one that Voicedesk does not support."""
    major = int(_upstream(version).partition(".")[0])
    if major not in SUPPORTED_MAJORS:
        first, last = SUPPORTED_MAJORS[0], SUPPORTED_MAJORS[-1]
        raise InstallError(
            f"Debian {SUITE} carries Asterisk {version} now; Voicedesk supports {first} to {last}, tested with "
            f"{TESTED_MAJOR}. Nothing was installed: an older copy of {cache_directory()} can be used instead"
        )
    if major != TESTED_MAJOR:
        _say(f"note: the tests were made with Asterisk {TESTED_MAJOR}; {SUITE} carries {version}, and it is used")


def _unpack(debs: list[Path], target: Path) -> None:
    target.mkdir()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(lambda deb: _run(["dpkg-deb", "-x", str(deb), str(target)]), debs))


def _slim(full: Path, slim: Path) -> None:
    """Copies the binary, the modules that `modules.conf` loads, the libraries they need, documentation, sounds."""
    modules = _one(full, "usr/lib/*/asterisk/modules")
    loader = _one(full, "usr/lib*/ld-linux*.so.*", "usr/lib/*/ld-linux*.so.*")
    for part in ("sbin", "modules", "lib", "share/sounds/en"):
        (slim / part).mkdir(parents=True)
    shutil.copy(full / "usr/sbin/asterisk", slim / "sbin")
    for name in re.findall(r"^load *= *(\S+)", MODULES_CONF.read_text(), re.MULTILINE):
        shutil.copy(modules / name, slim / "modules")
    linked = [slim / "sbin/asterisk", *(slim / "modules").iterdir()]
    for library in _libraries(loader, modules.parents[1], linked):
        shutil.copy(library, slim / "lib")
    shutil.copy(loader, slim / "lib")
    share = full / "usr/share/asterisk"
    shutil.copytree(share / "documentation", slim / "share/documentation")
    for sound in SOUNDS:
        shutil.copy(_one(share, f"sounds/en_*/{sound}.gsm"), slim / "share/sounds/en")
    shutil.copy(full / "usr/share/doc/asterisk/copyright", slim)
    script = slim / "asterisk"
    script.write_text(_RUN_SCRIPT.format(loader=loader.name))
    script.chmod(0o755)


def _libraries(loader: Path, directory: Path, linked: list[Path]) -> set[Path]:
    found: set[Path] = set()
    for path in linked:
        listing = _output([str(loader), "--library-path", str(directory), "--list", str(path)])
        found.update(Path(match) for match in re.findall(r"=> (\S+) \(", listing))
    return found


def _one(base: Path, *patterns: str) -> Path:
    found = next((path for pattern in patterns for path in sorted(base.glob(pattern))), None)
    if found is None:
        raise InstallError(f"the packages of {SUITE} are laid out differently now: no {patterns[0]} in them")
    return found


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise InstallError(f"{' '.join(command[:3])} failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _output(command: list[str]) -> str:
    return _run(command, {**os.environ, "LC_ALL": "C"})


def _say(text: str) -> None:
    sys.stderr.write(f"asterisk: {text}\n")


def main() -> int:
    try:
        sys.stdout.write(f"{ensure_installed()}\n")
    except InstallError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
