"""A patron as an LDAP entry: the attributes, what each is made of, and the object classes; the schema comes from here.

Standard attributes keep the definition of the document named in their row. Those of our own, and the auxiliary class
`libraryPatron`, stand below an arc made of a UUID (ITU-T X.667), for nobody had to give us one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.canonical.entities import Block, Patron
from gateway.canonical.vocabulary import BlockScope, BlockSeverity, IdentifierType, PatronStatus
from library_protocols.ldap import DnError, parse_dn

ARC = "2.25.178554315835103052350507575882417091767"
"""OID arc of the library attributes (.1) and object classes (.2)."""


class Syntax(StrEnum):
    """RFC 4517 3.3; attributes' own definitions RFC 4512 4.2, octets RFC 4517 3.3.25, UUIDs RFC 4530 2.1."""

    ATTRIBUTE_TYPE = "1.3.6.1.4.1.1466.115.121.1.3"
    BOOLEAN = "1.3.6.1.4.1.1466.115.121.1.7"
    DN = "1.3.6.1.4.1.1466.115.121.1.12"
    DIRECTORY_STRING = "1.3.6.1.4.1.1466.115.121.1.15"
    GENERALIZED_TIME = "1.3.6.1.4.1.1466.115.121.1.24"
    IA5_STRING = "1.3.6.1.4.1.1466.115.121.1.26"
    INTEGER = "1.3.6.1.4.1.1466.115.121.1.27"
    MATCHING_RULE = "1.3.6.1.4.1.1466.115.121.1.30"
    MATCHING_RULE_USE = "1.3.6.1.4.1.1466.115.121.1.31"
    OBJECT_CLASS = "1.3.6.1.4.1.1466.115.121.1.37"
    OID = "1.3.6.1.4.1.1466.115.121.1.38"
    OCTET_STRING = "1.3.6.1.4.1.1466.115.121.1.40"
    TELEPHONE_NUMBER = "1.3.6.1.4.1.1466.115.121.1.50"
    LDAP_SYNTAX = "1.3.6.1.4.1.1466.115.121.1.54"
    SUBSTRING_ASSERTION = "1.3.6.1.4.1.1466.115.121.1.58"
    UUID = "1.3.6.1.1.16.1"


class Usage(StrEnum):
    """RFC 4512 4.1.2. Operational attributes are given where they are asked for by name or by `+`."""

    USER = "userApplications"
    DIRECTORY = "directoryOperation"
    SERVER = "dSAOperation"


@dataclass(frozen=True, slots=True)
class Form:
    """How values are written and compared: syntax, and the matching rules by name (RFC 4517), "" for none."""

    syntax: Syntax
    equality: str
    ordering: str = ""
    substrings: str = ""


TEXT = Form(Syntax.DIRECTORY_STRING, "caseIgnoreMatch", substrings="caseIgnoreSubstringsMatch")
EXACT = Form(Syntax.DIRECTORY_STRING, "caseExactMatch")
IA5 = Form(Syntax.IA5_STRING, "caseIgnoreIA5Match", substrings="caseIgnoreIA5SubstringsMatch")
PHONE = Form(Syntax.TELEPHONE_NUMBER, "telephoneNumberMatch", substrings="telephoneNumberSubstringsMatch")
TIME = Form(Syntax.GENERALIZED_TIME, "generalizedTimeMatch", "generalizedTimeOrderingMatch")
TRUTH = Form(Syntax.BOOLEAN, "booleanMatch")
NUMBER = Form(Syntax.INTEGER, "integerMatch", "integerOrderingMatch")
NAME = Form(Syntax.DN, "distinguishedNameMatch")
OBJECT = Form(Syntax.OID, "objectIdentifierMatch")
OCTETS = Form(Syntax.OCTET_STRING, "octetStringMatch")
KEY = Form(Syntax.UUID, "uuidMatch", "uuidOrderingMatch")


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute type, `sup` its supertype.

    `made_of` is a field of the register's person, `identifiers:TYPE` for the active identifiers of a type, or "" where
    the door computes it. `lookups` are fields in which the register finds everybody who can have a value ((): it cannot
    say). `live`: only the platform knows, and may not answer. `structural`: says nothing of people, and is shown to
    every account.
    """

    names: tuple[str, ...]
    oid: str
    form: Form
    source: str
    description: str
    sup: str = ""
    made_of: str = ""
    lookups: tuple[str, ...] = ()
    single: bool = False
    live: bool = False
    structural: bool = False
    usage: Usage = Usage.USER

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def operational(self) -> bool:
        return self.usage is not Usage.USER


_R = AttributeRow
_COSINE, _NETSCAPE, _EDU = "0.9.2342.19200300.100.1", "2.16.840.1.113730.3.1", "1.3.6.1.4.1.5923.1.1.1"
_BARCODE, _SIS = f"identifiers:{IdentifierType.BARCODE}", f"identifiers:{IdentifierType.SIS}"

NAMED_BY = (IdentifierType.BARCODE, IdentifierType.PRIMARY, IdentifierType.USERNAME, IdentifierType.SIS)
"""What a person's entry is named by: the first of these that somebody has."""

