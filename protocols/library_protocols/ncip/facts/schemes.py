"""Code lists: which element takes its values from which scheme, and the standard's values.

Values are those of Implementation Profile 1; lists that other bodies keep (languages, media types, currencies) name
their keeper and no values. Peers write other cases and other schemes: match by value, whatever the scheme.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from library_protocols.ncip.elements.base import SchemeValue

_PROFILE = "http://www.niso.org/ncip/v1_0/imp1/schemes/"
_STANDARD = "http://www.niso.org/ncip/v1_0/schemes/"

CURRENCY_CODE = "http://www.bsi-global.com/Technical+Information/Publications/_Publications/tig90x.doc"
"""ISO 4217, at the address that the profile has for it."""
MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),  # noqa: SIM905
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
"""How many digits stand behind the point, for currencies where it is not two (ISO 4217)."""


@dataclass(frozen=True, slots=True)
class SchemeFact:
    """The scheme of one element. `also`: values that are in use and not in the list."""

    element: str
    scheme: str
    values: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def find(self, value: str) -> str | None:
        """The listed value that this one is, whatever its case and blanks."""
        folded = _folded(value)
        return next((one for one in self.values if _folded(one) == folded), None)


_PROFILE_ROWS = """
RequestType | Estimate; Hold; Loan; Non-returnable Copy; Stack Retrieval | Page; Recall
RequestScopeType | Bibliographic Item; Item | Title
RequestedActionType | Circulate; Circulate And Notify; Hold For Pickup; Hold For Pickup And Notify |
RequestStatusType | Available For Pickup; Cannot Fulfill Request; Expired; In Process; Need to Accept Conditions; \
Requested Via ILL |
CirculationStatus | Available For Pickup; Available On Shelf; Circulation Status Undefined; \
Claimed Returned Or Never Borrowed; In Process; In Transit Between Library Locations; Lost; Missing; Not Available; \
On Loan; On Order; Pending Transfer; Recalled; Waiting To Be Reshelved |
AuthenticationInputType | Barcode Id; MD5 Message Digest Algorithm; Password; PIN; Secondary Confirmation String; \
User Id; X.509 Certificate | Username; LDAPUsername; LDAPPassword
ItemUseRestrictionType | Available For Supply Without Return; In Library Use Only; \
Limited Circulation, Long Loan Period; Limited Circulation, Normal Loan Period; \
Limited Circulation, Short Loan Period; \
No Reproduction; Not For Loan; Overnight Only; Renewals Not Permitted; Supervision Required; \
Term Loan; Use Only In Controlled Access; User Signature Required |
FiscalActionType | Assess; Cancel; Forgive; Payment; Penalty; Waive; Write Off | Balance
FiscalTransactionType | Book Replacement Charge; Card Replacement Charge; Catalog Search; Day Pass; Fine; \
Interlibrary Loan Fee; Purchase; Reminder Charge; Renewal Fee; Rental; Reservation Charge; Service Charge |
PaymentMethodType | Bank Draft; Cash; Check; Credit Card; Debit Card; Deposit Account; Direct Debit; Funds Transfer; \
Money Order; Traveler's Check |
MediumType | Audio Tape; Book; Book With Audio Tape; Book With Compact Disc; Book With Diskette; \
Bound Journal; CD-ROM; Compact Disc (CD); Diskette; Magazine; Microform; Video Tape | Audiobook Tape; Music CD
PhysicalConditionType | Bad URL; Binding Weak; Color Plates Missing; Corrupt Or Unreadable File; Discolored; Faded; \
Markings; Pages Missing; Photocopy Illegible; Special Binding; Water Damage |
LocationType | Current Location; Permanent Location; Temporary Location |
VisibleItemIdentifierType | Accession Number; Barcode |
VisibleUserIdentifierType | Barcode; Institution Id Number |
BibliographicLevel | Collection; Monograph; Monographic Component Part; Serial; Serial Component Part |
BibliographicItemIdentifierCode | BICI; CODEN; DOI; Government Publication Number; ISBN; ISMN; ISRC; ISSN; \
Legal Deposit Number; PURL; Report Number; SICI; URI | Accession Number
BibliographicRecordIdentifierCode | Accession Number; ANBN; BNBN; CN; LCCN; NLM TCN; OCLC; RLIN | URI; FAUST
ComponentIdentifierType | BICI; SICI |
ItemDescriptionLevel | Bibliographic Item; Item |
OrganizationNameType | Abbreviation Or Acronym; Alternative Name; Converted Name; Distinguished Name; Official Name; \
Translated Name; Transliterated Name |
PhysicalAddressType | Postal Address; Street Address |
UnstructuredAddressType | Carriage-Return, Newline-Delimited Text; HTML; Newline-Delimited Text; XML |
SecurityMarker | Checkpoint emag; Checkpoint RFID; Gemplus RFID; Guardian emag; Ketec RFID; Knogo emag; Lib-Chip; \
None; PGP; Protexit emag; Sensormatic emag; Tag-It; Tattle-Tape Security Strip; Ultra-Max |
AgencyAddressRoleType | Bill To; Multi-Purpose; Official; Ship From; Ship To |
AgencyUserPrivilegeType | | STATUS; PROFILE; LIBRARY
UserPrivilegeStatusType | | Active; ACTIVE; BLOCKED
BlockOrTrapType | | Block Check Out; Block Request Item; Block Renewal
NoticeType | |
"""
_STANDARD_ROWS = """
UserElementType | Authentication Input; Block Or Trap; Date Of Birth; Name Information; User Address Information; \
User Language; User Privilege; User Id; Previous User Id | Visible User Id
ItemElementType | Bibliographic Description; Circulation Status; Electronic Resource; Hold Queue Length; \
Item Description; Item Use Restriction Type; Location; Physical Condition; Security Marker; Sensitization Flag |
RequestElementType | User Id; Request Type; Request Scope Type; Request Status Type; Hold Queue Position; \
Shipping Information; Earliest Date Needed; Need Before Date; Pickup Date; Pickup Location; Pickup Expiry Date; \
Date Of User Request; Date Available; Acknowledged Fee Amount; Paid Fee Amount |
AgencyElementType | Agency Address Information; Agency User Privilege Type; Application Profile Supported Type; \
Authentication Prompt; Consortium Agreement; Organization Name Information |
"""
_ELSEWHERE = (
    SchemeFact(
        "UserAddressRoleType",
        "http://www.niso.org/ncip/v2_0/imp1/schemes/useraddressroletype/useraddressroletype.scm",
        ("Bill To", "Home", "Multi-Purpose", "Notice", "Ship To", "Work"),
    ),
    SchemeFact("CurrencyCode", CURRENCY_CODE),
    SchemeFact("UserLanguage", "http://lcweb.loc.gov/standards/iso639-2/bibcodes.html"),
    SchemeFact("Language", "http://lcweb.loc.gov/standards/iso639-2/bibcodes.html"),
    SchemeFact(
        "AuthenticationDataFormatType", "http://www.iana.org/assignments/media-types", ("text/plain",), ("text",)
    ),
    SchemeFact("ElectronicDataFormatType", "http://www.iana.org/assignments/media-types"),
    SchemeFact(
        "ElectronicAddressType", "http://www.iana.org/assignments/uri-schemes", (), ("mailto", "tel", "mailserver")
    ),
)


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _read(rows: str, root: str) -> list[SchemeFact]:
    found = []
    for line in rows.strip().splitlines():
        element, values, also = (cell.strip() for cell in line.split("|"))
        name = element.lower()
        found.append(SchemeFact(element, f"{root}{name}/{name}.scm", _parts(values), _parts(also)))
    return found


SCHEMES: dict[str, SchemeFact] = {
    fact.element: fact for fact in (*_read(_PROFILE_ROWS, _PROFILE), *_read(_STANDARD_ROWS, _STANDARD), *_ELSEWHERE)
}
"""Every code list, by element."""
for _now, _before in (
    ("ItemIdentifierType", "VisibleItemIdentifierType"),
    ("UserIdentifierType", "VisibleUserIdentifierType"),
    ("AcknowledgedItemUseRestrictionType", "ItemUseRestrictionType"),
    ("RequiredItemUseRestrictionType", "ItemUseRestrictionType"),
):
    SCHEMES[_now] = SchemeFact(_now, SCHEMES[_before].scheme, SCHEMES[_before].values, SCHEMES[_before].also)


@lru_cache(maxsize=1024)
def scheme_value(element: str, value: str) -> SchemeValue:
    """A value of an element's own list, with its scheme. Raises KeyError for an element that has no list, ValueError
    for a value that is not in it (where the list has any here)."""
    fact = SCHEMES[element]
    if fact.values and value not in fact.values and value not in fact.also:
        raise ValueError(f"{value!r} is no {element}")
    return SchemeValue(value, fact.scheme)
