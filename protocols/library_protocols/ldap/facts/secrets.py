"""Attributes whose values show how somebody proves who they are: covered wherever octets are kept or shown."""

from __future__ import annotations

from dataclasses import dataclass

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class SecretFact:
    """One attribute: its name in lower case, what it holds, where it is defined."""

    name: str
    meaning: str
    clause: str


_ROWS = """
userpassword | password, hashed or not | RFC 4519 2.41
authpassword | hashed password | RFC 3112
unicodepwd | new password (Active Directory) | MS-ADTS 3.1.1.3.1.5
dbcspwd | hashed password, old form (Active Directory) | MS-ADA1
ntpwdhistory | earlier passwords (Active Directory) | MS-ADA3
lmpwdhistory | earlier passwords, old form (Active Directory) | MS-ADA1
supplementalcredentials | keys (Active Directory) | MS-ADA3
ms-mcs-admpwd | a computer's password (Active Directory) | LAPS
mslaps-password | a computer's password (Active Directory) | LAPS
msds-managedpassword | a service's password (Active Directory) | MS-ADA2
sambantpassword | hashed password (Samba) | Samba schema
sambalmpassword | hashed password, old form (Samba) | Samba schema
krbprincipalkey | keys (Kerberos in LDAP) | MIT Kerberos schema
krb5key | keys (Heimdal in LDAP) | Heimdal schema
pwdhistory | earlier passwords | draft-behera-ldap-password-policy 5.3
passwordhistory | earlier passwords (389 Directory Server) | 389 schema
"""

SECRET_ATTRIBUTES = {name: SecretFact(name, meaning, clause) for name, meaning, clause in rows(_ROWS, 3)}
"""Name in lower case -> fact."""