PEOPLE = (
    _R(("name",), "2.5.4.41", TEXT, "RFC 4519 2.18", "what `cn`, `sn`, `givenName`, `o` and `ou` have in common"),
    _R(("uid", "userid"), f"{_COSINE}.1", TEXT, "RFC 4519 2.39",
       "what names the entry: the barcode, or else the primary identifier, the user name, the number in the student "
       "system; and the user name beside it", lookups=NAMED_BY),
    _R(("cn", "commonName"), "2.5.4.3", TEXT, "RFC 4519 2.3", "the name in full", sup="name",
       made_of="display", lookups=("display",)),
    _R(("sn", "surname"), "2.5.4.4", TEXT, "RFC 4519 2.32", "family name; the name in full where none is known",
       sup="name", lookups=("family", "display")),
    _R(("givenName", "gn"), "2.5.4.42", TEXT, "RFC 4519 2.12", "given name", sup="name",
       made_of="given", lookups=("given",)),
    _R(("displayName",), f"{_NETSCAPE}.241", TEXT, "RFC 2798 2.3", "the name by which somebody likes to be called, "
       "or the name in full", single=True),
    _R(("mail", "rfc822Mailbox"), f"{_COSINE}.3", IA5, "RFC 4524 2.16", "e-mail addresses, the preferred one first",
       made_of="emails", lookups=("email",)),
    _R(("telephoneNumber",), "2.5.4.20", PHONE, "RFC 4519 2.35", "telephone numbers, the preferred one first",
       made_of="phones"),
    _R(("employeeNumber",), f"{_NETSCAPE}.3", TEXT, "RFC 2798 2.4", "number in the student or staff system",
       made_of=_SIS, lookups=(IdentifierType.SIS,), single=True),
    _R(("employeeType",), f"{_NETSCAPE}.4", TEXT, "RFC 2798 2.5", "code of the patron category, as `libraryCategory`",
       made_of="category", lookups=("category",)),
    _R(("departmentNumber",), f"{_NETSCAPE}.2", TEXT, "RFC 2798 2.2", "department", made_of="department",
       lookups=("department",)),
    _R(("preferredLanguage",), f"{_NETSCAPE}.39", TEXT, "RFC 2798 2.7", "language, ISO 639-1", made_of="language",
       single=True),
    _R(("userPassword",), "2.5.4.35", OCTETS, "RFC 4519 2.41", "never shown; an account that is given it by name may "
       "compare it, which checks the PIN"),
    _R(("eduPersonAffiliation",), f"{_EDU}.1", TEXT, "eduPerson 202208", "student, staff, faculty, alum, affiliate, …",
       made_of="affiliations", lookups=("affiliation",)),
    _R(("eduPersonScopedAffiliation",), f"{_EDU}.9", TEXT, "eduPerson 202208", "the same with `@` and the domain that "
       "the suffix names by its `dc` parts"),
    _R(("eduPersonPrincipalName",), f"{_EDU}.6", TEXT, "eduPerson 202208", "name at the institution; may be given to "
       "somebody else later", made_of="eppn", lookups=("eppn",), single=True),
    _R(("libraryBarcode",), f"{ARC}.1.1", TEXT, "", "barcodes of the cards that are valid", made_of=_BARCODE,
       lookups=(IdentifierType.BARCODE,)),
    _R(("libraryCategory",), f"{ARC}.1.2", TEXT, "", "code of the patron category", made_of="category",
       lookups=("category",), single=True),
    _R(("libraryGroup",), f"{ARC}.1.3", TEXT, "", "groups, as the source of the record names them", made_of="groups",
       lookups=("group",)),
    _R(("libraryHomeLibrary",), f"{ARC}.1.4", TEXT, "", "code of the home library", made_of="home_library",
       single=True),
    _R(("libraryExpiry",), f"{ARC}.1.5", TIME, "", "end of the last day on which the person may borrow", single=True),
    _R(("libraryStatus",), f"{ARC}.1.6", TEXT, "", "`active`, `inactive` (switched off by the source) or `expired`",
       single=True),
    _R(("libraryMayBorrow",), f"{ARC}.1.7", TRUTH, "", "whether the library lends to the person now; absent while that "
       "is not known", single=True, live=True),
    _R(("libraryBlock",), f"{ARC}.1.8", TEXT, "", "reasons why the person may not do something now, such as "
       "`EXCESS_FINES`; absent where there is none, or while that is not known", live=True),
)  # fmt: skip
"""What entries of people have."""

