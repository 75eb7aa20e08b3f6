"""Languages: BCP 47 tags of the canonical model and SIP2's three digits, both directions.

SIP2 has no code for Welsh; a terminal's profile names the one its maker chose, and is asked first.
"""

from __future__ import annotations

from collections.abc import Mapping

from library_protocols.sip2.facts import TABLES

UNKNOWN = "000"
_BY_CODE = {row.code: row.name for row in TABLES["language"].rows if row.code != UNKNOWN}
_BY_LANGUAGE = {name.lower(): code for code, name in _BY_CODE.items()}


def sip2_code(language: str | None, own: Mapping[str, str]) -> str | None:
    """SIP2's code of a BCP 47 tag; `own` maps tags to the codes of this terminal. None where there is none."""
    if not language:
        return None
    tag = language.lower()
    primary = tag.partition("-")[0]
    for candidate in (tag, primary):
        code = own.get(candidate) or _BY_LANGUAGE.get(candidate)
        if code:
            return code
    return None


def language_of(code: str, own: Mapping[str, str]) -> str | None:
    """The BCP 47 tag of a SIP2 code; None for `000` and what no table has."""
    for language, own_code in own.items():
        if own_code == code:
            return language
    return _BY_CODE.get(code)
