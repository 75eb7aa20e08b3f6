"""What `gateway probe ldap` tries: one question a check, each with what LDAP wants as the answer.

A check has a connection of its own, because many of them end it or change who is bound. Nothing is written, and one
entry or two are read. Clauses are of RFC 4511 where no other document is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.clients.ldap import Answers, LdapBadAnswer, LdapLink, LdapLinkFailed, Place, notice
from gateway.commands.checks import Checks, NotOffered, Odd, Result
from library_protocols.ldap import (
    AbandonRequest,
    And,
    BindRequest,
    CompareRequest,
    Control,
    DecodeError,
    Equality,
    ExtendedRequest,
    ExtendedResponse,
    Filter,
    Not,
    Or,
    PagedResults,
    Present,
    ResultCode,
    Sasl,
    Scope,
    SearchRequest,
    SearchResultEntry,
    Simple,
    find_control,
)
from library_protocols.ldap.facts.oids import OIDS, PAGED_RESULTS, START_TLS, TRUE_FALSE_FILTERS, WHO_AM_I
from library_protocols.ldap.facts.results import result_name

NOBODY = "2.25.1"  # an OID that means nothing to anybody: RFC 4122's space, number 1
NO_ATTRIBUTES = "1.1"  # 4.5.1.8
EVERYTHING = ("*", "+")
_ANY = Present("objectClass")
_UNKNOWN = Equality("x-no-such-attribute", b"x")
# What servers say to somebody whom they want bound, or encrypted, first.
_NOT_LIKE_THIS = frozenset({
    ResultCode.OPERATIONS_ERROR, ResultCode.STRONGER_AUTH_REQUIRED, ResultCode.CONFIDENTIALITY_REQUIRED,
    ResultCode.INAPPROPRIATE_AUTHENTICATION, ResultCode.INSUFFICIENT_ACCESS_RIGHTS, ResultCode.UNWILLING_TO_PERFORM,
})  # fmt: skip


@dataclass(slots=True)
class Subject:
    """The server being tried and what is known of it so far. `user` is bound as, where one is given; `start_tls` says
    that every connection is encrypted before anything else. `base` is where people are looked for."""

    place: Place
    user: str = ""
    password: str = field(default="", repr=False)
    base: str = ""
    people: Filter = _ANY
    start_tls: bool = False
    root: dict[str, list[str]] = field(default_factory=dict)
    entry: SearchResultEntry | None = None

    @asynccontextmanager
    async def link(self) -> AsyncIterator[LdapLink]:
        """A new connection on which nobody is bound."""
        async with LdapLink(self.place) as link:
            if self.start_tls:
                _wants(await link.start_tls(), ResultCode.SUCCESS, about="StartTLS")
            yield link

    @asynccontextmanager
    async def bound(self) -> AsyncIterator[LdapLink]:
        """A new connection, bound as the user where there is one."""
        async with self.link() as link:
            if self.user:
                _wants(await link.ask(_bind(self.user, self.password)), ResultCode.SUCCESS, about="the bind")
            yield link

    def offers(self, attribute: str, oid: str) -> bool:
        """Whether the root DSE names something."""
        return oid in self.root.get(attribute, ())


CHECKS: Checks[Subject] = Checks()


async def run_checks(subject: Subject) -> list[Result]:
    """Every check in turn. Raises LdapLinkFailed where there is no connection at all, and LdapTimeout."""
    async with LdapLink(subject.place):
        pass
    bad = (LdapLinkFailed, DecodeError)
    return [result async for result, _ in CHECKS.made(subject, bad)]


def _bind(name: str, password: str, version: int = 3) -> BindRequest:
    return BindRequest(version, name, Simple(password.encode()))


def _search(
    base: str,
    filter_: Filter = _ANY,
    scope: Scope = Scope.BASE,
    attributes: Sequence[str] = (NO_ATTRIBUTES,),
    *,
    size: int = 0,
    types_only: bool = False,
) -> SearchRequest:
    return SearchRequest(base, scope, 0, size, 0, types_only, filter_, tuple(attributes))


def _wants(answers: Answers, *codes: int, about: str = "it") -> Answers:
    """Raises Odd where the result is none of these."""
    if answers.code not in codes:
        raise Odd(f"{about} was answered with {answers.words}")
    return answers


def _texts(entry: SearchResultEntry) -> dict[str, list[str]]:
    """Values by attribute as schemas write it; octets that are no text are left out."""
    return {name: [value.decode("utf-8", "replace") for value in values] for name, values in entry.attributes}


def _values(entry: SearchResultEntry, attribute: str) -> list[str]:
    return next((values for name, values in _texts(entry).items() if name.lower() == attribute.lower()), [])


def _named(oids: Sequence[str]) -> str:
    """The ones we know by name, and how many others there are."""
    known = [OIDS[oid].name for oid in oids if oid in OIDS]
    others = len(oids) - len(known)
    return ", ".join([*known, *([f"{others} more"] if others else [])]) or "none"


@CHECKS("encryption")
async def _encryption(subject: Subject) -> str:
    async with subject.link() as link:
        if not link.encrypted:
            raise NotOffered("this connection is in clear text: --starttls, or ldaps://, encrypts it")
        ends = f", certificate until {link.certificate_ends}" if link.certificate_ends else ", certificate not verified"
        return f"{link.encrypted}{ends}"


@CHECKS("root DSE")
async def _root_dse(subject: Subject) -> str:
    """RFC 4512 5.1: everybody may read it."""
    async with subject.link() as link:
        answers = _wants(await link.ask(_search("", attributes=EVERYTHING)), ResultCode.SUCCESS)
    if len(answers.entries) != 1 or answers.entries[0].dn:
        raise Odd(f"{len(answers.entries)} entries came for the empty name")
    subject.root = _texts(answers.entries[0])
    contexts = subject.root.get("namingContexts", [])
    if not subject.base and contexts:
        subject.base = subject.root.get("defaultNamingContext", contexts)[0]
    if subject.root and "3" not in subject.root.get("supportedLDAPVersion", []):
        raise Odd("supportedLDAPVersion does not name 3")
    vendor = " ".join(subject.root.get("vendorName", []) + subject.root.get("vendorVersion", []))
    return f"{vendor or 'no vendor named'}; {', '.join(contexts) or 'no naming contexts'}"


@CHECKS("what it offers")
async def _offers(subject: Subject) -> str:
    if not subject.root:
        raise Odd("the root DSE was not read")
    mechanisms = ", ".join(subject.root.get("supportedSASLMechanisms", [])) or "none"
    controls = _named(subject.root.get("supportedControl", []))
    extensions = _named(subject.root.get("supportedExtension", []))
    return f"controls: {controls}; extended operations: {extensions}; SASL: {mechanisms}"


@CHECKS("schema")
async def _schema(subject: Subject) -> str:
    """RFC 4512 4.4: clients such as ldap3 read it before they do anything."""
    where = subject.root.get("subschemaSubentry", [])
    if not where:
        raise NotOffered("the root DSE names no subschemaSubentry")
    wanted = ("attributeTypes", "objectClasses", "matchingRules", "ldapSyntaxes")
    async with subject.bound() as link:
        question = _search(where[0], Equality("objectClass", b"subschema"), attributes=wanted)
        answers = await link.ask(question)
    if answers.code in _NOT_LIKE_THIS and not subject.user:
        raise NotOffered(f"nobody who is not bound may read it: {answers.words}")
    _wants(answers, ResultCode.SUCCESS)
    if len(answers.entries) != 1:
        raise Odd(f"{len(answers.entries)} entries at {where[0]}")
    counted = {name: len(_values(answers.entries[0], name)) for name in wanted}
    if not counted["attributeTypes"] or not counted["objectClasses"]:
        raise Odd(f"no attribute types or no object classes at {where[0]}")
    return ", ".join(f"{count} {name}" for name, count in counted.items())


@CHECKS("StartTLS")
async def _start_tls(subject: Subject) -> str:
    """4.14: the answer comes in clear text, then the handshake; what is encrypted already cannot be again."""
    async with subject.link() as link:
        if link.encrypted:
            answers = await link.ask(ExtendedRequest(START_TLS))
            if answers.code == ResultCode.SUCCESS:
                raise Odd("agreed to on a connection that is encrypted already")
            return f"refused on an encrypted connection: {answers.words}"
        if not subject.offers("supportedExtension", START_TLS):
            raise NotOffered("the root DSE does not name it")
        _wants(await link.start_tls(), ResultCode.SUCCESS)
        _wants(await link.ask(_search("")), ResultCode.SUCCESS, about="the first search behind it")
        return link.encrypted


@CHECKS("anonymous bind")
async def _anonymous(subject: Subject) -> str:
    async with subject.link() as link:
        answers = await link.ask(_bind("", ""))
        if answers.code != ResultCode.SUCCESS:
            _wants(answers, *_NOT_LIKE_THIS, ResultCode.INVALID_CREDENTIALS)
            return f"refused: {answers.words}"
        if not subject.base:
            return "taken"
        found = await link.ask(_search(subject.base, subject.people, Scope.SUB, size=1))
        if found.entries:
            return "taken, and entries can be read: anybody on the network may look people up"
        return "taken, and shows nobody"


@CHECKS("name without password")
async def _unauthenticated(subject: Subject) -> str:
    """RFC 4513 5.1.2: programs that forget to refuse an empty password let anybody in who knows a name."""
    async with subject.link() as link:
        answers = await link.ask(_bind(subject.user or f"cn=nobody,{subject.base}", ""))
    if answers.code == ResultCode.SUCCESS:
        raise Odd("success, as if the password had been right (RFC 4513 5.1.2)")
    return answers.words


@CHECKS("wrong password")
async def _wrong_password(subject: Subject) -> str:
    """Tried for a name that does not exist: nobody's account is locked by it."""
    async with subject.link() as link:
        answers = await link.ask(_bind(f"cn=no-such-name,{subject.base}", "no such password"))
    if answers.result.matched_dn:
        raise Odd(f"the answer tells how far the name exists: {answers.result.matched_dn}")
    if answers.code in (ResultCode.CONFIDENTIALITY_REQUIRED, ResultCode.STRONGER_AUTH_REQUIRED):
        return f"passwords are not taken in clear text: {answers.words}"
    return _wants(answers, ResultCode.INVALID_CREDENTIALS, ResultCode.INVALID_DN_SYNTAX).words


