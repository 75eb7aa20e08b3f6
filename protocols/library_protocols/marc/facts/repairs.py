"""What may be wrong with a record that can still be read, or that must shrink to be written.

`loses` says whether anything of the record's text is gone; the original is for its owner to keep. Clauses: `S` is
the MARC 21 record structure specification, `C` its character set specification, `X` the MARC21slim schema.
"""

from __future__ import annotations

from typing import NamedTuple


class RepairFact(NamedTuple):
    """One kind of repair: `code` in reports, what is found, what is done about it, and whether text is lost."""

    code: str
    found: str
    done: str
    clause: str
    loses: bool = False


_ROWS = (
    # The structure of ISO 2709
    RepairFact("filler", "line ends, blanks or NUL before the record", "skipped", "S record structure"),
    RepairFact("terminator", "no record terminator at the end", "read as if it were there", "S record terminator"),
    RepairFact("record-length", "leader/00-04 is not the record's length", "computed anew", "S leader 00-04"),
    RepairFact(
        "base-address",
        "leader/12-16 is not where the data begin",
        "the first field terminator ends the directory",
        "S leader 12-16",
    ),
    RepairFact(
        "directory-order", "fields do not stand in the directory's order", "put in the directory's order", "S directory"
    ),
    RepairFact(
        "directory-lengths",
        "lengths or positions in the directory are wrong",
        "fields are cut at their terminators",
        "S directory",
    ),
    RepairFact(
        "lengths-in-characters",
        "lengths count characters where they should count bytes",
        "fields are cut at their terminators",
        "S directory",
    ),
    RepairFact(
        "directory-entry",
        "a directory entry is not 12 characters or points nowhere",
        "left out",
        "S directory",
        loses=True,
    ),
    RepairFact("control-order", "a control field stands after data fields", "control fields come first", "X record"),
    RepairFact(
        "directory-missing",
        "no directory: each field has its tag in front",
        "the tags in front are taken",
        "S directory",
    ),
    RepairFact(
        "stray-terminator", "a field terminator stands inside a field", "taken as a blank", "S field terminator"
    ),
    # Leader, tags, indicators, subfields
    RepairFact(
        "leader",
        "the leader has other than 24 characters or characters that are not allowed",
        "padded, cut, or the character replaced by what the standard has for unknown",
        "S leader; X leader",
    ),
    RepairFact(
        "tag",
        "a tag is not three letters or digits, or missing",
        "the field is left out",
        "S directory; X tag",
        loses=True,
    ),
    RepairFact(
        "indicator",
        "an indicator is not a digit, small letter or blank, or one is missing",
        "a small letter for a capital, else a blank",
        "S indicators; X indicator",
    ),
    RepairFact(
        "subfield-code",
        "a subfield's code is missing or no ASCII graphic",
        "written as ?, or dropped where it has no text",
        "S subfield code; X subfield code",
    ),
    RepairFact(
        "no-subfield",
        "a data field has text before its first subfield, or no subfield",
        "the text becomes a subfield a",
        "S variable data fields",
    ),
    RepairFact("empty-field", "a data field without any text or subfield", "left out", "X datafield"),
    # Characters
    RepairFact(
        "encoding-claim",
        "leader/09 or UNIMARC 100$a claims another character set than the bytes are in",
        "decoded as what they are; the claim is corrected in writing",
        "S leader 09",
    ),
    RepairFact(
        "encoding-guess",
        "the bytes are in no character set that MARC allows",
        "decoded as the likeliest 8-bit character set",
        "C",
    ),
    RepairFact(
        "encoding-mixed", "fields of one record are in different character sets", "each is decoded by itself", "C"
    ),
    RepairFact(
        "bad-bytes", "bytes that are no character of the record's character set", "shown as U+FFFD", "C", loses=True
    ),
    RepairFact("control-character", "a character that XML does not allow", "left out", "X", loses=True),
    RepairFact(
        "xml-reference",
        "an ampersand in XML that begins no reference",
        "taken as an ampersand",
        "XML 1.0 §4.1",
    ),
    RepairFact(
        "xml-order", "elements of a record that are none of MARCXML's, or stand where none may", "passed over", "X"
    ),
    # Writing ISO 2709
    RepairFact(
        "field-too-long",
        "a field is longer than 9,999 bytes in ISO 2709",
        "its text is cut at a character, whole subfields first",
        "S directory",
        loses=True,
    ),
    RepairFact(
        "record-too-long",
        "the record is longer than 99,999 bytes in ISO 2709",
        "fields are left out: local ones first, then holdings, then from the end",
        "S leader 00-04",
        loses=True,
    ),
    RepairFact(
        "character-reference",
        "a character that the character set asked for does not have",
        "written as a numeric character reference &#xHHHH;, which reading turns back",
        "C lossless conversion",
    ),
)

REPAIRS: dict[str, RepairFact] = {row.code: row for row in _ROWS}
"""By code."""
