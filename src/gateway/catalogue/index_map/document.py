"""Writes docs/reference/index-map.md from the index map: `python -m gateway.catalogue.index_map.document`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.catalogue import from_cql, from_rpn
from gateway.catalogue.index.patterns import FEWEST_LITERAL, MOST_CHARACTERS, MOST_MASKS, MOST_WORDS
from gateway.catalogue.index.results import MOST_KEYS
from gateway.catalogue.index.schema import MAX_DISTANCE
from gateway.catalogue.index_map import CONTEXT_SETS, INDEXES, Index, cql_names
from gateway.catalogue.index_map.model import Source
from gateway.catalogue.materials import MATERIALS
from gateway.crosswalks.catalogue import DIAGNOSTICS

PAGE = Path("docs/reference/index-map.md")

_SPECIAL = {
    "any": "all text of the record, and",
    "format": "leader/06-07 and form of item",
    "level": "leader/07",
    "holder": "who holds the bib, as last published",
    "oclc": "with OCLC's prefix, and 001 of OCLC's own records:",
}
_ATTRIBUTES = {2: "relation", 3: "position", 4: "structure", 5: "truncation", 6: "completeness"}


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_HEAD, _table(), _CODES, _materials(), _names(), _LANGUAGE, _cql(), _attributes(), _problems()])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _fields(sources: Sequence[Source], index: Index) -> str:
    if index.of:
        return "as " + " and ".join(f"`{name}`" for name in index.of)
    listed = ", ".join(str(source) for source in sources)
    special = _SPECIAL.get(index.name, "")
    return " ".join(part for part in (special, listed) if part) or "–"


def _abilities(index: Index) -> str:
    can = {
        "whole": index.anchored,
        "range": index.ranges,
        "scan": index.scannable,
        "sort": index.sortable,
        "facet": index.facet,
    }
    return ", ".join(name for name, able in can.items() if able) or "–"


def _table() -> str:
    rows = [
        _row(("index", "what", "kind", "can", "CQL", "Bib-1 Use", "MARC 21", "UNIMARC")),
        _row(["---"] * 8),
    ]
    for index in INDEXES.values():
        names = ", ".join(f"`{name}`" for name in cql_names(index))
        rows.append(
            _row(
                (
                    f"`{index.name}`",
                    index.label,
                    "several" if index.of else index.kind.value,
                    _abilities(index),
                    names,
                    ", ".join(map(str, index.bib1)) or "–",
                    _fields(index.marc21_sources, index),
                    _fields(index.unimarc_sources, index),
                )
            )
        )
    return "\n".join(rows)


def _materials() -> str:
    return ", ".join(f"`{code}` {name}" for code, name in MATERIALS.items()) + "."


def _names() -> str:
    rows = [_row(("prefix", "context set")), _row(["---"] * 2)]
    rows += [_row((f"`{prefix}`", f"`{identifier}`")) for prefix, identifier in CONTEXT_SETS.items()]
    return "\n## Names\n\n" + "\n".join(rows)


def _cql() -> str:
    kinds: dict[str, list[str]] = {}
    for kind, value in from_cql.SUPPORTS:
        kinds.setdefault(kind, []).append(f"`{value}`")
    rows = [_row(("in CQL", "what is understood")), _row(["---"] * 2)]
    return "\n".join([*rows, *(_row((kind, " ".join(values))) for kind, values in kinds.items())])


def _attributes() -> str:
    rows = [_row(("Bib-1 type", "values that are understood")), _row(["---"] * 2)]
    rows += [_row((f"{kind} {name}", ", ".join(map(str, from_rpn.SERVED[kind])))) for kind, name in _ATTRIBUTES.items()]
    return "\n" + "\n".join(rows)


def _problems() -> str:
    rows = [_row(("what is wrong", "SRU", "Bib-1")), _row(["---"] * 3)]
    rows += [
        _row((code.value.replace("_", " "), str(found.sru), str(found.bib1))) for code, found in DIAGNOSTICS.items()
    ]
    text = "\n## When a question cannot be answered\n\nThe diagnostic's details name the index, attribute or word.\n\n"
    return text + "\n".join(rows) + "\n"


_HEAD = """# The index map

<!-- Made by `python -m gateway.catalogue.index_map.document`; change `gateway/catalogue/index_map/table.py`. -->

One table says what can be searched, in which fields of a record it stands, and what it is called in CQL (SRU) and in
Bib-1 (Z39.50). Searching, scanning, sorting, SRU's explain and Z39.50's Explain all follow it. A record
that is [suppressed](../how-to/keep-records-back.md) is in no index; a private one is found in its own member's database
alone, and counted nowhere else.

"Whole": first in field, whole field and whole subfield can be asked for. Fields 880 of MARC 21 count as the field that
they give in another script. `title` and its like hold a title with its article and without (the filing indicator of
MARC 21, non-sorting marks of UNIMARC); scan lists it where it is filed.
"""

_CODES = """
Codes of `language` are those of MARC (`eng`, `wel`), of `holder` the members'. Codes of `format`:
"""

_LANGUAGE = f"""
A name without a prefix is looked for in `dc`, then `cql`, then `local`, which calls every index by the name of this
page. A name of the set `marc` is understood where an index is just that field; in UNIMARC records it finds the field
that says the same.

## How terms are read

- **Case, accents and spelling.** `Ŵyl` is found by `wyl`, `ΑΘΗΝΑΙ` by `Αθήναι`, `Straße` by `strasse`. Welsh digraphs
  stay as typed. Arabic is read without vowel signs and tatweel; alef with hamza or madda is alef, alef maqsura is ya,
  ta marbuta is ha; the article belongs to its word. The signs ʻ and ʼ of transliteration are passed over. Digits of
  other scripts are digits. Characters of Chinese and Japanese are a word each.
- **Apostrophes** join: `i'r` is `ir`, `O'Brien` is `obrien`. An elided article is a word of its own: `l'histoire`.
- **Phrases** are words one after the other in one field, whatever stands between them in signs. Where a query does not
  say how several words are meant, they are a phrase.
- **Masks**: `*` is any characters, `?` one. A word whose beginning is masked needs {FEWEST_LITERAL} letters; a word has
  at most {MOST_MASKS} masks, a term {MOST_WORDS} words and {MOST_CHARACTERS:,} characters.
- **Proximity** is of words or phrases in one field of one index, at most {MAX_DISTANCE} words apart, in order or not.
  Other units, and distances without an upper end, are refused.
- **Numbers.** An ISBN of ten digits and that of thirteen find each other; hyphens and what stands in brackets are
  passed over; a number with a wrong check digit is found as it is written. LCCNs follow the Library of Congress's rule.
- **Dates** are a year (`date`), or a year, month or day (`created`, `modified`): `1998`, `1998-05`, `1998-05-07`. A
  digit that a record leaves open stands for the first and the last year it may be.
- **Scan** lists headings whole, or words: those of titles, authors and subjects. Counts are those that a search in the
  same database gives.
- **Order.** Without sort keys records come by their number in the catalogue, ranked where a query says `relevant`. At
  most {MOST_KEYS} keys; text is sorted folded, without a leading article; records without a value come last in rising
  order, first in falling, unless the query says otherwise; what is still alike comes by number. Every page of a result
  can be fetched, the last as well as the first.
"""


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
