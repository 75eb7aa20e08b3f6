"""slapd with the entries of our LDAP view: dumped by ldapsearch, loaded with a schema made from our subschema."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.ldap_searchers import PASSWORD, account
from tests.ldif import Entry, ldif
from tests.slapd import BINARY, Slapd

SLAPTEST = "/usr/sbin/slaptest"
PAGE = 500
_OID = re.compile(r"^olc(?:AttributeTypes|ObjectClasses): \( ([0-9.]+) ", re.MULTILINE)


def missing() -> str | None:
    """What is not installed of OpenLDAP, in words; None where nothing is."""
    absent = [name for name in (BINARY, SLAPTEST, "ldapsearch") if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def search(port: int, suffix: str, file: Path, *words: str, base: str | None = None) -> list[Entry]:
    """What ldapsearch prints as the service account, and writes into `file` as LDIF."""
    options = ["-x", "-LLL", "-o", "ldif-wrap=no", "-H", f"ldap://127.0.0.1:{port}", "-D", account(suffix), "-w",
               PASSWORD, "-b", suffix if base is None else base]  # fmt: skip
    with file.open("wb") as written:
        subprocess.run(["ldapsearch", *options, *words], stdout=written, check=True)
    return list(ldif(file))


def built_in(folder: Path) -> set[str]:
    """OIDs of what slapd defines without being told."""
    (folder / "empty").mkdir()
    (folder / "empty.conf").touch()
    subprocess.run(
        [SLAPTEST, "-f", folder / "empty.conf", "-F", folder / "empty"], check=True, stderr=subprocess.DEVNULL
    )
    text = (folder / "empty" / "cn=config" / "cn=schema.ldif").read_text(encoding="utf-8")
    return set(_OID.findall(text.replace("\n ", "")))


def schema(subschema: Entry, known: set[str]) -> str:
    """The definitions of a subschema for slapd.conf, without those whose OIDs are known there."""
    _, attributes = subschema
    lines: list[str] = []
    for word, name in (("attributetype", "attributeTypes"), ("objectclass", "objectClasses")):
        definitions = (value.decode() for value in attributes[name])
        lines += [f"{word} {text}" for text in definitions if text.split()[1] not in known]
    return "\n".join([*lines, ""])


@contextlib.contextmanager
def slapd(folder: Path, port: int, suffix: str) -> Iterator[Slapd]:
    """A slapd that serves what our view on `port` does, to an account of the same name and password."""
    folder.mkdir()
    (subschema,) = search(port, suffix, folder / "schema.ldif", "-s", "base", "attributeTypes", "objectClasses",
                          base="cn=Subschema")  # fmt: skip
    (folder / "own.schema").write_text(schema(subschema, built_in(folder)), encoding="utf-8")
    search(port, suffix, folder / "view.ldif", "-E", f"pr={PAGE}/noprompt", "(|(objectClass=person)(!(cn=*)))")
    reader = f"\ndn: {account(suffix)}\nobjectClass: applicationProcess\nobjectClass: extensibleObject\n"
    configuration = f"""
include {folder}/own.schema
database mdb
suffix "{suffix}"
directory {folder}/db
maxsize 1073741824
index objectClass,uid eq
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{account(suffix)}" read by anonymous auth by * none
"""
    with (folder / "view.ldif").open(encoding="utf-8") as view:
        server = Slapd.serve(folder, configuration, [*view, f"{reader}userPassword: {PASSWORD}\n"])
    try:
        yield server
    finally:
        server.stop()


def same(folder: Path, ports: tuple[int, int], suffix: str, filters: list[str]) -> int:
    """Asks both servers; how many entries they gave alike. Raises RuntimeError where one says something else."""
    entries = 0
    for filter_ in filters:
        ours, theirs = (
            {dn: {name.lower(): sorted(values) for name, values in attributes.items()} for dn, attributes in found}
            for found in (search(port, suffix, folder / "sample.ldif", filter_) for port in ports)
        )
        if ours != theirs or not ours:
            raise RuntimeError(f"{filter_}: {ours} and {theirs}")
        entries += len(ours)
    return entries