STRUCTURE = (
    _R(("objectClass",), "2.5.4.0", OBJECT, "RFC 4512 3.3", "classes of the entry", structural=True),
    _R(("dc", "domainComponent"), f"{_COSINE}.25", IA5, "RFC 4519 2.4", "part of a domain's name", single=True,
       structural=True),
    _R(("o", "organizationName"), "2.5.4.10", TEXT, "RFC 4519 2.19", "name of an organisation", sup="name",
       structural=True),
    _R(("ou", "organizationalUnitName"), "2.5.4.11", TEXT, "RFC 4519 2.20", "name of a branch of the tree", sup="name",
       structural=True),
    _R(("description",), "2.5.4.13", TEXT, "RFC 4519 2.5", "what the entry is", structural=True),
    _R(("structuralObjectClass",), "2.5.21.9", OBJECT, "RFC 4512 3.4.5", "the class that says what the entry is",
       single=True, structural=True, usage=Usage.DIRECTORY),
    _R(("subschemaSubentry",), "2.5.18.10", NAME, "RFC 4512 4.2", "where the schema is", single=True, structural=True,
       usage=Usage.DIRECTORY),
    _R(("entryDN",), "1.3.6.1.1.20", NAME, "RFC 5020 2", "name of the entry", single=True, structural=True,
       usage=Usage.DIRECTORY),
    _R(("entryUUID",), "1.3.6.1.1.16.4", KEY, "RFC 4530 2.4", "key of the entry, which stays when card, login and name "
       "change; absent of who is not in the register", single=True, usage=Usage.DIRECTORY),
    _R(("hasSubordinates",), "2.5.18.9", TRUTH, "X.501", "whether there is anything below the entry", single=True,
       structural=True, usage=Usage.DIRECTORY),
    _R(("createTimestamp",), "2.5.18.1", TIME, "RFC 4512 3.4.2", "when the register met the person first", single=True,
       usage=Usage.DIRECTORY),
    _R(("modifyTimestamp",), "2.5.18.2", TIME, "RFC 4512 3.4.4", "when the register's record was changed last",
       single=True, usage=Usage.DIRECTORY),
)  # fmt: skip
"""What the tree is made of."""

