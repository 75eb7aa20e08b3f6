"""Who asks on a connection, what that opens, and what a name means: pure.

A name is resolved as far as it goes without looking anybody up. A member's tree exists for that member's own accounts
and patrons alone; for everybody else a name in it is a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from gateway.adapters.ldap.mapping import PEOPLE_RDN, SUBSCHEMA, Tree
from gateway.crosswalks.ldap import AttributeRow, attribute, with_subtypes
from library_protocols.ldap import BindRequest, Dn, DnError, Result, ResultCode, Scope, Simple, folded_dn

EVERYTHING = "*"
LONGEST_NAME = 8192
"""Characters of a name of an entry; ours have some hundred."""
_PEOPLE = folded_dn(PEOPLE_RDN)
_SUBSCHEMA = folded_dn(SUBSCHEMA)


class Problem(Exception):
    """An operation ends with this result."""

    def __init__(self, code: ResultCode, diagnostic: str = "", *, matched: str = "") -> None:
        super().__init__(f"{code.name}: {diagnostic}")
        self.result = Result(int(code), matched, diagnostic)


class Kind(Enum):
    ANONYMOUS = "anonymous"
    ACCOUNT = "account"
    PATRON = "patron"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is bound. `attributes` are the names an account is shown, as configured; `bound_as` the name given, as names
    are compared. A patron is one of the register (`person_id`), of the platform (`patron_id`), or of both."""

    kind: Kind = Kind.ANONYMOUS
    member: str = ""
    name: str = ""
    dn: str = ""
    bound_as: Dn = ()
    attributes: frozenset[str] = frozenset()
    person_id: str = ""
    patron_id: str = ""

    def released(self, row: AttributeRow) -> bool:
        """Whether the attribute is shown to who is bound; nobody else's attributes are, at any rate."""
        if row.structural or self.kind is Kind.PATRON:
            return True
        return EVERYTHING in self.attributes or row.name in _shown(self.attributes)

    def compares_passwords(self) -> bool:
        """Whether the account was given `userPassword` by name; `*` is not enough."""
        return self.kind is Kind.ACCOUNT and "userPassword" in _shown(self.attributes)

    @property
    def authorization_id(self) -> str:
        """RFC 4513 5.2.1.8; "" for anonymous."""
        return f"dn:{self.dn}" if self.dn else ""


@lru_cache(maxsize=256)
def _shown(attributes: frozenset[str]) -> frozenset[str]:
    """First names of the attributes that the configured names mean, subtypes included."""
    rows = (row for name in attributes if (row := attribute(name)))
    return frozenset(kind.name for row in rows for kind in with_subtypes(row))


ANONYMOUS = Principal()


@dataclass(slots=True)
class Session:
    """One connection: `name` in this process, `encrypted` since its start or since StartTLS, `start_tls` if that can be
    had, `clear` if it may be told passwords although it is not encrypted, `listener_member` the one member that its
    listener is for. `binds` counts them: what one bind has begun is nothing to the next."""

    name: str
    encrypted: bool = False
    start_tls: bool = False
    clear: bool = False
    listener_member: str | None = None
    principal: Principal = field(default=ANONYMOUS)
    binds: int = 0

    @property
    def bind_name(self) -> str:
        """Names the bind, for cookies."""
        return f"{self.name}/{self.binds}"

    def forget(self) -> None:
        """Every bind begins with nobody bound, and stays so where it fails (RFC 4511 4.2.1)."""
        self.principal = ANONYMOUS
        self.binds += 1


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom a bind names: an account, a patron by the value of `uid`, or somebody who cannot be (`member` "")."""

    member: str = ""
    account: str = ""
    patron: str = ""


def password_of(request: BindRequest, session: Session) -> bytes | None:
    """The password of a simple bind; None for an anonymous one. Raises Problem for every other bind (RFC 4513 5.1)."""
    if request.version != 3:
        raise Problem(ResultCode.PROTOCOL_ERROR, "only version 3 is spoken")
    if not isinstance(request.authentication, Simple):
        raise Problem(ResultCode.AUTH_METHOD_NOT_SUPPORTED, "only simple binds are taken")
    password = request.authentication.password
    if not password and request.name:
        raise Problem(ResultCode.UNWILLING_TO_PERFORM, "a bind with a name needs a password")
    if not password:
        return None
    if not (session.encrypted or session.clear):
        raise Problem(ResultCode.CONFIDENTIALITY_REQUIRED, "passwords are taken over TLS only")
    if not request.name:
        raise Problem(ResultCode.INVALID_CREDENTIALS)
    return password


def claim_of(name: str, trees: Mapping[str, Tree]) -> tuple[Claim, Dn]:
    """Whom a bind's name means, and the name as names are compared. Raises Problem where it is no name."""
    names = read_name(name)
    for tree in trees.values():
        below = _below(names, tree.names)
        if below is None:
            continue
        if len(below) == 1 and (account := _value(below, "cn")):
            return Claim(tree.member, account=account), names
        if len(below) == 2 and below[1:] == _PEOPLE and tree.patron_binds and (patron := _value(below, "uid")):
            return Claim(tree.member, patron=patron), names
    return Claim(account=_value(names, "cn")), names


