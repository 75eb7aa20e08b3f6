"""MARC 21 bibliographic to a `Description`, after the published MARC to MODS and MARC to Dublin Core crosswalks.

One row a tag says what the field is; a field 880 is taken as the field that its $6 names, in its script. Local fields
(9XX, 59X) and fields that only staff need are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gateway.catalogue.forms.model import (
    Description,
    Identifier,
    Name,
    Note,
    Publication,
    Related,
    Script,
    Subject,
    Title,
)
from gateway.catalogue.forms.text import OCLC_NUMBER, each, joined, non_sorting, trim
from library_protocols.marc import DataField, Record
from library_protocols.marc.facts import FIELD_008, at

Rule = Callable[[Description, DataField, Script | None], None]

# MARC 21, Appendix A, linkage: script identification codes to ISO 15924.
_SCRIPTS = {"(3": "Arab", "(B": "Latn", "$1": "Hani", "(N": "Cyrl", "(S": "Grek", "(2": "Hebr"}
_SIX = re.compile(r"(\d{3})-(\d\d)(?:/([^/]+))?")
_AUTHORITIES = {"0": "lcsh", "1": "lcshac", "2": "mesh", "3": "nal", "5": "cash", "6": "rvm"}
_SUBDIVISIONS = {"v": "genre", "x": "topic", "y": "temporal", "z": "geographic"}
_ISBN = re.compile(r"[0-9][0-9 -]{8,15}[0-9Xx]")


def describe(record: Record) -> Description:
    """What a MARC 21 record says."""
    found = Description(kind=record.leader[6], level=record.leader[7], control_number=record.control_number)
    found.control_source, found.agency_scheme = record.text("003").strip(), "marcorg"
    found.changed = record.text("005").strip()
    fixed = record.text("008")
    found.entered = at(fixed, FIELD_008["entered"])
    found.date_type = at(fixed, FIELD_008["date_type"])
    found.date1, found.date2 = at(fixed, FIELD_008["date1"]), at(fixed, FIELD_008["date2"])
    country = at(fixed, FIELD_008["place"]).strip()
    found.country = country if len(country) in (2, 3) and country.isalpha() else ""
    found.audience = at(fixed, FIELD_008["audience"]) if found.kind not in "efp" else ""
    _language(found, at(fixed, FIELD_008["language"]))
    if record.leader[18] == "a":
        found.conventions = ("aacr2",)
    for tag, field, script in _with_other_scripts(record):
        if rule := RULES.get(tag):
            rule(found, field, script)
    return found


def _with_other_scripts(record: Record) -> Iterator[tuple[str, DataField, Script | None]]:
    for field in record.data:
        if field.tag != "880":
            link = _SIX.match(field.first("6")) if field.subfields[0][0] == "6" else None
            yield field.tag, field, Script("", link.group(2)) if link and link.group(2) != "00" else None
        elif match := _SIX.match(field.first("6")):
            yield match.group(1), field, Script(_SCRIPTS.get(match.group(3) or "", ""), match.group(2))


def _language(found: Description, code: str) -> None:
    code = code.lower()
    if len(code) == 3 and code.isalpha() and code not in ("und", "zxx") and code not in found.languages:
        found.languages.append(code)


# Rules: each makes a function that reads one field.


def _title(kind: str, main: str, rest: str = "", skip: int = 0) -> Rule:
    """`skip` is which indicator counts the characters that do not sort (0: none)."""

    def rule(found: Description, field: DataField, script: Script | None) -> None:
        count = field.indicators[skip - 1] if skip else "0"
        article, text = non_sorting(joined(field, main), count)
        if text:
            part, number = joined(field, "p", ". "), joined(field, "n", ". ")
            found.titles.append(Title(kind, text, joined(field, rest), article, number, part, script))
        if field.tag in ("245", "880") and kind == "" and (statement := joined(field, "c")):
            found.notes.append(Note("statement of responsibility", statement, script))

    return rule


def name_of(field: DataField, kind: str, primary: bool = False, script: Script | None = None) -> Name:
    """The name of a field X00, X10 or X11. Ends of relator terms and dates lose their comma and full stop."""
    if kind == "personal":
        if field.indicators[0] == "3":
            kind = "family"
        text = " ".join(filter(None, (joined(field, "a"), joined(field, "b"))))
        units: tuple[str, ...] = ()
        terms, dates, relators = joined(field, "cq"), joined(field, "d"), "e"
    elif kind == "corporate":
        text, units = joined(field, "a"), tuple(each(field, "b"))
        terms, dates, relators = "", joined(field, "ndc"), "e"
    else:
        text, units = joined(field, "aq"), tuple(each(field, "e"))
        terms, dates, relators = "", joined(field, "ndc"), "j"
    roles = tuple(role[-3:] if "/" in role else role for role in each(field, "4")) or tuple(each(field, relators))
    return Name(kind, text, units, terms, dates, roles, primary, script)


def _name(kind: str, primary: bool = False) -> Rule:
    def rule(found: Description, field: DataField, script: Script | None) -> None:
        title = joined(field, "tklmnoprs") if field.first("t") else ""
        name = name_of(field, kind, primary, script)
        if title and not primary:
            found.related.append(Related("constituent" if field.indicators[1] == "2" else "", title, name.line()))
        elif name.text:
            found.names.append(name)

    return rule


def _plain_name(found: Description, field: DataField, script: Script | None) -> None:
    if text := joined(field, "a"):
        found.names.append(Name("", text, roles=tuple(each(field, "4") or each(field, "e")), script=script))


def _subject(kind: str, main: str) -> Rule:
    def rule(found: Description, field: DataField, script: Script | None) -> None:
        authority = field.first("2") if field.indicators[1] == "7" else _AUTHORITIES.get(field.indicators[1], "")
        parts: list[tuple[str, str]] = []
        name = None
        if kind in ("personal", "corporate", "conference"):
            name = name_of(field, kind, script=script)
            if title := joined(field, "tfklmnoprs") if field.first("t") else "":
                parts.append(("title", title))
        elif text := joined(field, main):
            parts.append((kind, text))
        parts += [
            (_SUBDIVISIONS[code], text) for code, raw in field.subfields if code in "vxyz" and (text := trim(raw))
        ]
        if parts or (name and name.text):
            found.subjects.append(Subject(authority, tuple(parts), name, script))

    return rule


def _uncontrolled(found: Description, field: DataField, script: Script | None) -> None:
    kinds = {"4": "temporal", "5": "geographic", "6": "genre"}
    for text in each(field, "a"):
        found.subjects.append(Subject("", ((kinds.get(field.indicators[1], "topic"), text),), None, script))


def _genre(found: Description, field: DataField, _script: Script | None) -> None:
    authority = field.first("2") if field.indicators[1] == "7" else _AUTHORITIES.get(field.indicators[1], "")
    if text := joined(field, "avxyz", "--"):
        found.genres.append((authority, text))


def _note(kind: str, codes: str = "a") -> Rule:
    def rule(found: Description, field: DataField, script: Script | None) -> None:
        if text := joined(field, codes):
            found.notes.append(Note(kind, text, script))

    return rule


def _into(name: str, codes: str) -> Rule:
    """Text to a list of texts of the description."""

    def rule(found: Description, field: DataField, _script: Script | None) -> None:
        if text := joined(field, codes):
            getattr(found, name).append(text)

    return rule


def _text_note(name: str, codes: str) -> Rule:
    def rule(found: Description, field: DataField, script: Script | None) -> None:
        if text := joined(field, codes):
            getattr(found, name).append(Note("", text, script))

    return rule


_IMPRINTS = {"0": "production", "1": "publication", "2": "distribution", "3": "manufacture", "4": "copyright"}


def _imprint(found: Description, field: DataField, script: Script | None) -> None:
    # An 880 for 264 is told from one for 260 by its second indicator, which 260 does not define.
    kind = _IMPRINTS.get(field.indicators[1], "publication")
    date = joined(field, "cg")
    publication = Publication(kind, tuple(each(field, "a")), tuple(each(field, "b")), date, script)
    if publication.places or publication.agents or date:
        found.publications.append(publication)


def _edition(found: Description, field: DataField, script: Script | None) -> None:
    found.edition = found.edition or joined(field, "ab")


def _frequency(found: Description, field: DataField, script: Script | None) -> None:
    found.frequency = found.frequency or joined(field, "ab")


def _languages(found: Description, field: DataField, _script: Script | None) -> None:
    if field.indicators[1] == "7":
        return
    for text in field.all("ad"):
        for start in range(0, len(text), 3):  # several codes in one subfield, as was done once
            _language(found, text[start : start + 3])


def _extent(found: Description, field: DataField, _script: Script | None) -> None:
    if text := joined(field, "abcefg"):
        found.extents.append(text)


def _carrier(found: Description, field: DataField, _script: Script | None) -> None:
    for text in each(field, "a"):
        found.forms.append((field.first("2"), text))


def _class(authority: str, codes: str) -> Rule:
    def rule(found: Description, field: DataField, _script: Script | None) -> None:
        source = authority or field.first("2")
        edition = field.first("2") if authority == "ddc" else ""
        if text := joined(field, codes):
            found.classes.append((source, text, edition))

    return rule


def _government(found: Description, field: DataField, _script: Script | None) -> None:
    source = {"0": "sudocs", "1": "candocs"}.get(field.indicators[0], field.first("2"))
    if text := joined(field, "a"):
        found.classes.append((source, text, ""))


def _identifier(kind: str, invalid: str = "z") -> Rule:
    def rule(found: Description, field: DataField, _script: Script | None) -> None:
        for code, raw in field.subfields:
            if code == "a" or code in invalid:
                match = _ISBN.match(raw.strip()) if kind == "isbn" else None
                if text := match.group() if match else trim(raw):
                    found.identifiers.append(Identifier(kind, text, code != "a"))

    return rule


_024 = {"0": "isrc", "1": "upc", "2": "ismn", "3": "ean", "4": "sici"}
_028 = {"0": "issue number", "1": "matrix number", "2": "music plate", "3": "music publisher",
        "4": "videorecording identifier"}  # fmt: skip


def _other_number(kinds: dict[str, str]) -> Rule:
    def rule(found: Description, field: DataField, _script: Script | None) -> None:
        kind = field.first("2") if field.indicators[0] == "7" else kinds.get(field.indicators[0], "local")
        if text := trim(field.first("a")):
            found.identifiers.append(Identifier(kind or "local", text))

    return rule


def _system_number(found: Description, field: DataField, _script: Script | None) -> None:
    for text in field.all("a"):
        if match := OCLC_NUMBER.match(text):
            found.identifiers.append(Identifier("oclc", match.group(1)))


def _series(found: Description, field: DataField, _script: Script | None) -> None:
    if field.tag == "490" and field.indicators[0] == "1":
        return  # traced in 8XX, which says it better
    if title := joined(field, "anpt"):
        issn = tuple(Identifier("issn", text) for text in each(field, "x"))
        found.related.append(Related("series", title, "", joined(field, "v"), issn))


def _related(kind: str) -> Rule:
    """Linking entry fields 760 to 787: $t or $s the title, $a the name, $g where in it, $x and $z numbers."""

    def rule(found: Description, field: DataField, _script: Script | None) -> None:
        title = joined(field, "t") or joined(field, "s")
        numbers = [Identifier("issn", text) for text in each(field, "x")]
        numbers += [Identifier("isbn", text) for text in each(field, "z")]
        numbers += [
            Identifier("oclc" if (oclc := OCLC_NUMBER.match(text)) else "local", oclc.group(1) if oclc else trim(text))
            for text in field.all("w")
        ]
        if title or numbers:
            found.related.append(Related(kind, title, joined(field, "a"), joined(field, "g"), tuple(numbers)))

    return rule


def _link(found: Description, field: DataField, _script: Script | None) -> None:
    found.link(field.all("u"), joined(field, "3yz"), whole=field.indicators[1] != "2")
    found.media_types += each(field, "q")


def _coverage(found: Description, field: DataField, _script: Script | None) -> None:
    if text := joined(field, "abcdfgh", "--"):
        found.coverage.append(text)


def _agency(found: Description, field: DataField, _script: Script | None) -> None:
    found.agency = found.agency or field.first("a").strip()
    found.cataloguing_language = found.cataloguing_language or field.first("b").strip()
    found.conventions += tuple(each(field, "e"))


RULES: dict[str, Rule] = {
    "010": _identifier("lccn"),
    "020": _identifier("isbn"),
    "022": _identifier("issn", "yz"),
    "024": _other_number(_024),
    "027": _identifier("strn"),
    "028": _other_number(_028),
    "035": _system_number,
    "037": _identifier("stock number", ""),
    "040": _agency,
    "041": _languages,
    "050": _class("lcc", "ab"),
    "060": _class("nlm", "ab"),
    "080": _class("udc", "abx"),
    "082": _class("ddc", "a"),
    "084": _class("", "ab"),
    "086": _government,
    "100": _name("personal", primary=True),
    "110": _name("corporate", primary=True),
    "111": _name("conference", primary=True),
    "130": _title("uniform", "adfghklmorst", skip=1),
    "210": _title("abbreviated", "a", "b"),
    "240": _title("uniform", "adfghklmors", skip=2),
    "242": _title("translated", "a", "b", skip=2),
    "245": _title("", "afgk", "b", skip=2),
    "246": _title("alternative", "af", "b"),
    "247": _title("alternative", "af", "b"),
    "250": _edition,
    "260": _imprint,
    "264": _imprint,
    "300": _extent,
    "310": _frequency,
    "337": _carrier,
    "338": _carrier,
    "440": _series,
    "490": _series,
    "500": _note(""),
    "501": _note(""),
    "502": _note("thesis", "abcdgo"),
    "504": _note("bibliography", "ab"),
    "505": _text_note("contents", "agrtu"),
    "506": _into("access", "abcdu"),
    "508": _note("creation/production credits"),
    "511": _note("performers"),
    "515": _note("numbering"),
    "518": _note("venue", "3adop"),
    "520": _text_note("abstracts", "abu"),
    "521": _into("audiences", "ab"),
    "524": _note("preferred citation"),
    "530": _note("additional physical form", "abcdu"),
    "533": _note("reproduction", "abcdefmn"),
    "534": _note("original version", "pabcefklmntxz"),
    "535": _note("original location", "abcd"),
    "536": _note("funding"),
    "538": _note("system details", "au"),
    "540": _into("rights", "abcdu"),
    "545": _note("biographical/historical", "abu"),
    "546": _note("language", "ab"),
    "550": _note(""),
    "561": _note("ownership"),
    "562": _note("version identification", "abcde"),
    "580": _note(""),
    "581": _note("publications", "az"),
    "585": _note("exhibitions", "a"),
    "586": _note("awards"),
    "588": _note("source of description"),
    "600": _subject("personal", "a"),
    "610": _subject("corporate", "a"),
    "611": _subject("conference", "a"),
    "630": _subject("title", "adfghklmnoprst"),
    "648": _subject("temporal", "a"),
    "650": _subject("topic", "abcd"),
    "651": _subject("geographic", "a"),
    "653": _uncontrolled,
    "655": _genre,
    "656": _subject("occupation", "a"),
    "700": _name("personal"),
    "710": _name("corporate"),
    "711": _name("conference"),
    "720": _plain_name,
    "730": _title("alternative", "adfghklmorst", skip=1),
    "740": _title("alternative", "a", skip=1),
    "752": _coverage,
    "760": _related("series"),
    "762": _related("constituent"),
    "765": _related("otherVersion"),
    "767": _related("otherVersion"),
    "770": _related("constituent"),
    "772": _related("host"),
    "773": _related("host"),
    "774": _related("constituent"),
    "775": _related("otherVersion"),
    "776": _related("otherFormat"),
    "780": _related("preceding"),
    "785": _related("succeeding"),
    "786": _related("original"),
    "787": _related(""),
    "800": _series,
    "810": _series,
    "811": _series,
    "830": _series,
    "856": _link,
}  # fmt: skip
"""By tag: what a field is. 880 goes by the tag in its $6."""
