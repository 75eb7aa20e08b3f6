"""Result codes: what a number in a response means, and whether it is an error of the request at all.

Clauses are of RFC 4511 where no other document is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class ResultFact:
    """One code: its name in the standard, what it means, the clause."""

    code: int
    name: str
    meaning: str
    clause: str


_ROWS = """
0 | success | done
1 | operationsError | out of order, as StartTLS while requests wait; in Active Directory also a search before a bind
2 | protocolError | the request is malformed, or of a version or an extended operation that is not known
3 | timeLimitExceeded | the search took longer than the client or the server allows; entries found so far were sent
4 | sizeLimitExceeded | more entries than the client or the server allows; as many as allowed were sent
5 | compareFalse | the attribute does not have that value
6 | compareTrue | the attribute has that value
7 | authMethodNotSupported | this way to bind is not offered
8 | strongerAuthRequired | a stronger bind is needed; from Active Directory also: the connection must be encrypted
10 | referral | another server has it; its URIs are in the result
11 | adminLimitExceeded | a limit that the server's people set
12 | unavailableCriticalExtension | a control marked critical is not known or does not fit the operation
13 | confidentialityRequired | only over an encrypted connection
14 | saslBindInProgress | the next step of the bind is awaited
16 | noSuchAttribute | the entry does not have that attribute or value
17 | undefinedAttributeType | the schema does not have that attribute
18 | inappropriateMatching | the attribute has no such matching rule
19 | constraintViolation | a value the server's rules do not take, such as a password that is too short
20 | attributeOrValueExists | the entry has that already
21 | invalidAttributeSyntax | a value that is none of the attribute's syntax
32 | noSuchObject | there is no such entry, or none that may be known of; matchedDN is the nearest above it
33 | aliasProblem | an alias names no entry
34 | invalidDNSyntax | a name that is none
36 | aliasDereferencingProblem | an alias may not be followed here
48 | inappropriateAuthentication | such as a bind as an entry that has no password
49 | invalidCredentials | name or password is wrong; which of them is not told
50 | insufficientAccessRights | the bound name may not do that
51 | busy | later
52 | unavailable | the server, or what stands behind it, is shutting down or away
53 | unwillingToPerform | the server will not, such as a bind with a name but no password (RFC 4513 5.1.2)
54 | loopDetect | the request came round
64 | namingViolation | the entry would have a name that is not allowed there
65 | objectClassViolation | the entry would not keep to its object class
66 | notAllowedOnNonLeaf | only for entries with nothing below them
67 | notAllowedOnRDN | the attribute is part of the entry's name
68 | entryAlreadyExists | there is an entry of that name
69 | objectClassModsProhibited | the structural class of an entry stays
71 | affectsMultipleDSAs | more than one server would have to do it
80 | other | none of the others
"""
_LATER = """
76 | virtualListViewError | the window of a list is wrong | draft-ietf-ldapext-ldapv3-vlv
118 | canceled | the operation was cancelled on request | RFC 3909
119 | noSuchOperation | there was nothing to cancel | RFC 3909
120 | tooLate | it was done already | RFC 3909
121 | cannotCancel | this operation cannot be cancelled | RFC 3909
122 | assertionFailed | the condition of the request does not hold | RFC 4528
123 | authorizationDenied | the proxied name may not be used | RFC 4370
4096 | e-syncRefreshRequired | what is kept here is too old: read all again | RFC 4533 2.6
"""

RESULTS = {
    int(code): ResultFact(int(code), name, meaning, clause)
    for code, name, meaning, clause in (*((*row, "A.2") for row in rows(_ROWS, 3)), *rows(_LATER, 4))
}
"""Code -> fact. Others are legal (RFC 4511 4.1.9) and kept as numbers."""


class ResultCode(IntEnum):
    """The codes that programs here use by name."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    COMPARE_FALSE = 5
    COMPARE_TRUE = 6
    AUTH_METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    REFERRAL = 10
    ADMIN_LIMIT_EXCEEDED = 11
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    CONFIDENTIALITY_REQUIRED = 13
    NO_SUCH_ATTRIBUTE = 16
    UNDEFINED_ATTRIBUTE_TYPE = 17
    INAPPROPRIATE_MATCHING = 18
    CONSTRAINT_VIOLATION = 19
    INVALID_ATTRIBUTE_SYNTAX = 21
    NO_SUCH_OBJECT = 32
    INVALID_DN_SYNTAX = 34
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS_RIGHTS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53
    OTHER = 80
    CANCELED = 118
    SYNC_REFRESH_REQUIRED = 4096


def result_name(code: int) -> str:
    """A code for people: its number, and its name where it has one."""
    fact = RESULTS.get(code)
    return f"{code} {fact.name}" if fact else str(code)
