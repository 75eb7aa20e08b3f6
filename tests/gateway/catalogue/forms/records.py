"""Two records written out, one of each format, and how to make a catalogue record of one."""

from __future__ import annotations

from gateway.catalogue.records import CatalogueRecord, Format, Holding
from library_protocols.marc import DataField, Record, to_marcxml

LEADER = "00000nam a2200000 a 4500"


def field(tag: str, indicators: str, text: str) -> DataField:
    """`text` is subfields with a $ before each code: "$aTitle /$cname"."""
    return DataField(tag, indicators, tuple((part[0], part[1:]) for part in text.split("$")[1:]))


MARC21 = Record(
    LEADER,
    (
        ("001", "b42"),
        ("003", "UkAbA"),
        ("005", "20261122120000.0"),
        ("008", "850101s1985    wlk    s      000 0 eng  "),
    ),
    (
        field("010", "  ", "$a  85012345 "),
        field("020", "  ", "$a0863830013 (pbk.) :$c£3.95$z0863830021"),
        field("022", "  ", "$a1234-5679"),
        field("024", "7 ", "$a10.1000/182$2doi"),
        field("035", "  ", "$a(OCoLC)ocm00123456"),
        field("040", "  ", "$aUkAbA$beng$erda"),
        field("041", "1 ", "$aengwel$hfre"),
        field("050", " 4", "$aDA714$b.J66 1985"),
        field("082", "04", "$a942.9$222"),
        field("100", "1 ", "$6880-01$aJones, J. Graham,$d1943-$eauthor."),
        field("130", "0 ", "$aMabinogion."),
        field("245", "14", "$6880-02$aThe history of Wales :$ba short <account> /$cJ.G. Jones & others."),
        field("246", "3 ", "$aHanes Cymru"),
        field("250", "  ", "$a2nd ed."),
        field("264", " 1", "$aCardiff :$bUniversity of Wales Press,$c1985."),
        field("300", "  ", "$axii, 200 p. :$bill. ;$c22 cm."),
        field("338", "  ", "$avolume$2rdacarrier"),
        field("490", "1 ", "$aPocket guides"),
        field("500", "  ", "$aIncludes index."),
        field("505", "0 ", "$aPart one -- Part two."),
        field("506", "  ", "$aReading room only."),
        field("520", "  ", "$aA summary, etc."),
        field("540", "  ", "$aOpen licence."),
        field("600", "10", "$aGlyndŵr, Owain,$d1354-1416$vBiography."),
        field("650", " 0", "$aCastles$zWales$yTo 1536."),
        field("651", " 7", "$aWales$2fast"),
        field("653", "  ", "$aRebellion$aNations"),
        field("655", " 7", "$aGuidebooks.$2lcgft"),
        field("700", "1 ", "$aDavies, Ann,$etranslator."),
        field("700", "12", "$aAnon.$tEnglynion."),
        field("710", "2 ", "$aWales.$bNational Assembly."),
        field("773", "0 ", "$tWelsh review$gvol. 3$x0043-2458"),
        field("780", "00", "$tOld title$w(OCoLC)77"),
        field("830", " 0", "$aPocket guides ;$v4."),
        field("856", "40", "$uhttps://example.org/a?b=1&c=2$yFull text$qapplication/pdf"),
        field("856", "42", "$uhttps://example.org/cover"),
        field("880", "1 ", "$6100-01/(N$aДжонс, Дж."),
        field("880", "10", "$6245-02/(N$aИстория Уэльса"),
        field("952", "  ", "$aold$m999"),
        field("999", "  ", "$alocal"),
    ),
)
UNIMARC = Record(
    "00000nas0a2200000   4500",
    (("001", "u7"), ("005", "20121002234012.0")),
    (
        field("010", "  ", "$a2-07-036822-X$brel."),
        field("011", "  ", "$a0294-1767"),
        field("035", "  ", "$a(OCoLC)419458613"),
        field("100", "  ", "$a19700101d1969    k  y0frey50      ba"),
        field("101", "0 ", "$afre$cger"),
        field("200", "1 ", "$a\x98Le \x9cmonde$eroman$fÉdouard Sans$gtraduit par X"),
        field("205", "  ", "$a2e éd."),
        field("210", "  ", "$aParis$cC. Klincksieck$d1969"),
        field("215", "  ", "$a1 vol. (479 p.)$cill.$d24 cm"),
        field("225", "2 ", "$aBibliothèque"),
        field("300", "  ", "$aUne note"),
        field("327", "0 ", "$aChapitre un$aChapitre deux"),
        field("330", "  ", "$aUn résumé"),
        field("410", " 0", "$1001 12$12001 $aBibliothèque$v4"),
        field("463", " 0", "$tRevue$x0000-0019$v3"),
        field("517", "0 ", "$aAutre titre"),
        field("606", "  ", "$aPhilosophie$yAllemagne$z19e siècle$2rameau"),
        field("676", "  ", "$a780.92$v22"),
        field("700", " 1", "$aSans$bÉdouard$f1900-1980$4070"),
        field("702", " 1", "$aMuster$bEva$4999"),
        field("712", "12", "$aCongrès$bSection$4651"),
        field("801", " 3", "$aFR$bAbes$gAFNOR"),
        field("856", "4 ", "$uhttps://example.org/u7"),
        field("995", "  ", "$alocal"),
    ),
)
HOLDINGS = (
    Holding(
        "aber", "HO", "DA714 .J66", 2, "Hugh Owen", "LOAN",
        note="Ask at desk", item_type="book", barcodes=("31", "32"),
    ),
    Holding("bangor", "MAIN", summary="v.1-3 & 5"),
)  # fmt: skip


def catalogue_record(record: Record, holdings: tuple[Holding, ...] = HOLDINGS) -> CatalogueRecord:
    marc = Format.UNIMARC if record is UNIMARC else Format.MARC21
    return CatalogueRecord(1, "aber", record.control_number, 5, marc, to_marcxml(record), 0, holdings=holdings)