@CHECKS("LDAP version 2")
async def _version_2(subject: Subject) -> str:
    async with subject.link() as link:
        answers = await link.ask(_bind("", "", version=2))
    if answers.code == ResultCode.SUCCESS:
        raise Odd("taken, which RFC 3494 made history")
    return answers.words


@CHECKS("unknown SASL mechanism")
async def _unknown_sasl(subject: Subject) -> str:
    async with subject.link() as link:
        answers = await link.ask(BindRequest(3, "", Sasl("X-NO-SUCH-MECHANISM")))
    return _wants(answers, ResultCode.AUTH_METHOD_NOT_SUPPORTED, *_NOT_LIKE_THIS).words


@CHECKS("unknown control")
async def _unknown_control(subject: Subject) -> str:
    """4.1.11: one that is critical stops the operation, another is as if it were not there."""
    async with subject.link() as link:
        _wants(await link.ask(_search(""), Control(NOBODY)), ResultCode.SUCCESS, about="one that is not critical")
        answers = await link.ask(_search(""), Control(NOBODY, critical=True))
    _wants(answers, ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, about="a critical one")
    return f"critical: {answers.words}; else ignored"


@CHECKS("unknown extended operation")
async def _unknown_extended(subject: Subject) -> str:
    async with subject.link() as link:
        answers = await link.ask(ExtendedRequest(NOBODY))
    return _wants(answers, ResultCode.PROTOCOL_ERROR, *_NOT_LIKE_THIS).words