class Place(Enum):
    """Where in the tree the base of a search is."""

    ROOT = "root"  # the root DSE, or for a search below it everything that may be seen
    SUBSCHEMA = "subschema"
    SUFFIX = "suffix"
    PEOPLE = "people"
    PERSON = "person"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Base:
    """The base of a search. `value` is a person's `uid`; `own` says that the name is that of the patron who asks."""

    place: Place
    value: str = ""
    own: bool = False


def base_of(name: str, scope: int, principal: Principal, trees: Mapping[str, Tree]) -> Base:
    """What a name means to who is bound. Raises Problem: invalidDNSyntax, insufficientAccessRights for the anonymous,
    noSuchObject for whatever there is not, or is not for them."""
    names = read_name(name)
    if names == _SUBSCHEMA:
        return Base(Place.SUBSCHEMA)
    if not names and scope == Scope.BASE:
        return Base(Place.ROOT)
    tree = trees.get(principal.member)
    if tree is None:
        raise Problem(ResultCode.INSUFFICIENT_ACCESS_RIGHTS, "bind first")
    if not names:
        return Base(Place.ROOT)
    below = _below(names, tree.names)
    if below is None:
        raise Problem(ResultCode.NO_SUCH_OBJECT)
    if not below:
        return Base(Place.SUFFIX)
    if below == _PEOPLE:
        return Base(Place.PEOPLE)
    if names in (principal.bound_as, folded_dn(principal.dn)):
        return Base(Place.ACCOUNT if principal.kind is Kind.ACCOUNT else Place.PERSON, own=True)
    in_people = below[-1:] == _PEOPLE
    if in_people and len(below) == 2 and principal.kind is Kind.ACCOUNT and (value := _value(below, "uid")):
        return Base(Place.PERSON, value)
    raise no_such_object(tree, in_people=in_people)


def no_such_object(tree: Tree, *, in_people: bool) -> Problem:
    """That there is no such entry, with the nearest one above it (RFC 4511 4.1.9)."""
    return Problem(ResultCode.NO_SUCH_OBJECT, matched=tree.people if in_people else tree.suffix)


def read_name(name: str) -> Dn:
    """A name as names are compared. Raises Problem."""
    if len(name) > LONGEST_NAME:
        raise Problem(ResultCode.INVALID_DN_SYNTAX, f"a name of more than {LONGEST_NAME} characters")
    try:
        return folded_dn(name)
    except DnError as error:
        raise Problem(ResultCode.INVALID_DN_SYNTAX, str(error)) from None


def _below(names: Dn, suffix: Dn) -> Dn | None:
    """The part of a name in front of a suffix; None where it does not end with that."""
    at = len(names) - len(suffix)
    return names[:at] if at >= 0 and names[at:] == suffix else None


def _value(names: Dn, kind: str) -> str:
    """The value of a name's first part where that has this type and no other, else ""; "" too for octets that are no
    text: nobody is called so."""
    if not names or len(names[0]) != 1 or names[0][0][0] != kind:
        return ""
    value = names[0][0][1]
    return "" if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value) else value
