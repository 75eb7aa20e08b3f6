"""The demo's campus directory: a slapd of its own on loopback, where one is installed, with one member's people in it.

Its passwords are not the library's PINs: what opens a kiosk with one of them has been checked in the directory.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.demo.consortium import MEMBERS
from gateway.demo.people import PATRONS, name_of, username

MEMBER = MEMBERS[0]
NAME = "campus"
PASSWORD = "campus-demo"  # noqa: S105  published on purpose
SUFFIX = "dc=campus,dc=demo"
READER = f"cn=gateway,{SUFFIX}"

_PROGRAMS = ("slapd", "slapadd")
_SCHEMAS = Path("/etc/ldap/schema")
_MODULES = Path("/usr/lib/ldap")
_START_SECONDS = 15.0
# Ends slapd when this process ends, however it does: the shell reads until its standard input is closed.
_WITH_US = '"$@" & served=$!; read -r _; kill "$served"; wait "$served"'


class NoCampus(Exception):
    """The directory does not start; the message says why."""


@dataclass
class Campus:
    """A running directory."""

    port: int
    certificate: Path
    process: subprocess.Popen[bytes]

    def settings(self) -> dict[str, Any]:
        """What the member's `identity` says of it: the library PIN is tried first, then the campus password."""
        return {
            "directories": {
                NAME: {
                    "servers": [f"ldaps://localhost:{self.port}"],
                    "ca": str(self.certificate),
                    "base": f"ou=people,{SUFFIX}",
                    "bind_dn": READER,
                    "bind_password": PASSWORD,
                }
            },
            "authentication": {"checks": [{"by": "platform"}, {"by": f"directory:{NAME}", "when_down": "refuse"}]},
        }

    def stop(self) -> None:
        """Ends it in good order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(folder: Path, port: int, certificate: Path, key: Path) -> Campus | None:
    """Starts the directory at a port of loopback, its files below `folder`, afresh each time; None where slapd is not
    installed.

    Raises NoCampus."""
    programs = [_found(name) for name in _PROGRAMS]
    if None in programs or not _SCHEMAS.is_dir():
        return None
    slapd, slapadd = map(str, programs)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "people").mkdir(parents=True, mode=0o700)
    settings = folder / "slapd.conf"
    settings.write_text("\n".join(_settings(folder, certificate, key)) + "\n", encoding="utf-8")
    (folder / "people.ldif").write_text("\n\n".join(_people()) + "\n", encoding="utf-8")
    loaded = subprocess.run(
        [slapadd, "-q", "-f", settings, "-l", folder / "people.ldif"], capture_output=True, text=True, check=False
    )
    if loaded.returncode:
        raise NoCampus(loaded.stderr.strip() or f"slapadd ended with {loaded.returncode}")
    with (folder / "slapd.log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", _WITH_US, "sh", slapd, "-d", "0", "-f", settings, "-h", f"ldaps://127.0.0.1:{port}"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the demo, which then ends us in its turn
        )
    campus = Campus(port, certificate, process)
    if not _answers(port):
        campus.stop()
        raise NoCampus((folder / "slapd.log").read_text(errors="replace").strip() or "it does not answer")
    return campus


def _settings(folder: Path, certificate: Path, key: Path) -> Iterator[str]:
    for schema in ("core", "cosine", "inetorgperson"):
        yield f"include {_SCHEMAS / schema}.schema"
    yield f"modulepath {_MODULES}"
    yield "moduleload back_mdb"
    yield f"TLSCertificateFile {certificate}"
    yield f"TLSCertificateKeyFile {key}"
    yield f"pidfile {folder / 'slapd.pid'}"
    yield "database mdb"
    yield f'suffix "{SUFFIX}"'
    yield f"directory {folder / 'people'}"
    yield f'rootdn "{READER}"'
    yield f"rootpw {PASSWORD}"
    yield "index objectClass,uid eq"
    yield "access to attrs=userPassword by anonymous auth by * none"
    yield "access to * by * none"


def _people() -> Iterator[str]:
    yield f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: campus\no: {MEMBER.name}"
    yield f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people"
    for number in range(1, PATRONS + 1):
        given, family = name_of(MEMBER, number)
        login = username(MEMBER, number)
        yield "\n".join(
            (
                f"dn: uid={login},ou=people,{SUFFIX}",
                "objectClass: inetOrgPerson",
                f"uid: {login}",
                *_encoded("cn", f"{given} {family}"),
                *_encoded("sn", family),
                *_encoded("givenName", given),
                f"employeeNumber: {number:08d}",
                f"userPassword: {PASSWORD}",
            )
        )


def _encoded(name: str, value: str) -> Iterator[str]:
    """RFC 2849: a value that is not plain ASCII goes in base 64."""
    yield f"{name}: {value}" if value.isascii() else f"{name}:: {b64encode(value.encode()).decode()}"


def _found(name: str) -> str | None:
    """Debian keeps servers where an ordinary user's shell does not look."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _answers(port: int) -> bool:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