@CHECKS("who am I")
async def _who_am_i(subject: Subject) -> str:
    """RFC 4532"""
    if not subject.offers("supportedExtension", WHO_AM_I):
        raise NotOffered("the root DSE does not name it")
    async with subject.bound() as link:
        answers = _wants(await link.ask(ExtendedRequest(WHO_AM_I)), ResultCode.SUCCESS)
    assert isinstance(answers.final.op, ExtendedResponse)
    told = (answers.final.op.value or b"").decode("utf-8", "replace")
    if subject.user and not told:
        raise Odd("nobody, although the bind was answered with success")
    if told and not told.startswith(("dn:", "u:")):
        raise Odd(f"{told!r} is no authzId (RFC 4513 5.2.1.8)")
    return told or "nobody, which is right"


@CHECKS("one person")
async def _one_person(subject: Subject) -> str:
    """4.5.1.4: the client's own limit holds, whatever the server would give."""
    if not subject.base:
        raise NotOffered("no base is known: name one with --base")
    async with subject.bound() as link:
        answers = await link.ask(_search(subject.base, subject.people, Scope.SUB, EVERYTHING, size=1))
    if answers.code in (*_NOT_LIKE_THIS, ResultCode.NO_SUCH_OBJECT, ResultCode.REFERRAL) and not subject.user:
        raise NotOffered(f"nobody who is not bound may search: {answers.words}")
    _wants(answers, ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED)
    if len(answers.entries) > 1:
        raise Odd(f"{len(answers.entries)} entries where one was asked for")
    if not answers.entries:
        raise NotOffered(f"nobody is found below {subject.base}")
    subject.entry = answers.entries[0]
    return f"{len(subject.entry.attributes)} attributes; {answers.words}"


