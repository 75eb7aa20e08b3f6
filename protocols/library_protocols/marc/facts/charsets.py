"""Names of character sets as records claim them, and as this package reports them."""

from __future__ import annotations

UTF_8, MARC_8, ISO_5426, ASCII = "utf-8", "marc-8", "iso-5426", "ascii"
"""Character sets in which MARC is written; CP1252 and CP1251 are only ever guessed."""
CP1252, CP1251 = "cp1252", "cp1251"

LEADER_09: dict[str, str] = {" ": MARC_8, "a": UTF_8}
"""MARC 21 leader/09. Other values are seen and claim nothing."""

UNIMARC_26_27: dict[str, str] = {
    "01": ASCII,
    "02": "iso-ir-37",
    "03": ISO_5426,
    "04": "iso-5427",
    "05": "iso-5428",
    "06": "iso-6438",
    "10": "iso-10586",
    "11": "iso-8957",
    "50": UTF_8,
}
"""UNIMARC 100$a/26-27 (and 28-29 for G1)."""

MARC8_SETS: dict[int, str] = {
    0x42: "Basic Latin (ASCII)",
    0x45: "Extended Latin (ANSEL)",
    0x4E: "Basic Cyrillic",
    0x51: "Extended Cyrillic",
    0x53: "Basic Greek",
    0x32: "Basic Hebrew",
    0x33: "Basic Arabic",
    0x34: "Extended Arabic",
    0x31: "East Asian (EACC)",
    0x67: "Greek symbols",
    0x62: "Subscripts",
    0x70: "Superscripts",
}
"""MARC 21 character sets by the final character of the escape sequence that designates them."""
