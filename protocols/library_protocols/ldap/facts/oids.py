"""What LDAP names by OID: controls, extended operations, notifications, features.

Names are those that documents and tools use; clauses say which document has the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class OidFact:
    """One object. `kind` is control, extended operation, notification, intermediate response, feature, capability
    or matching rule."""

    oid: str
    kind: str
    name: str
    meaning: str
    clause: str


_ROWS = """
control | 1.2.840.113556.1.4.319 | pagedResults | a search's answer in pages, each with a cookie for the next | RFC 2696
control | 1.2.840.113556.1.4.473 | serverSideSortRequest | entries in order | RFC 2891 1.1
control | 1.2.840.113556.1.4.474 | serverSideSortResponse | whether they are in order | RFC 2891 1.2
control | 1.2.826.0.1.3344810.2.3 | matchedValues | of each attribute only the values that match | RFC 3876
control | 1.3.6.1.1.12 | assertion | only if a filter holds | RFC 4528
control | 1.3.6.1.1.13.1 | preRead | the entry as it was | RFC 4527 3.1
control | 1.3.6.1.1.13.2 | postRead | the entry as it is now | RFC 4527 3.2
control | 1.3.6.1.1.22 | dontUseCopy | no copy of the entry | RFC 6171
control | 1.3.6.1.4.1.4203.1.9.1.1 | syncRequest | content synchronization | RFC 4533 2.2
control | 1.3.6.1.4.1.4203.1.9.1.2 | syncState | what became of an entry | RFC 4533 2.3
control | 1.3.6.1.4.1.4203.1.9.1.3 | syncDone | the end of a synchronization | RFC 4533 2.4
control | 1.3.6.1.4.1.4203.1.10.1 | subentries | subentries only | RFC 3672 3
control | 1.3.6.1.4.1.42.2.27.8.5.1 | passwordPolicy | what is said of a bind | draft-behera-ldap-password-policy 6
control | 2.16.840.1.113730.3.4.2 | manageDsaIt | referrals as entries | RFC 3296
control | 2.16.840.1.113730.3.4.3 | persistentSearch | tells changes as they happen | draft-ietf-ldapext-psearch
control | 2.16.840.1.113730.3.4.4 | passwordExpired | the password has expired (Netscape) | draft-vchu-ldap-pwd-policy
control | 2.16.840.1.113730.3.4.5 | passwordExpiring | the password will expire (Netscape) | draft-vchu-ldap-pwd-policy
control | 2.16.840.1.113730.3.4.7 | entryChangeNotification | what has changed | draft-ietf-ldapext-psearch
control | 2.16.840.1.113730.3.4.9 | virtualListViewRequest | a window of a list | draft-ietf-ldapext-ldapv3-vlv
control | 2.16.840.1.113730.3.4.10 | virtualListViewResponse | where the window is | draft-ietf-ldapext-ldapv3-vlv
control | 2.16.840.1.113730.3.4.15 | authorizationIdentityResponse | who one is bound as | RFC 3829
control | 2.16.840.1.113730.3.4.16 | authorizationIdentityRequest | asks who one is bound as | RFC 3829
control | 2.16.840.1.113730.3.4.18 | proxiedAuthorization | the request is done as somebody else | RFC 4370
extended operation | 1.3.6.1.4.1.1466.20037 | startTLS | go on encrypted | RFC 4511 4.14
extended operation | 1.3.6.1.4.1.4203.1.11.1 | passwordModify | a new password | RFC 3062
extended operation | 1.3.6.1.4.1.4203.1.11.3 | whoAmI | who one is bound as | RFC 4532
extended operation | 1.3.6.1.1.8 | cancel | stops an operation, with an answer | RFC 3909
extended operation | 1.3.6.1.4.1.1466.101.119.1 | dynamicRefresh | the entry lives on | RFC 2589
notification | 1.3.6.1.4.1.1466.20036 | noticeOfDisconnection | the server closes the connection | RFC 4511 4.4.1
intermediate response | 1.3.6.1.4.1.4203.1.9.1.4 | syncInfo | how far a synchronization is | RFC 4533 2.5
feature | 1.3.6.1.4.1.4203.1.5.1 | allOperationalAttributes | `+` asks for operational attributes | RFC 3673
feature | 1.3.6.1.4.1.4203.1.5.2 | objectClassAttributes | `@class` asks for a class's attributes | RFC 4529
feature | 1.3.6.1.4.1.4203.1.5.3 | trueFalseFilters | filters that are always true or never | RFC 4526
feature | 1.3.6.1.4.1.4203.1.5.4 | languageTags | language tags as attribute options | RFC 3866
feature | 1.3.6.1.4.1.4203.1.5.5 | languageRanges | language ranges in what is asked for | RFC 3866
feature | 1.3.6.1.1.14 | modifyIncrement | modifications that add a number | RFC 4525
matching rule | 2.5.13.0 | objectIdentifierMatch | OIDs are the same | RFC 4517 4.2.26
matching rule | 2.5.13.1 | distinguishedNameMatch | names are the same | RFC 4517 4.2.15
matching rule | 2.5.13.2 | caseIgnoreMatch | the same but for case and blanks | RFC 4517 4.2.11
matching rule | 2.5.13.3 | caseIgnoreOrderingMatch | order without case | RFC 4517 4.2.12
matching rule | 2.5.13.4 | caseIgnoreSubstringsMatch | substrings without case | RFC 4517 4.2.13
matching rule | 2.5.13.5 | caseExactMatch | the same but for blanks | RFC 4517 4.2.4
matching rule | 2.5.13.14 | integerMatch | the same number | RFC 4517 4.2.19
matching rule | 2.5.13.17 | octetStringMatch | the same octets | RFC 4517 4.2.27
matching rule | 2.5.13.27 | generalizedTimeMatch | the same time | RFC 4517 4.2.16
matching rule | 2.5.13.28 | generalizedTimeOrderingMatch | order of times | RFC 4517 4.2.17
matching rule | 1.3.6.1.4.1.1466.109.114.2 | caseIgnoreIA5Match | the same but for case, ASCII | RFC 4517 4.2.7
"""
_ACTIVE_DIRECTORY = """
control | 1.2.840.113556.1.4.417 | showDeleted | deleted objects too
control | 1.2.840.113556.1.4.528 | notification | tells changes as they happen
control | 1.2.840.113556.1.4.529 | extendedDn | names with GUID and SID in them
control | 1.2.840.113556.1.4.802 | rangeOption | attributes with many values in parts
control | 1.2.840.113556.1.4.801 | sdFlags | which parts of a security descriptor
control | 1.2.840.113556.1.4.841 | dirSync | what has changed since a cookie
control | 1.2.840.113556.1.4.1338 | verifyName | which global catalogue to ask
control | 1.2.840.113556.1.4.1339 | domainScope | no referrals
control | 1.2.840.113556.1.4.1340 | searchOptions | how a search is done
control | 1.2.840.113556.1.4.1413 | permissiveModify | no error for what is so already
control | 1.2.840.113556.1.4.1948 | rangeRetrievalNoErr | no error for a range beyond the last value
control | 1.2.840.113556.1.4.2064 | showRecycled | recycled objects too
extended operation | 1.2.840.113556.1.4.1781 | fastBind | binds without rights
capability | 1.2.840.113556.1.4.800 | activeDirectory | the server is Active Directory
capability | 1.2.840.113556.1.4.1670 | activeDirectoryV51 | of Windows Server 2003 or later
capability | 1.2.840.113556.1.4.1791 | activeDirectoryLdapIntegration | signing and sealing over TLS
capability | 1.2.840.113556.1.4.1935 | activeDirectoryV60 | of Windows Server 2008 or later
matching rule | 1.2.840.113556.1.4.803 | bitAnd | all bits of the value are set
matching rule | 1.2.840.113556.1.4.804 | bitOr | one of the bits is set
matching rule | 1.2.840.113556.1.4.1941 | inChain | through groups in groups
"""

_CLAUSES = {
    "control": "MS-ADTS 3.1.1.3.4.1",
    "extended operation": "MS-ADTS 3.1.1.3.4.2",
    "capability": "MS-ADTS 3.1.1.3.4.3",
    "matching rule": "MS-ADTS 3.1.1.3.4.4",
}
"""Kind of what is Active Directory's own -> where all of that kind are described."""