def _sample(subject: Subject) -> SearchResultEntry:
    if subject.entry is None:
        raise NotOffered("no entry was found to try this with")
    return subject.entry


@CHECKS("attributes on request")
async def _attributes(subject: Subject) -> str:
    """4.5.1.6, 4.5.1.8: types without values, none at all, one whatever its case, one that is unknown."""
    entry = _sample(subject)
    async with subject.bound() as link:
        types = await link.ask(_search(entry.dn, attributes=("OBJECTCLASS", "x-no-such-attribute"), types_only=True))
        none = await link.ask(_search(entry.dn))
    _wants(types, ResultCode.SUCCESS, about="typesOnly")
    _wants(none, ResultCode.SUCCESS, about="1.1")
    if [(name.lower(), values) for name, values in types.entries[0].attributes] != [("objectclass", ())]:
        raise Odd("typesOnly for objectClass was answered with something else than that name alone")
    if none.entries[0].attributes:
        raise Odd("1.1 was answered with attributes")
    return "types alone, none, an unknown one left out"


@CHECKS("filters with the unknown")
async def _three_valued(subject: Subject) -> str:
    """4.5.1.7: an attribute that is not known makes a part Undefined: neither it nor its opposite fits, and nothing is
    an error."""
    entry = _sample(subject)
    trials = {"it": (_UNKNOWN, 0), "its opposite": (Not(_UNKNOWN), 0), "it or anything": (Or((_UNKNOWN, _ANY)), 1)}
    async with subject.bound() as link:
        for what, (filter_, expected) in trials.items():
            answers = _wants(await link.ask(_search(entry.dn, filter_)), ResultCode.SUCCESS, about=what)
            if len(answers.entries) != expected:
                raise Odd(f"{what} fits {len(answers.entries)} entries, should be {expected}")
    return "neither it nor its opposite fits"


@CHECKS("filters that are always true or never")
async def _absolute(subject: Subject) -> str:
    """RFC 4526"""
    entry = _sample(subject)
    if not subject.offers("supportedFeatures", TRUE_FALSE_FILTERS):
        raise NotOffered("the root DSE does not name the feature")
    async with subject.bound() as link:
        for filter_, expected in ((And(()), 1), (Or(()), 0)):
            answers = _wants(await link.ask(_search(entry.dn, filter_)), ResultCode.SUCCESS)
            if len(answers.entries) != expected:
                raise Odd(f"{filter_} fits {len(answers.entries)} entries, should be {expected}")
    return "(&) and (|)"


@CHECKS("pages")
async def _pages(subject: Subject) -> str:
    """RFC 2696"""
    if not subject.offers("supportedControl", PAGED_RESULTS):
        raise NotOffered("the root DSE does not name it")
    _sample(subject)
    seen: list[str] = []
    sizes: list[int] = []
    cookie = b""
    async with subject.bound() as link:
        for _ in range(3):
            question = _search(subject.base, subject.people, Scope.SUB)
            answers = _wants(await link.ask(question, PagedResults(2, cookie).control()), ResultCode.SUCCESS)
            control = find_control(answers.final.controls, PAGED_RESULTS)
            if control is None:
                raise Odd("the answer has no paging control")
            cookie = PagedResults.read(control).cookie
            sizes.append(len(answers.entries))
            seen += [entry.dn for entry in answers.entries]
            if sizes[-1] > 2:
                raise Odd(f"a page of {sizes[-1]} where two were asked for")
            if not cookie:
                break
    if len(seen) != len(set(seen)):
        raise Odd("an entry came twice")
    return f"pages of {', '.join(map(str, sizes))}{', and more' if cookie else ''}"