_SUBSCHEMA_FORM = "objectIdentifierFirstComponentMatch"
SERVER = (
    _R(("namingContexts",), "1.3.6.1.4.1.1466.101.120.5", NAME, "RFC 4512 5.1.2", "suffixes that are served",
       structural=True, usage=Usage.SERVER),
    _R(("supportedControl",), "1.3.6.1.4.1.1466.101.120.13", OBJECT, "RFC 4512 5.1.3", "controls that are understood",
       structural=True, usage=Usage.SERVER),
    _R(("supportedExtension",), "1.3.6.1.4.1.1466.101.120.7", OBJECT, "RFC 4512 5.1.4", "extended operations",
       structural=True, usage=Usage.SERVER),
    _R(("supportedFeatures",), "1.3.6.1.4.1.4203.1.3.5", OBJECT, "RFC 4512 5.1.5", "what else is understood",
       structural=True, usage=Usage.SERVER),
    _R(("supportedLDAPVersion",), "1.3.6.1.4.1.1466.101.120.15", NUMBER, "RFC 4512 5.1.6", "versions of LDAP",
       structural=True, usage=Usage.SERVER),
    _R(("vendorName",), "1.3.6.1.1.4", EXACT, "RFC 3045", "whose server this is", single=True, structural=True,
       usage=Usage.SERVER),
    _R(("vendorVersion",), "1.3.6.1.1.5", EXACT, "RFC 3045", "its version", single=True, structural=True,
       usage=Usage.SERVER),
    _R(("attributeTypes",), "2.5.21.5", Form(Syntax.ATTRIBUTE_TYPE, _SUBSCHEMA_FORM), "RFC 4512 4.2.2",
       "attribute types", structural=True, usage=Usage.DIRECTORY),
    _R(("objectClasses",), "2.5.21.6", Form(Syntax.OBJECT_CLASS, _SUBSCHEMA_FORM), "RFC 4512 4.2.1",
       "object classes", structural=True, usage=Usage.DIRECTORY),
    _R(("matchingRules",), "2.5.21.4", Form(Syntax.MATCHING_RULE, _SUBSCHEMA_FORM), "RFC 4512 4.2.3",
       "matching rules", structural=True, usage=Usage.DIRECTORY),
    _R(("matchingRuleUse",), "2.5.21.8", Form(Syntax.MATCHING_RULE_USE, _SUBSCHEMA_FORM), "RFC 4512 4.2.4",
       "which attributes a rule is for", structural=True, usage=Usage.DIRECTORY),
    _R(("ldapSyntaxes",), "1.3.6.1.4.1.1466.101.120.16", Form(Syntax.LDAP_SYNTAX, _SUBSCHEMA_FORM), "RFC 4512 4.2.5",
       "syntaxes", structural=True, usage=Usage.DIRECTORY),
)  # fmt: skip
"""What the root DSE and the subschema have."""

ATTRIBUTES = PEOPLE + STRUCTURE + SERVER


@dataclass(frozen=True, slots=True)
class ClassRow:
    """An object class. Of the attributes that a standard class may have, those that are served."""

    name: str
    oid: str
    source: str
    kind: str
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    sup: str = "top"


