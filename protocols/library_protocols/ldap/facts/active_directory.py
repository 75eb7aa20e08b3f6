"""What Active Directory says with a failed bind: a Windows error in hexadecimal, inside the diagnostic message.

`80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563`: behind `data` stands the
reason. Most are told only to those who gave the right password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class BindReason:
    """One reason: its number as it stands in the message, Windows' name for it, what it means, the clause."""

    code: str
    name: str
    meaning: str
    clause: str


_ROWS = """
525 | ERROR_NO_SUCH_USER | there is no such account | 1317
52e | ERROR_LOGON_FAILURE | the password is wrong, or the account does not exist | 1326
52f | ERROR_ACCOUNT_RESTRICTION | the account is restricted, such as to other computers, or its password is empty | 1327
530 | ERROR_INVALID_LOGON_HOURS | not at this hour | 1328
531 | ERROR_INVALID_WORKSTATION | not from this computer | 1329
532 | ERROR_PASSWORD_EXPIRED | the password has expired | 1330
533 | ERROR_ACCOUNT_DISABLED | the account is disabled | 1331
568 | ERROR_TOO_MANY_CONTEXT_IDS | the account is in too many groups | 1384
701 | ERROR_ACCOUNT_EXPIRED | the account has expired | 1793
773 | ERROR_PASSWORD_MUST_CHANGE | the password must be changed before the first use | 1907
775 | ERROR_ACCOUNT_LOCKED_OUT | the account is locked: too many wrong passwords | 1909
"""

BIND_REASONS = {
    code: BindReason(code, name, meaning, f"MS-ERREF 2.2 ({error})") for code, name, meaning, error in rows(_ROWS, 4)
}
"""Number in lower case -> reason."""

_DATA = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]+)\b", re.IGNORECASE)


def bind_reason(diagnostic: str) -> str:
    """The number in a diagnostic message, in lower case, known or not; empty where there is none."""
    match = _DATA.search(diagnostic)
    return match[1].lower() if match else ""
