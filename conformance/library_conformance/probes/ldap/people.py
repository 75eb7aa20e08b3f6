"""What is known of a person, and what is not told of them."""

from __future__ import annotations

from library_conformance.model import Seen, absent, breaks, meets, told, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ldap.binding import ACCOUNT
from library_conformance.probes.ldap.talk import BOUND, FOUND, session
from library_conformance.run import Run

_LIBRARY = ("cn", "sn", "givenname", "mail", "employeenumber", "employeetype", "departmentnumber")
"""Attributes that a library would like to have."""
_KEYS = ("entryuuid", "objectguid", "nsuniqueid", "guid", "edupersonuniqueid")


@probe(FOUND, needs=(BOUND,), inputs=ACCOUNT)
def by_login(run: Run) -> Seen:
    """Looks the person of the inputs up by `uid`."""
    with session(run) as talk:
        found = talk.person("1.1")
    if found.code:
        return breaks(f"result {found.code}")
    if found.doubles:
        return breaks("the same entry twice")
    return meets("one entry") if len(found.entries) == 1 else breaks("no entry" if not found.entries else "several")


@probe("ldap.person.class/inet-org-person", needs=(FOUND,))
def classes(run: Run) -> Seen:
    """Looks at a person's classes, and for the attributes that they ask for."""
    with session(run) as talk:
        person = talk.person("*").only
    named = {value.lower() for value in person.get("objectclass", ())}
    if not named & {b"inetorgperson", b"person", b"organizationalperson", b"user"}:
        return breaks("no person")
    return meets("a person") if {"cn", "sn"} <= set(person) else breaks("without cn or sn")


@probe("ldap.person.attributes/for-libraries", needs=(FOUND,))
def attributes(run: Run) -> Seen:
    """Looks which attributes there are that a library would like to have."""
    with session(run) as talk:
        person = talk.person("*").only
    there = [name for name in _LIBRARY if name in person]
    return told(", ".join(there) or "none")


@probe("ldap.person.stable-key/operational", needs=(FOUND,))
def stable_key(run: Run) -> Seen:
    """Looks for an identifier that stays when login and name change, and reads it twice."""
    with session(run) as talk:
        first, second = talk.person("*", "+").only, talk.person(*_KEYS).only
    there = [name for name in _KEYS if name in first]
    if not there:
        return absent("none")
    return meets("there") if first[there[0]] == second.get(there[0]) else breaks("another one the second time")


@probe("ldap.person.utf-8/values", needs=(FOUND,))
def utf_8(run: Run) -> Seen:
    """Reads a person's names and looks whether their octets are UTF-8."""
    with session(run) as talk:
        person = talk.person("cn", "sn", "givenName", "displayName").only
    try:
        for value in (value for values in person.values() for value in values):
            value.decode()
    except UnicodeDecodeError:
        return breaks("not UTF-8")
    return meets("UTF-8") if person else absent("no names")


@probe("ldap.privacy.password/asked-for", needs=(FOUND,))
def password(run: Run) -> Seen:
    """Asks for what is kept of a person's password, by name and by star."""
    with session(run) as talk:
        shown = talk.person("userPassword", "unicodePwd", "sambaNTPassword").only | talk.person("*", "+").only
    secret = [name for name in ("userpassword", "unicodepwd", "sambantpassword") if shown.get(name)]
    return unsafe("shown") if secret else meets("not shown")