def _facts() -> Iterator[OidFact]:
    for kind, oid, name, meaning, clause in rows(_ROWS, 5):
        yield OidFact(oid, kind, name, meaning, clause)
    for kind, oid, name, meaning in rows(_ACTIVE_DIRECTORY, 4):
        yield OidFact(oid, kind, name, f"{meaning} (Active Directory)", _CLAUSES[kind])


OIDS = {fact.oid: fact for fact in _facts()}
"""OID -> fact."""
OIDS_BY_NAME = {fact.name.lower(): fact for fact in OIDS.values()}
"""Name in lower case -> fact; names are unique."""


def oid_name(oid: str) -> str:
    """An OID for people: its name where it has one."""
    fact = OIDS.get(oid)
    return fact.name if fact else oid


PAGED_RESULTS = OIDS_BY_NAME["pagedresults"].oid
SHOW_DELETED = OIDS_BY_NAME["showdeleted"].oid
SORT_REQUEST = OIDS_BY_NAME["serversidesortrequest"].oid
EXTENDED_DN = OIDS_BY_NAME["extendeddn"].oid
DIR_SYNC = OIDS_BY_NAME["dirsync"].oid
SD_FLAGS = OIDS_BY_NAME["sdflags"].oid
DOMAIN_SCOPE = OIDS_BY_NAME["domainscope"].oid
SYNC_REQUEST = OIDS_BY_NAME["syncrequest"].oid
SYNC_STATE = OIDS_BY_NAME["syncstate"].oid
SYNC_DONE = OIDS_BY_NAME["syncdone"].oid
SYNC_INFO = OIDS_BY_NAME["syncinfo"].oid
PASSWORD_POLICY = OIDS_BY_NAME["passwordpolicy"].oid
MANAGE_DSA_IT = OIDS_BY_NAME["managedsait"].oid
START_TLS = OIDS_BY_NAME["starttls"].oid
PASSWORD_MODIFY = OIDS_BY_NAME["passwordmodify"].oid
WHO_AM_I = OIDS_BY_NAME["whoami"].oid
CANCEL = OIDS_BY_NAME["cancel"].oid
NOTICE_OF_DISCONNECTION = OIDS_BY_NAME["noticeofdisconnection"].oid
ALL_OPERATIONAL_ATTRIBUTES = OIDS_BY_NAME["alloperationalattributes"].oid
TRUE_FALSE_FILTERS = OIDS_BY_NAME["truefalsefilters"].oid
BIT_AND, BIT_OR = OIDS_BY_NAME["bitand"].oid, OIDS_BY_NAME["bitor"].oid
IN_CHAIN = OIDS_BY_NAME["inchain"].oid