CLASSES = (
    ClassRow("top", "2.5.6.0", "RFC 4512 2.4.1", "ABSTRACT", ("objectClass",), sup=""),
    ClassRow("person", "2.5.6.6", "RFC 4519 3.12", "STRUCTURAL", ("sn", "cn"),
             ("userPassword", "telephoneNumber", "description")),
    ClassRow("organizationalPerson", "2.5.6.7", "RFC 4519 3.9", "STRUCTURAL", (), ("ou",), "person"),
    ClassRow("inetOrgPerson", "2.16.840.1.113730.3.2.2", "RFC 2798 3", "STRUCTURAL", (),
             ("departmentNumber", "displayName", "employeeNumber", "employeeType", "givenName", "mail", "o",
              "preferredLanguage", "uid"), "organizationalPerson"),
    ClassRow("eduPerson", "1.3.6.1.4.1.5923.1.1.2", "eduPerson 202208", "AUXILIARY", (),
             ("eduPersonAffiliation", "eduPersonScopedAffiliation", "eduPersonPrincipalName")),
    ClassRow("libraryPatron", f"{ARC}.2.1", "", "AUXILIARY", (),
             ("libraryBarcode", "libraryCategory", "libraryGroup", "libraryHomeLibrary", "libraryExpiry",
              "libraryStatus", "libraryMayBorrow", "libraryBlock")),
    ClassRow("domain", "0.9.2342.19200300.100.4.13", "RFC 4524 3.4", "STRUCTURAL", ("dc",), ("description", "o")),
    ClassRow("organization", "2.5.6.4", "RFC 4519 3.8", "STRUCTURAL", ("o",), ("description",)),
    ClassRow("organizationalUnit", "2.5.6.5", "RFC 4519 3.11", "STRUCTURAL", ("ou",), ("description",)),
    ClassRow("applicationProcess", "2.5.6.11", "RFC 4519 3.1", "STRUCTURAL", ("cn",), ("description",)),
    ClassRow("subentry", "2.5.17.0", "RFC 3672 2.4", "STRUCTURAL", ("cn",)),
    ClassRow("subschema", "2.5.20.1", "RFC 4512 4.2", "AUXILIARY", (),
             ("attributeTypes", "objectClasses", "matchingRules", "matchingRuleUse")),
)  # fmt: skip

PERSON_CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson", "eduPerson", "libraryPatron")
"""Classes of a person's entry."""
SUFFIX_CLASSES = {"dc": "domain", "o": "organization", "ou": "organizationalUnit"}
"""Class of a suffix by the attribute that names it. No other can be a suffix."""

_BY_NAME = {name.lower(): row for row in ATTRIBUTES for name in (*row.names, row.oid)}
_SUBTYPES = {row.name: (row, *(sub for sub in ATTRIBUTES if sub.sup == row.name)) for row in ATTRIBUTES}


def attribute(name: str) -> AttributeRow | None:
    """The row of an attribute type, by any of its names or its OID; None for one that is not known, options included
    (RFC 4512 2.5: with an option nobody knows, nothing is known)."""
    return _BY_NAME.get(name.lower())


def with_subtypes(row: AttributeRow) -> tuple[AttributeRow, ...]:
    """An attribute and those that are kinds of it (RFC 4512 2.5.1)."""
    return _SUBTYPES[row.name]


def unknown_attributes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of an account's `attributes` that nobody has."""
    return tuple(name for name in names if name != "*" and attribute(name) is None)


def suffix_problem(suffix: str) -> str | None:
    """Why a member's tree cannot have this name; None where it can."""
    try:
        names = parse_dn(suffix)
    except DnError as error:
        return f"is no distinguished name: {error}"
    if not names or len(names[0]) != 1 or names[0][0][0].lower() not in SUFFIX_CLASSES:
        return "begins with one of " + ", ".join(f"`{kind}=`" for kind in SUFFIX_CLASSES)
    if not all(value and value.isascii() for rdn in names for kind, value in rdn if kind.lower() == "dc"):
        return "has a `dc` that is no part of a domain's name"
    return None


def may_borrow(patron: Patron) -> bool:
    """`libraryMayBorrow`: neither status nor any block keeps the patron from borrowing."""
    return patron.status is PatronStatus.ACTIVE and not any(
        block.scope in (BlockScope.BORROW, BlockScope.ALL) for block in _standing(patron)
    )


def block_reasons(patron: Patron) -> tuple[str, ...]:
    """`libraryBlock`: each reason once, in the platform's order."""
    return tuple(dict.fromkeys(block.reason.value for block in _standing(patron)))


def _standing(patron: Patron) -> tuple[Block, ...]:
    """Blocks that refuse something; traps are messages to staff."""
    return tuple(block for block in patron.blocks if block.severity is BlockSeverity.BLOCK)
