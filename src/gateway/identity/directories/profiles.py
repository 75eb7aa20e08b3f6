"""What differs between the directories of one make and another: a row each, with where it is written.

A profile says by what a person is known for good, what to read beside the configured attributes, how a refused bind
names its reason, and how changes are found between complete reads.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.identity.directories.port import Verdict
from library_protocols.ldap.facts.oids import DOMAIN_SCOPE
from library_protocols.ldap.facts.results import ResultCode
from library_protocols.ldap.messages import Control

Delta = Literal["none", "dirsync", "modify-timestamp", "syncrepl"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One make of directory. Attribute names are as documented; they are compared without case.

    `key` is the attribute that never changes and is never given to somebody else. `lock` is the attribute that says
    that an account is locked where the refusal of a bind may not, '' where it always does. `shown` is what people see
    of an entry in tests of the connection.
    `changed` is the attribute that can be compared in a filter to find what has changed. `guids` are attributes whose
    sixteen octets are a GUID, in lower case. `controls` go with every search. `refusals` are result codes of a bind
    that mean something here alone, `sub_codes` the reasons inside a diagnostic message, `phrases` parts of such a
    message, in lower case, that tell apart what has the same code.
    """

    name: str
    key: str
    shown: tuple[str, ...]
    changed: str
    deltas: frozenset[Delta]
    lock: str = ""
    guids: frozenset[str] = frozenset()
    controls: tuple[Control, ...] = ()
    refusals: Mapping[int, Verdict] = field(default_factory=dict)
    sub_codes: Mapping[str, Verdict] = field(default_factory=dict)
    phrases: Mapping[str, Verdict] = field(default_factory=dict)


_PERSON = ("uid", "displayName", "cn", "mail", "employeeNumber", "eduPersonPrincipalName", "eduPersonAffiliation")

PROFILES = {
    one.name: one
    for one in (
        Profile(
            name="active-directory",
            key="objectGUID",  # MS-ADA3 2.44: set once, sixteen octets
            shown=(
                "sAMAccountName",
                "userPrincipalName",
                "displayName",
                "cn",
                "mail",
                "employeeID",
                "employeeNumber",
                "userAccountControl",
                "accountExpires",
                "lockoutTime",
            ),
            changed="whenChanged",  # modifyTimestamp is made up on reading (MS-ADTS 3.1.1.4.5): no filter finds it
            deltas=frozenset({"none", "dirsync", "modify-timestamp"}),
            # Without it the root of a domain refers to partitions in which nobody is (MS-ADTS 3.1.1.3.4.1.4).
            controls=(Control(DOMAIN_SCOPE),),
            guids=frozenset({"objectguid", "msexchmailboxguid", "invocationid"}),
            sub_codes={
                "525": Verdict.UNKNOWN,
                "52e": Verdict.WRONG,
                "52f": Verdict.NOT_NOW,
                "530": Verdict.NOT_NOW,
                "531": Verdict.NOT_NOW,
                "532": Verdict.EXPIRED_PASSWORD,
                "533": Verdict.DISABLED,
                "701": Verdict.EXPIRED,
                "773": Verdict.EXPIRED_PASSWORD,
                "775": Verdict.LOCKED,
            },
        ),
        Profile(
            name="openldap",
            key="entryUUID",  # RFC 4530
            shown=_PERSON,
            changed="modifyTimestamp",
            deltas=frozenset({"none", "modify-timestamp", "syncrepl"}),
            lock="pwdAccountLockedTime",  # slapo-ppolicy(5): without ppolicy_use_lockout nobody is told
        ),
        Profile(
            name="389-ds",
            key="nsUniqueId",
            shown=(*_PERSON, "nsAccountLock"),
            changed="modifyTimestamp",
            deltas=frozenset({"none", "modify-timestamp"}),
            # "Exceed password retry limit" and "Account inactivated", as ldap/servers/slapd/pw.c sends them.
            refusals={
                ResultCode.CONSTRAINT_VIOLATION: Verdict.LOCKED,
                ResultCode.UNWILLING_TO_PERFORM: Verdict.DISABLED,
            },
            # FreeIPA's own, all with 53 (daemons/ipa-slapi-plugins/ipa-lockout, ipa-pwd-extop).
            phrases={"too many failed logins": Verdict.LOCKED, "(kerberos principal) is expired": Verdict.EXPIRED},
        ),
    )
}


def text_of(profile: Profile, attribute: str, value: bytes) -> str:
    """A value as text: a GUID in its usual form, UTF-8 as it is, anything else in hexadecimal.

    Active Directory keeps the first three parts of a GUID with the lowest octet first (MS-DTYP 2.3.4)."""
    if attribute.lower() in profile.guids and len(value) == 16:
        return str(uuid.UUID(bytes_le=value))
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