@CHECKS("a cookie of nobody's")
async def _bad_cookie(subject: Subject) -> str:
    if not subject.offers("supportedControl", PAGED_RESULTS):
        raise NotOffered("paging is not offered")
    _sample(subject)
    async with subject.bound() as link:
        question = _search(subject.base, subject.people, Scope.SUB)
        answers = await link.ask(question, PagedResults(2, b"no such cookie").control(critical=True))
    if answers.code == ResultCode.SUCCESS:
        raise Odd("taken")
    return answers.words


@CHECKS("no such base")
async def _no_such_base(subject: Subject) -> str:
    if not subject.base:
        raise NotOffered("no base is known")
    async with subject.bound() as link:
        answers = await link.ask(_search(f"ou=no such place,{subject.base}"))
    allowed = (ResultCode.NO_SUCH_OBJECT, ResultCode.REFERRAL, *(() if subject.user else _NOT_LIKE_THIS))
    return _wants(answers, *allowed).words


@CHECKS("no name at all")
async def _bad_name(subject: Subject) -> str:
    async with subject.bound() as link:
        answers = await link.ask(_search("this is no name"))
    allowed = (ResultCode.INVALID_DN_SYNTAX, *(() if subject.user else _NOT_LIKE_THIS))
    return _wants(answers, *allowed).words


@CHECKS("compare")
async def _compare(subject: Subject) -> str:
    """4.10"""
    entry = _sample(subject)
    classes = next((values for name, values in entry.attributes if name.lower() == "objectclass" and values), None)
    if classes is None:
        raise NotOffered("the entry's objectClass is not shown")
    async with subject.bound() as link:
        right = await link.ask(CompareRequest(entry.dn, "objectClass", classes[0]))
        wrong = await link.ask(CompareRequest(entry.dn, "objectClass", b"noSuchClass"))
        unknown = await link.ask(CompareRequest(entry.dn, "x-no-such-attribute", b"x"))
    if right.code in _NOT_LIKE_THIS:
        raise NotOffered(right.words)
    _wants(right, ResultCode.COMPARE_TRUE, about="a value that is there")
    wrong_codes = (ResultCode.COMPARE_FALSE, ResultCode.INVALID_ATTRIBUTE_SYNTAX, ResultCode.NO_SUCH_ATTRIBUTE)
    _wants(wrong, *wrong_codes, about="a value that is not")
    if unknown.code in (ResultCode.COMPARE_TRUE, ResultCode.SUCCESS):
        raise Odd(f"an attribute that nobody has was answered with {unknown.words}")
    return f"{result_name(right.code)}, {result_name(wrong.code)}, {result_name(unknown.code)}"


@CHECKS("two questions at once")
async def _two_at_once(subject: Subject) -> str:
    """4.1.1.1: answers are told apart by their number."""
    async with subject.link() as link:
        first, second = link.send(_search("")), link.send(_search(""))
        for number in (second, first):
            answers = _wants(await link.answers(number), ResultCode.SUCCESS)
            if len(answers.entries) != 1:
                raise Odd(f"question {number} was answered with {len(answers.entries)} entries")
    return "both answered"


@CHECKS("abandon")
async def _abandon(subject: Subject) -> str:
    """4.11: nobody answers it, and nothing else stops."""
    async with subject.link() as link:
        link.send(AbandonRequest(2_000_000))
        _wants(await link.ask(_search("")), ResultCode.SUCCESS, about="the search behind it")
    return "no answer, and the connection goes on"


@CHECKS("what is no LDAP")
async def _junk(subject: Subject) -> str:
    """4.1.1, 4.4.1: the server ends the connection, with a notice where it can."""
    async with subject.link() as link:
        link.send_octets(bytes.fromhex("30 03 02 01 07 ff ff ff ff"))
        try:
            message = await link.receive()
        except LdapBadAnswer as error:
            raise Odd(str(error)) from None
        except LdapLinkFailed:
            return "the connection is closed"
        if message is None:
            return "the connection is closed"
        if message.message_id != 0:
            raise Odd(f"answered with {type(message.op).__name__}")
        told = notice(message)
        if await link.receive() is not None:
            raise Odd("a notice, and the connection goes on")
        return f"a notice: {told}"
