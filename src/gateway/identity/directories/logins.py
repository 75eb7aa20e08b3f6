"""How a login that somebody typed becomes a filter, a DN or a user principal name. Nothing in it is taken for more than
a value: what means something to the directory is escaped, and what cannot be a login is nobody's."""

from __future__ import annotations

from gateway.config.identity import DirectoryConfig
from library_protocols.ldap.dn import escape_dn_value, parse_dn
from library_protocols.ldap.errors import FilterError
from library_protocols.ldap.filters import escape_filter_value, parse_filter

_PLACE = "{login}"
# A name in front of `\\` or behind `@` would choose another domain (MS-ADTS 5.1.1.1.1); the others are no account's
# characters there at all.
_NOT_IN_UPN = frozenset('@\\/"[]:;|=,+*?<>')


def checked(config: DirectoryConfig) -> None:
    """Raises FilterError or DnError where what is configured is no filter or no name."""
    if not config.login_filter.startswith("("):
        raise FilterError("a filter stands in parentheses", 0)
    parse_filter(filter_of(config.login_filter, "x"))
    parse_dn(config.base)
    parse_dn(dn_of(config.bind_template, "x"))


def filter_of(template: str, login: str) -> str:
    return template.replace(_PLACE, escape_filter_value(login))


def dn_of(template: str, login: str) -> str:
    return template.replace(_PLACE, escape_dn_value(login))


def upn_of(login: str, suffix: str) -> str | None:
    """LOGIN@suffix; None where the login can be no account's."""
    if any(character in _NOT_IN_UPN or not character.isprintable() or character.isspace() for character in login):
        return None
    return f"{login}@{suffix.removeprefix('@')}"
