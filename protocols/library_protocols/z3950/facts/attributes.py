"""The attributes of the Bib-1 set: what is searched, how a term compares, where it stands and what form it has.

Source: the Bib-1 attribute set of the maintenance agency (appendix ATR of Z39.50-2003 and its semantics).
"""

from __future__ import annotations

from enum import IntEnum

from library_protocols.z3950.facts.tables import Table, table


class AttributeType(IntEnum):
    """The six types of Bib-1."""

    USE = 1
    RELATION = 2
    POSITION = 3
    STRUCTURE = 4
    TRUNCATION = 5
    COMPLETENESS = 6


_USE = """
1 | personal-name | personal name
2 | corporate-name | corporate name
3 | conference-name | name of a conference
4 | title | title
5 | title-series | title of the series
6 | title-uniform | uniform title
7 | isbn | ISBN
8 | issn | ISSN
9 | lccn | Library of Congress card number
10 | bnb-number | British National Bibliography number
11 | bgf-number | BGF number
12 | local-number | local number of the record
13 | dewey | Dewey classification
14 | udc | Universal Decimal Classification
15 | bliss | Bliss classification
16 | lc-call-number | Library of Congress call number
17 | nlm-call-number | National Library of Medicine call number
18 | nal-call-number | National Agricultural Library call number
19 | mos-call-number | MOS call number
20 | local-classification | local classification
21 | subject | subject
22 | subject-rameau | subject heading of RAMEAU
23 | subject-bdi | subject of the BDI index
24 | subject-inspec | subject of INSPEC
25 | subject-mesh | medical subject heading (MeSH)
26 | subject-pa | subject of PA
27 | subject-lcsh | Library of Congress subject heading
28 | subject-rvm | subject heading of RVM
29 | subject-local | local subject
30 | date | date
31 | date-publication | date of publication
32 | date-acquisition | date of acquisition
33 | title-key | key title
34 | title-collective | collective title
35 | title-parallel | parallel title
36 | title-cover | title on the cover
37 | title-added-title-page | title on an added title page
38 | title-caption | caption title
39 | title-running | running title
40 | title-spine | title on the spine
41 | title-other-variant | another variant of the title
42 | title-former | former title
43 | title-abbreviated | abbreviated title
44 | title-expanded | expanded title
45 | subject-precis | subject of PRECIS
46 | subject-rswk | subject of RSWK
47 | subject-subdivision | subdivision of a subject
48 | number-national-bibliography | number in a national bibliography
49 | number-legal-deposit | legal deposit number
50 | number-government-publication | government publication number
51 | number-music-publisher | music publisher's number
52 | number-db | number of the database
53 | number-local-call | local call number
54 | code-language | language code
55 | code-geographic | code of a geographic area
56 | code-institution | code of an institution
57 | name-and-title | name and title
58 | name-geographic | geographic name
59 | place-publication | place of publication
60 | coden | CODEN
61 | microform-generation | generation of a microform
62 | abstract | abstract
63 | note | note
1000 | author-title | author and title
1001 | record-type | type of record
1002 | name | name
1003 | author | author
1004 | author-personal | author, a person
1005 | author-corporate | author, a body
1006 | author-conference | author, a conference
1007 | identifier-standard | standard identifier
1008 | subject-lc-children | Library of Congress subject heading for children
1009 | subject-name-personal | person as subject
1010 | body-of-text | text of the work
1011 | date-added | date and time added to the database
1012 | date-modified | date and time last changed
1013 | authority-format-identifier | authority or format identifier
1014 | concept-text | concept, as text
1015 | concept-reference | concept, as reference
1016 | any | any of the common access points
1017 | server-choice | access point of the server's choice
1018 | publisher | publisher
1019 | record-source | source of the record
1020 | editor | editor
1021 | bib-level | bibliographic level
1022 | geographic-class | geographic classification
1023 | indexed-by | indexed by
1024 | map-scale | scale of a map
1025 | music-key | key of a piece of music
1026 | related-periodical | related periodical
1027 | report-number | number of a report
1028 | stock-number | stock number
1030 | thematic-number | thematic number of a piece of music
1031 | material-type | type of material
1032 | doc-id | identifier of a document
1033 | host-item | host item
1034 | content-type | type of content
1035 | anywhere | anywhere in the record
1036 | author-title-subject | author, title or subject
1097 | dc-title | title, by Dublin Core
1098 | dc-creator | creator, by Dublin Core
1099 | dc-subject | subject, by Dublin Core
1100 | dc-description | description, by Dublin Core
1101 | dc-publisher | publisher, by Dublin Core
1102 | dc-date | date, by Dublin Core
1103 | dc-resource-type | type, by Dublin Core
1104 | dc-resource-identifier | identifier, by Dublin Core
1105 | dc-language | language, by Dublin Core
1106 | dc-other-contributor | contributor, by Dublin Core
1107 | dc-format | format, by Dublin Core
1108 | dc-source | source, by Dublin Core
1109 | dc-relation | relation, by Dublin Core
1110 | dc-coverage | coverage, by Dublin Core
1111 | dc-rights | rights, by Dublin Core
1112 | dc-subject-controlled | controlled subject, by Dublin Core
1211 | oclc-number | OCLC number
"""

