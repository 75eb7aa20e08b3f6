"""What a domain of Active Directory holds: objects with their change numbers, tombstones, filters as it evaluates them.

Shapes of attributes follow an export of a real domain controller. Times are FILETIME where AD keeps them so (100
nanoseconds since 1601), change numbers (USN) count per server, what links back (memberOf) is made up on reading.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from library_protocols.ldap import (
    And,
    Approx,
    Dn,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Scope,
    Substrings,
    dn_text,
    escape_dn_value,
    folded_dn,
    folded_value,
    parse_dn,
)
from library_protocols.ldap.facts.oids import BIT_AND, BIT_OR, IN_CHAIN

NEVER = 2**63 - 1
"""accountExpires of an account that does not expire; 0 says the same."""
NORMAL, DISABLED, PASSWORD_NEVER_EXPIRES = 0x200, 0x2, 0x10000
"""Bits of userAccountControl (MS-ADTS 2.2.16)."""
BINARY = frozenset(("objectguid", "objectsid", "thumbnailphoto"))
_KEPT_WHEN_DELETED = frozenset(
    ("objectguid", "objectsid", "objectclass", "samaccountname", "useraccountcontrol", "instancetype", "whencreated",
     "usncreated", "distinguishedname", "name", "cn")
)  # fmt: skip
"""What a tombstone has left (MS-ADTS 3.1.1.5.5.1.1); objectCategory is not among it."""


def filetime(moment: datetime) -> int:
    """100 nanoseconds since 1601."""
    return int((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


def generalized(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S.0Z")


@dataclass(eq=False, slots=True)
class AdObject:
    """One object. `attributes` by lower-case name: the name as the schema writes it, and the values.

    `changed`: attribute -> the USN of its last change. `links`: of `member`, the USN at which a value came or went.
    """

    dn: str
    guid: bytes
    attributes: dict[str, tuple[str, list[bytes]]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    links: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    password: str | None = None
    outside_hours: bool = False
    other_workstation: bool = False
    password_expired: bool = False
    deleted: bool = False

    def values(self, name: str) -> list[bytes]:
        return self.attributes.get(name.lower(), ("", []))[1]

    def text(self, name: str) -> str:
        return next((value.decode("utf-8", "replace") for value in self.values(name)), "")

    def number(self, name: str) -> int:
        return int(self.text(name) or 0)

    @property
    def folded(self) -> Dn:
        return folded_dn(self.dn)

    @property
    def usn(self) -> int:
        return max(self.changed.values(), default=0)


class AdTree:
    """A domain. Not for several threads at once: whoever shares it locks it."""

    def __init__(self, domain: str = "uni.example", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.domain = domain
        self.base = ",".join(f"DC={escape_dn_value(part)}" for part in domain.split("."))
        self.now = now
        self.usn = 4000
        self.objects: dict[bytes, AdObject] = {}
        self._by_dn: dict[Dn, AdObject] = {}
        self._groups: dict[bytes, AdObject] = {}
        self._rid = 1100
        self.add(self.base, ("top", "domain", "domainDNS"), {"dc": domain.partition(".")[0]})
        self.add(f"CN=Users,{self.base}", ("top", "container"))
        self.deleted_objects = self.add(f"CN=Deleted Objects,{self.base}", ("top", "container"))

    def get(self, dn: str | Dn) -> AdObject | None:
        """Raises DnError."""
        return self._by_dn.get(folded_dn(dn))

    def add(self, dn: str, classes: Iterable[str], attributes: dict[str, object] | None = None) -> AdObject:
        """A new object. Values are text, octets, numbers, or lists of them. Its GUID follows from its first name."""
        guid = hashlib.md5(folded_repr(dn).encode(), usedforsecurity=False).digest()
        one = AdObject(dn, guid)
        (kind, name), *_ = parse_dn(dn)[0]
        self.usn += 1
        moment = generalized(self.now())
        self._put(one, {
            "objectClass": list(classes), "distinguishedName": dn, "instanceType": 4, "whenCreated": moment,
            "whenChanged": moment, "uSNCreated": self.usn, "uSNChanged": self.usn, "name": name, "objectGUID": guid,
            kind.lower(): name, **(attributes or {}),
        })  # fmt: skip
        self.objects[guid] = one
        self._by_dn[folded_dn(dn)] = one
        return one

    def add_person(
        self, login: str, password: str, parent: str, name: str, attributes: dict[str, object], *, control: int = NORMAL
    ) -> AdObject:
        self._rid += 1
        moment = filetime(self.now())
        dn = f"CN={escape_dn_value(name)},{parent}"
        made: dict[str, object] = {
            "sAMAccountName": login, "userPrincipalName": f"{login}@{self.domain}", "displayName": name,
            "userAccountControl": control, "accountExpires": NEVER, "pwdLastSet": moment, "badPwdCount": 0,
            "badPasswordTime": 0, "lockoutTime": 0, "primaryGroupID": 513, "objectSid": self._sid(),
            "sAMAccountType": 805306368, "codePage": 0, "countryCode": 0, "lastLogon": 0,
            "objectCategory": f"CN=Person,CN=Schema,CN=Configuration,{self.base}",
        }  # fmt: skip
        one = self.add(dn, ("top", "person", "organizationalPerson", "user"), {**made, **attributes})
        one.password = password
        return one

    def add_group(self, name: str, parent: str, members: Iterable[str]) -> AdObject:
        self._rid += 1
        category = f"CN=Group,CN=Schema,CN=Configuration,{self.base}"
        group = self.add(f"CN={escape_dn_value(name)},{parent}", ("top", "group"), {
            "sAMAccountName": name, "groupType": -2147483646, "objectSid": self._sid(), "objectCategory": category,
        })  # fmt: skip
        self.change(group, "member", *members)
        return group

    def change(self, one: AdObject, name: str, *values: object) -> None:
        """Replaces an attribute's values; without any it is gone. Counts as a change even of what stays the same."""
        before = set(one.values(name)) if name == "member" else set()
        self.usn += 1
        self._put(one, {name: list(values), "uSNChanged": self.usn, "whenChanged": generalized(self.now())})
        if name == "member":
            self._groups[one.guid] = one
            after = set(one.values(name))
            one.links.update(dict.fromkeys(before - after, (self.usn, False)))
            one.links.update(dict.fromkeys(after - before, (self.usn, True)))

    def quietly(self, one: AdObject, name: str, value: int) -> None:
        """What one server counts for itself and does not replicate, such as wrong passwords."""
        one.attributes[name.lower()] = (name, [str(value).encode()])

    def rename(self, one: AdObject, dn: str) -> None:
        """Moves an object to another name; its GUID stays."""
        del self._by_dn[folded_dn(one.dn)]
        one.dn = dn
        self._by_dn[folded_dn(dn)] = one
        name = parse_dn(dn)[0][0][1]
        self.usn += 1
        self._put(one, {"distinguishedName": dn, "name": name, "cn": name, "uSNChanged": self.usn})

    def delete(self, one: AdObject) -> None:
        """Leaves a tombstone below CN=Deleted Objects, named by its GUID."""
        old, parent = one.dn, dn_text(parse_dn(one.dn)[1:])
        guid = uuid_text(one.guid)
        self.rename(one, f"CN={escape_dn_value(one.text('name'))}\\0ADEL:{guid},{self.deleted_objects.dn}")
        one.deleted, one.password = True, None
        self.usn += 1
        for name in [name for name in one.attributes if name not in _KEPT_WHEN_DELETED]:
            del one.attributes[name]
            one.changed[name] = self.usn
        moment = generalized(self.now())
        self._put(one, {"isDeleted": "TRUE", "lastKnownParent": parent, "uSNChanged": self.usn, "whenChanged": moment})
        for other in list(self._groups.values()):
            if old.encode() in other.values("member"):
                self.change(other, "member", *(link for link in other.values("member") if link != old.encode()))

    def _put(self, one: AdObject, attributes: dict[str, object]) -> None:
        for name, value in attributes.items():
            values = [as_octets(item) for item in value] if isinstance(value, list) else [as_octets(value)]
            if values:
                one.attributes[name.lower()] = (name, values)
            else:
                one.attributes.pop(name.lower(), None)
            one.changed[name.lower()] = self.usn

    def _sid(self) -> bytes:
        return struct.pack("<BB6s5I", 1, 5, (5).to_bytes(6, "big"), 21, 2997249355, 2728514676, 2215281296, self._rid)

    def back_links(self, one: AdObject) -> list[bytes]:
        """memberOf: who has this object as a member."""
        link = one.dn.encode()
        return [other.dn.encode() for other in self._groups.values() if link in other.values("member")]

    def below(self, base: AdObject, scope: int, *, deleted: bool) -> Iterator[AdObject]:
        at = base.folded
        for one in list(self.objects.values()):
            name = one.folded
            inside = name[-len(at) :] == at
            depth = len(name) - len(at)
            wanted = {Scope.BASE: depth == 0, Scope.ONE: depth == 1, Scope.SUB: True}.get(Scope(scope), depth > 0)
            if inside and wanted and (deleted or not one.deleted):
                yield one

    # Filters. What AD does not know is undefined and so never true (MS-ADTS 3.1.1.3.1.3.1).

    def matches(self, one: AdObject, filter_: Filter) -> bool:
        return self._match(one, filter_) is True

    def _match(self, one: AdObject, filter_: Filter) -> bool | None:
        match filter_:
            case And(parts):
                found = [self._match(one, part) for part in parts]
                return False if False in found else None if None in found else True
            case Or(parts):
                found = [self._match(one, part) for part in parts]
                return True if True in found else None if None in found else False
            case Not(part):
                found = self._match(one, part)
                return None if found is None else not found
            case Present(attribute):
                return bool(self._values(one, attribute))
            case Equality(attribute, value) | Approx(attribute, value):
                return self._equal(one, attribute, value)
            case Substrings(attribute, initial, middle, final):
                return any(_contains(held, initial, middle, final) for held in self._values(one, attribute))
            case GreaterOrEqual(attribute, value):
                return any(_order(held) >= _order(value) for held in self._values(one, attribute))
            case LessOrEqual(attribute, value):
                return any(_order(held) <= _order(value) for held in self._values(one, attribute))
            case Extensible(rule, attribute, value):
                return self._extended(one, rule, attribute, value)
            case _:
                return None

    def _values(self, one: AdObject, attribute: str) -> list[bytes]:
        return self.back_links(one) if attribute.lower() == "memberof" else one.values(attribute)

    def _equal(self, one: AdObject, attribute: str, value: bytes) -> bool:
        if attribute.lower() == "objectcategory" and b"=" not in value:
            return folded_dn(one.text(attribute))[:1] == folded_dn(f"CN={value.decode()}")
        held = self._values(one, attribute)
        if attribute.lower() in BINARY:
            return value in held
        return any(_folded(item) == _folded(value) for item in held)

    def _extended(self, one: AdObject, rule: str | None, attribute: str | None, value: bytes) -> bool | None:
        if attribute is None:
            return None
        if rule in (BIT_AND, BIT_OR) and value.isdigit():
            bits = int(value)
            common = one.number(attribute) & bits
            return common == bits if rule == BIT_AND else common != 0
        if rule == IN_CHAIN and attribute.lower() == "memberof":
            return folded_dn(value.decode()) in {folded_dn(group.dn) for group in self._groups_of(one)}
        return None

    def _groups_of(self, one: AdObject, known: frozenset[str] = frozenset()) -> Iterator[AdObject]:
        for link in self.back_links(one):
            group = self.get(link.decode())
            if group is not None and group.dn not in known:
                yield group
                yield from self._groups_of(group, known | {group.dn})


def as_octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def folded_repr(dn: str) -> str:
    return repr(folded_dn(dn))


def uuid_text(guid: bytes) -> str:
    """A GUID as people write it: the first three groups have their octets the other way round on the wire."""
    first, second, third = struct.unpack("<IHH", guid[:8])
    return f"{first:08x}-{second:04x}-{third:04x}-{guid[8:10].hex()}-{guid[10:].hex()}"


def _folded(value: bytes) -> str:
    return folded_value(value.decode("utf-8", "surrogateescape"))


def _order(value: bytes) -> tuple[int, int | str]:
    text = _folded(value)
    return (0, int(text)) if text.lstrip("-").isdigit() else (1, text)


def _contains(held: bytes, initial: bytes | None, middle: tuple[bytes, ...], final: bytes | None) -> bool:
    text, start, stop = _folded(held), _folded(initial or b""), _folded(final or b"")
    if len(text) < len(start) + len(stop) or not (text.startswith(start) and text.endswith(stop)):
        return False
    text = text[len(start) : len(text) - len(stop)]
    for piece in map(_folded, middle):
        _, found, text = text.partition(piece)
        if not found:
            return False
    return True
