"""Languages: BCP 47 tags of the canonical model, SIP2's three digits and the letters of ISO 639-2, both directions.

SIP2 has no code for Welsh; a terminal's profile names the one its maker chose, and is asked first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from library_protocols.sip2.facts import TABLES

UNKNOWN = "000"
_BY_CODE = {row.code: row.name for row in TABLES["language"].rows if row.code != UNKNOWN}
_BY_LANGUAGE = {name.lower(): code for code, name in _BY_CODE.items()}

ISO_639_2: Mapping[str, str] = {
    "ara": "ar", "ben": "bn", "bul": "bg", "ces": "cs", "chi": "zh", "cym": "cy", "cze": "cs", "dan": "da", "deu": "de",
    "dut": "nl", "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "ger": "de",
    "gla": "gd", "gle": "ga", "gre": "el", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ita": "it", "jpn": "ja",
    "kor": "ko", "lav": "lv", "lit": "lt", "nld": "nl", "nor": "no", "pan": "pa", "per": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "swe": "sv", "tha": "th",
    "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "wel": "cy", "zho": "zh",
}  # fmt: skip
"""ISO 639-2 (both lists) → ISO 639-1."""
_TERMINOLOGICAL = frozenset({"ces", "cym", "deu", "ell", "fas", "fra", "nld", "ron", "slk", "zho"})
_BIBLIOGRAPHIC = {tag: code for code, tag in ISO_639_2.items() if code not in _TERMINOLOGICAL}


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


def tag_of(code: str) -> str | None:
    """The tag of two letters that a code of ISO 639-1 or 639-2 means; None for anything else."""
    folded = code.strip().casefold()
    return folded if re.fullmatch(r"[a-z]{2}", folded) else ISO_639_2.get(folded)


def iso_639_2(language: str | None) -> str | None:
    """The bibliographic code of a BCP 47 tag, which libraries use; None where there is none."""
    return _BIBLIOGRAPHIC.get((language or "").lower().partition("-")[0])
