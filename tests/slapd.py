"""A private slapd on loopback: a campus of generated people, loaded by slapadd, stopped by its process id.

`Slapd.start(folder, people=20)`, and `stop` in the end. Everything it needs lies below `folder`: configuration,
database, certificates. People are numbered from 1; their key, password and attributes follow from the number.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.certificates import Authority
from tests.presence import missing

SUFFIX = "dc=campus,dc=example"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "admin-secret"
READER, READER_PASSWORD = f"cn=reader,{SUFFIX}", "reader-secret"
LIMITED, LIMITED_PASSWORD = f"cn=limited,{SUFFIX}", "limited-secret"
LIMIT = 10  # entries that `LIMITED` gets, in all pages together
LOCKOUT = 3  # wrong passwords that lock an account, with `lockout=True`
APART = timedelta(minutes=20)  # more than a delta reads back

BINARY = "/usr/sbin/slapd"
MODULES = "/usr/lib/ldap"
SCHEMA = Path("/etc/ldap/schema")
START_SECONDS = 20.0
STOP_SECONDS = 20.0

# RFC-style definitions by the published numbers: eduPerson under 1.3.6.1.4.1.5923.1.1, schac under 1.3.6.1.4.1.25178.1.
EDU_PERSON = """
attributetype ( 1.3.6.1.4.1.5923.1.1.1.1 NAME 'eduPersonAffiliation'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.5923.1.1.1.6 NAME 'eduPersonPrincipalName'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.5923.1.1.1.9 NAME 'eduPersonScopedAffiliation'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.25178.1.2.17 NAME 'schacExpiryDate'
  EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.5923.1.1.2 NAME 'eduPerson' AUXILIARY
  MAY ( eduPersonAffiliation $ eduPersonPrincipalName $ eduPersonScopedAffiliation ) )
objectclass ( 1.3.6.1.4.1.25178.1.1.5 NAME 'schacEntryMetadata' AUXILIARY
  MAY ( schacExpiryDate ) )
"""

FAMILIES = ("Jones", "Ŵynne", "O'Neill", "Hughes, Esq.", "Evans", "ap Rhŷs", "Nguyễn", "Smith (née Brown)")
GIVEN = ("Siân", "Gwen", "Aled", "Mair", "Owain", "Ffion", "Tomos")


@dataclass(frozen=True, slots=True)
class CampusPerson:
    """The person with a number: what the directory says, and the password, which is `pw-` and the login."""

    number: int

    @property
    def login(self) -> str:
        return f"u{self.number:06d}"

    @property
    def password(self) -> str:
        return f"pw-{self.login}"

    @property
    def dn(self) -> str:
        return f"uid={self.login},{PEOPLE}"

    @property
    def key(self) -> str:
        """entryUUID."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.login}.campus.example"))

    @property
    def attributes(self) -> dict[str, list[str]]:
        """As in the directory, without password and operational attributes."""
        family = FAMILIES[self.number % len(FAMILIES)]
        given = GIVEN[self.number % len(GIVEN)]
        staff = self.number % 10 == 0
        return {
            "objectClass": ["inetOrgPerson", "eduPerson", "schacEntryMetadata"],
            "uid": [self.login],
            "cn": [f"{given} {family}"],
            "sn": [family],
            "givenName": [given],
            "displayName": [f"{family}, {given}"],
            "mail": [f"{self.login}@campus.example"],
            "employeeNumber": [f"{10_000_000 + self.number}"],
            "employeeType": ["staff" if staff else "student"],
            "departmentNumber": [f"D{self.number % 12:02d}"],
            "eduPersonPrincipalName": [f"{self.login}@campus.example"],
            "eduPersonAffiliation": ["member", "staff" if staff else "student"],
            "schacExpiryDate": ["20300731000000Z"],
        }


def person(number: int) -> CampusPerson:
    return CampusPerson(number)


