"""The objects Z39.50 names by OID: attribute sets, record syntaxes, diagnostic sets and the rest.

Source: the Z39.50 maintenance agency's register of object identifiers (appendix OID of Z39.50-2003).
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "1.2.840.10003"


@dataclass(frozen=True, slots=True)
class OidFact:
    """One object. `name` is how people and tools write it; `kind` is the class it is registered in."""

    oid: str
    kind: str
    name: str
    title: str


_ROWS = """
attribute set | 3.1 | bib-1 | bibliographic searches
attribute set | 3.2 | exp-1 | searches in an Explain database
attribute set | 3.3 | ext-1 | searches for extended services' packages
attribute set | 3.4 | ccl-1 | Common Command Language
attribute set | 3.5 | gils | Government Information Locator Service
attribute set | 3.6 | stas | scientific and technical data
attribute set | 3.7 | collections-1 | digital collections
attribute set | 3.8 | cimi-1 | museums
attribute set | 3.9 | geo-1 | geospatial data
attribute set | 3.10 | zbig | biology
attribute set | 3.11 | util | utility attributes of the attribute architecture
attribute set | 3.12 | xd-1 | cross-domain
attribute set | 3.13 | zthes | thesauri
attribute set | 3.14 | fin-1 | Finnish libraries
attribute set | 3.15 | dan-1 | Danish libraries
attribute set | 3.16 | holdings | holdings
attribute set | 3.17 | marc | MARC fields as access points
attribute set | 3.18 | bib-2 | bibliographic searches by the attribute architecture
attribute set | 3.19 | zeerex | descriptions of targets
diagnostic set | 4.1 | bib-1-diagnostics | numbered diagnostics
diagnostic set | 4.2 | diag-1 | structured diagnostics
diagnostic set | 4.3 | diag-es | diagnostics of extended services
record syntax | 5.1 | unimarc | UNIMARC in ISO 2709
record syntax | 5.2 | intermarc | INTERMARC
record syntax | 5.3 | ccf | Common Communication Format
record syntax | 5.10 | usmarc | MARC 21 in ISO 2709
record syntax | 5.11 | ukmarc | UKMARC
record syntax | 5.12 | normarc | NORMARC
record syntax | 5.13 | librismarc | LIBRIS MARC
record syntax | 5.14 | danmarc | danMARC2
record syntax | 5.15 | finmarc | FINMARC
record syntax | 5.16 | mab | MAB
record syntax | 5.17 | canmarc | CAN/MARC
record syntax | 5.18 | sbn | SBN MARC
record syntax | 5.19 | picamarc | Pica
record syntax | 5.20 | ausmarc | AUSMARC
record syntax | 5.21 | ibermarc | IBERMARC
record syntax | 5.22 | carmarc | CATMARC
record syntax | 5.23 | malmarc | MALMARC
record syntax | 5.24 | jpmarc | JAPAN/MARC
record syntax | 5.25 | swemarc | SWEMARC
record syntax | 5.26 | siglemarc | SIGLE MARC
record syntax | 5.27 | isdsmarc | ISDS MARC
record syntax | 5.28 | rusmarc | RUSMARC
record syntax | 5.29 | hunmarc | HUNMARC
record syntax | 5.30 | nacsis-catp | NACSIS-CATP
record syntax | 5.31 | finmarc2000 | FINMARC of 2000
record syntax | 5.32 | marc21-fin | MARC 21, Finnish
record syntax | 5.100 | explain | Explain record
record syntax | 5.101 | sutrs | plain text in lines
record syntax | 5.102 | opac | bibliographic record with holdings and circulation
record syntax | 5.103 | summary | brief record
record syntax | 5.104 | grs-0 | generic record, first form
record syntax | 5.105 | grs-1 | generic record
record syntax | 5.106 | es-task-package | task package of an extended service
record syntax | 5.107 | fragment | part of a record
record syntax | 5.109.1 | pdf | PDF
record syntax | 5.109.2 | postscript | PostScript
record syntax | 5.109.3 | html | HTML
record syntax | 5.109.4 | tiff | TIFF
record syntax | 5.109.5 | gif | GIF
record syntax | 5.109.6 | jpeg | JPEG
record syntax | 5.109.7 | png | PNG
record syntax | 5.109.8 | mpeg | MPEG
record syntax | 5.109.9 | sgml | SGML
record syntax | 5.109.10 | xml | XML (text/xml)
record syntax | 5.109.11 | application-xml | XML (application/xml)
record syntax | 5.110.1 | tiff-b | TIFF, profile B
record syntax | 5.110.2 | wav | sound
record syntax | 5.111 | sql-rs | rows of SQL
resource report | 7.1 | resource-1 | costs and times
resource report | 7.2 | resource-2 | costs and times, second form
access control | 8.1 | prompt-1 | questions to the user
access control | 8.2 | des-1 | DES challenge
access control | 8.3 | krb-1 | Kerberos
extended service | 9.1 | persistent-result-set | keep a result set
extended service | 9.2 | persistent-query | keep a query
extended service | 9.3 | periodic-query | run a query at intervals
extended service | 9.4 | item-order | order an item
extended service | 9.5 | update-0 | change a database, first form
extended service | 9.5.1 | update-1 | change a database, second form
extended service | 9.5.1.1 | update | change a database
extended service | 9.6 | export-specification | describe an export
extended service | 9.7 | export-invocation | start an export
user information | 10.1 | search-result-1 | counts of the parts of a query
user information | 10.2 | charneg-user-info | character sets and languages
user information | 10.3 | user-info-1 | plain information
user information | 10.4 | multiple-search-terms-1 | several terms in one operand
user information | 10.5 | multiple-search-terms-2 | several terms in one operand, second form
user information | 10.6 | date-time | dates and times
element specification | 11.1 | espec-1 | elements wanted
variant set | 12.1 | variant-1 | variants of an element
schema | 13.1 | wais | WAIS
schema | 13.2 | gils-schema | GILS
schema | 13.3 | collections-schema | digital collections
schema | 13.4 | geo-schema | geospatial data
schema | 13.5 | cimi-schema | museums
schema | 13.6 | update-schema | change a database
schema | 13.7 | holdings-schema | holdings
schema | 13.8 | zthes-schema | thesauri
tag set | 14.1 | tagset-m | tags of metadata
tag set | 14.2 | tagset-g | generic tags
tag set | 14.3 | stas-tagset | scientific and technical data
tag set | 14.4 | gils-tagset | GILS
tag set | 14.5 | collections-tagset | digital collections
tag set | 14.6 | cimi-tagset | museums
tag set | 14.8 | zthes-tagset | thesauri
negotiation | 15.1 | charneg-1 | character sets and languages, first form
negotiation | 15.2 | charneg-2 | character sets and languages, second form
negotiation | 15.3 | charneg-3 | character sets and languages
negotiation | 15.4 | charneg-4 | character sets and languages, fourth form
query | 16.1 | sql | a query in SQL
query | 16.2 | cql | a query in CQL
"""
_OUTSIDE = """
character form | 1.0.10646.1.0.2 | ucs-2 | ISO 10646 in two octets
character form | 1.0.10646.1.0.4 | ucs-4 | ISO 10646 in four octets
character form | 1.0.10646.1.0.5 | utf-16 | UTF-16
character form | 1.0.10646.1.0.8 | utf-8 | UTF-8
"""


def _facts() -> dict[str, OidFact]:
    facts: dict[str, OidFact] = {}
    for rows, prefix in ((_ROWS, PREFIX + "."), (_OUTSIDE, "")):
        for line in rows.strip().splitlines():
            kind, number, name, title = (part.strip() for part in line.split("|"))
            facts[prefix + number] = OidFact(prefix + number, kind, name, title)
    return facts


OIDS = _facts()
"""OID -> fact."""

OIDS_BY_NAME = {fact.name: fact for fact in OIDS.values()}
"""Name in lower case -> fact. Names are unique over all kinds."""

RECORD_SYNTAX_ALIASES = {"marc21": "usmarc", "text-xml": "xml", "text/xml": "xml", "marcxml": "xml"}
"""Other names people give record syntaxes."""


def oid_named(name: str, kind: str) -> str | None:
    """The OID of a name (`usmarc`, `Bib-1`) or dotted form; None when no object of that kind is called so."""
    key = name.lower()
    if key.replace(".", "").isdigit() and "." in key:
        return name
    fact = OIDS_BY_NAME.get(RECORD_SYNTAX_ALIASES.get(key, key) if kind == "record syntax" else key)
    return fact.oid if fact is not None and fact.kind == kind else None


def oid_title(oid: str) -> str:
    """An OID for people: its name where it has one."""
    fact = OIDS.get(oid)
    return fact.name if fact else oid


BIB_1 = OIDS_BY_NAME["bib-1"].oid
EXP_1 = OIDS_BY_NAME["exp-1"].oid
BIB_1_DIAGNOSTICS = OIDS_BY_NAME["bib-1-diagnostics"].oid
DIAG_1 = OIDS_BY_NAME["diag-1"].oid
UNIMARC = OIDS_BY_NAME["unimarc"].oid
USMARC = OIDS_BY_NAME["usmarc"].oid
EXPLAIN = OIDS_BY_NAME["explain"].oid
SUTRS = OIDS_BY_NAME["sutrs"].oid
OPAC = OIDS_BY_NAME["opac"].oid
XML = OIDS_BY_NAME["xml"].oid
SEARCH_RESULT_1 = OIDS_BY_NAME["search-result-1"].oid
CHARNEG_3 = OIDS_BY_NAME["charneg-3"].oid
CHARNEG_4 = OIDS_BY_NAME["charneg-4"].oid
USER_INFO_1 = OIDS_BY_NAME["user-info-1"].oid
CQL = OIDS_BY_NAME["cql"].oid
UTF_8 = OIDS_BY_NAME["utf-8"].oid