BIB_1_ATTRIBUTES: dict[int, Table] = {
    AttributeType.USE: table("use", "access point", "ATR Bib-1, Use", _USE),
    AttributeType.RELATION: table("relation", "how the access point compares with the term", "ATR Bib-1, Relation", """
        1 | less | less than
        2 | less-or-equal | less than or equal
        3 | equal | equal
        4 | greater-or-equal | greater than or equal
        5 | greater | greater than
        6 | not-equal | not equal
        100 | phonetic | sounds alike
        101 | stem | has the same stem
        102 | relevance | matches by relevance
        103 | always-matches | whatever it is
    """),
    AttributeType.POSITION: table("position", "where in the field the term stands", "ATR Bib-1, Position", """
        1 | first-in-field | first in the field
        2 | first-in-subfield | first in a subfield
        3 | any | anywhere in the field
    """),
    AttributeType.STRUCTURE: table("structure", "form of the term", "ATR Bib-1, Structure", """
        1 | phrase | phrase
        2 | word | word
        3 | key | key
        4 | year | year
        5 | date-normalized | date in a normal form
        6 | word-list | list of words
        100 | date-unnormalized | date as people write it
        101 | name-normalized | name in a normal form
        102 | name-unnormalized | name as people write it
        103 | structure | a structure
        104 | urx | URI, URL or URN
        105 | free-form-text | free text
        106 | document-text | text of a document
        107 | local-number | local number
        108 | string | string of characters
        109 | numeric-string | string of digits
    """),
    AttributeType.TRUNCATION: table("truncation", "where the term may go on", "ATR Bib-1, Truncation", """
        1 | right | may go on at its end
        2 | left | may go on at its beginning
        3 | left-and-right | may go on at both ends
        100 | none | may not go on
        101 | process-hash | # stands for what is left out
        102 | regexpr-1 | regular expression, first form
        103 | regexpr-2 | regular expression, with errors
        104 | ccl | ? and # as in the Common Command Language
    """),
    AttributeType.COMPLETENESS: table("completeness", "how much of the field it is", "ATR Bib-1, Completeness", """
        1 | incomplete-subfield | part of a subfield
        2 | complete-subfield | a whole subfield
        3 | complete-field | the whole field
    """),
}  # fmt: skip
"""Type -> table of its values."""


def attribute_title(kind: int, value: int) -> str:
    """A Bib-1 attribute in words, e.g. `use title`; empty when Bib-1 has none such."""
    values = BIB_1_ATTRIBUTES.get(kind)
    meaning = values.describe(value) if values else ""
    return f"{values.name} {meaning}" if values and meaning else ""