@dataclass(slots=True)
class Slapd:
    """A running slapd. `ldap_port` speaks plain and StartTLS, `ldaps_port` TLS; both keep their number over `restart`.

    `authority` is the CA file (PEM) to be trusted; the certificate is for `localhost` and 127.0.0.1.
    """

    folder: Path
    ldap_port: int
    ldaps_port: int
    authority: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        people: int = 20,
        lockout: bool = False,
        expired: bool = False,
        changed: datetime | None = None,
    ) -> Slapd:
        """Loads `people` and starts; skips the running test where slapd is not installed.

        `lockout`: an account is locked after LOCKOUT wrong passwords (ppolicy), and the server says so to who asks.
        `expired`: the certificate is out of date. `changed`: when number 0 was changed last, and each further one
        APART later; all now, where not given."""
        entries = (
            ldif(person(number), changed=changed and changed + number * APART) for number in range(1, people + 1)
        )
        return cls.serve(folder, _configuration(folder, lockout), itertools.chain([_tree(lockout)], entries), expired)

    @classmethod
    def serve(cls, folder: Path, configuration: str, entries: Iterable[str], expired: bool = False) -> Slapd:
        """Loads `entries` (LDIF) as `configuration` says and starts. `configuration` is of slapd.conf what follows TLS;
        its database lies in `folder/db`."""
        if not Path(BINARY).exists():
            missing("slapd is not installed")
        authority = Authority.create(folder / "tls")
        certificate, key = authority.issue("localhost", addresses=("127.0.0.1",), expired=expired)
        server = cls(folder, _free_port(), _free_port(), authority.file)
        (folder / "db").mkdir()
        (folder / "slapd.conf").write_text(_head(folder, authority.file, certificate, key) + configuration)
        with (folder / "people.ldif").open("w", encoding="utf-8") as loaded:
            loaded.writelines(entries)
        _run(["slapadd", "-q", "-f", str(folder / "slapd.conf"), "-l", str(folder / "people.ldif")])
        server.restart()
        return server

    @property
    def url(self) -> str:
        return f"ldap://localhost:{self.ldap_port}"

    @property
    def secure_url(self) -> str:
        """Not for OpenLDAP's own tools: they take `localhost` for the machine's name; give them 127.0.0.1."""
        return f"ldaps://localhost:{self.ldaps_port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def restart(self) -> None:
        """Starts it, stopping it first where it runs, and waits until it answers."""
        self.stop()
        urls = f"ldap://127.0.0.1:{self.ldap_port} ldaps://127.0.0.1:{self.ldaps_port}"
        with (self.folder / "slapd.log").open("ab") as log:
            self.process = subprocess.Popen(
                # -d keeps it in the foreground, so that its process id is ours to stop.
                [BINARY, "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.ldaps_port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.kill()
        raise RuntimeError(f"slapd did not start:\n{(self.folder / 'slapd.log').read_text(errors='replace')}")

    def stop(self) -> None:
        """Ends it in good order."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Makes it silent: connections are taken by the kernel and nothing answers. `resume` wakes it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def add(self, *people: CampusPerson) -> None:
        """Adds people. Their entryUUID is the server's choice: over LDAP nobody may set it."""
        self.change("".join(ldif(one, keyed=False) for one in people), tool="ldapadd")

    def modify(self, dn: str, attribute: str, *values: str) -> None:
        """Replaces an attribute's values; without any removes it."""
        lines = [f"dn:: {_encoded(dn)}", "changetype: modify", f"replace: {attribute}"]
        self.change("\n".join([*lines, *(f"{attribute}:: {_encoded(value)}" for value in values), "-", "", ""]))

    def delete(self, *dns: str) -> None:
        self.change("".join(f"dn:: {_encoded(dn)}\nchangetype: delete\n\n" for dn in dns))

    def rename(self, dn: str, rdn: str) -> None:
        self.change(f"dn:: {_encoded(dn)}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n\n")

    def change(self, text: str, tool: str = "ldapmodify") -> None:
        """Runs LDIF changes as the administrator."""
        if shutil.which(tool) is None:
            missing(f"{tool} is not installed")
        address = f"ldap://127.0.0.1:{self.ldap_port}"
        _run([tool, "-x", "-H", address, "-D", ADMIN, "-w", ADMIN_PASSWORD], text)

    def search(self, filter_: str, *attributes: str) -> str:
        """What ldapsearch prints as the administrator: LDIF without comments and folding."""
        if shutil.which("ldapsearch") is None:
            missing("ldapsearch is not installed")
        address = f"ldap://127.0.0.1:{self.ldap_port}"
        options = ["-x", "-LLL", "-o", "ldif-wrap=no", "-H", address, "-D", ADMIN, "-w", ADMIN_PASSWORD]
        return _run(["ldapsearch", *options, "-b", SUFFIX, filter_, *attributes])


def ldif(one: CampusPerson, *, keyed: bool = True, changed: datetime | None = None) -> str:
    lines = [f"dn: {one.dn}", *([f"entryUUID: {one.key}"] if keyed else [])]
    if changed:
        lines.append(f"modifyTimestamp: {changed:%Y%m%d%H%M%SZ}")
    for name, values in one.attributes.items():
        lines += [f"{name}:: {_encoded(value)}" for value in values]
    salt = hashlib.sha256(one.login.encode()).digest()[:8]
    digest = hashlib.sha1(one.password.encode() + salt).digest()
    lines.append("userPassword: {SSHA}" + base64.b64encode(digest + salt).decode())
    return "\n".join([*lines, "", ""])


def _tree(lockout: bool) -> str:
    entries = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: campus\no: Campus\n",
        f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n",
    ]
    for dn, password in ((READER, READER_PASSWORD), (LIMITED, LIMITED_PASSWORD)):
        name = dn.partition(",")[0].removeprefix("cn=")
        classes = "objectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
        entries.append(f"dn: {dn}\n{classes}cn: {name}\nuserPassword: {password}\n")
    if lockout:
        policy = f"pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: {LOCKOUT}\npwdMustChange: TRUE\n"
        classes = "objectClass: device\nobjectClass: pwdPolicy\n"
        entries.append(f"dn: cn=policy,{SUFFIX}\n{classes}cn: policy\n{policy}")
    return "\n".join([*entries, ""])


def _head(folder: Path, authority: Path, certificate: Path, key: Path) -> str:
    return f"""
pidfile {folder}/slapd.pid
modulepath {MODULES}
moduleload back_mdb
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
"""


def _configuration(folder: Path, lockout: bool) -> str:
    extra = _definitions(folder)
    ppolicy = f'overlay ppolicy\nppolicy_default "cn=policy,{SUFFIX}"\nppolicy_use_lockout\n' if lockout else ""
    return f"""
{extra}
moduleload syncprov
moduleload ppolicy
database mdb
suffix "{SUFFIX}"
directory {folder}/db
maxsize 1073741824
rootdn "{ADMIN}"
rootpw {ADMIN_PASSWORD}
index objectClass,uid,entryUUID,entryCSN,employeeNumber eq
limits dn.exact="{READER}" size=unlimited
limits dn.exact="{LIMITED}" size.soft={LIMIT} size.hard={LIMIT} size.prtotal={LIMIT}
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by dn.exact="{LIMITED}" read by self read by anonymous auth by * none
overlay syncprov
syncprov-sessionlog 1000
{ppolicy}
"""


def _definitions(folder: Path) -> str:
    own = folder / "eduperson.schema"
    own.write_text(EDU_PERSON)
    files: Iterable[Path] = [*(SCHEMA / f"{name}.schema" for name in ("core", "cosine", "inetorgperson")), own]
    return "\n".join(f"include {path}" for path in files)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _run(command: Sequence[str], text: str = "") -> str:
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin", "LDAPNOINIT": "1"}
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=environment)
    if answer.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
