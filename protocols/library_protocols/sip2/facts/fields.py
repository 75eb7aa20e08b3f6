"""Coded fields: every one of SIP 2.00, then the extensions met in the field, each with its origin.

One row a code. Where implementers disagree about a code, `meaning` is the reading used when a profile
says nothing and `conflicts` lists the others. A code that is not here is legal: it is kept as it came.
"""

from __future__ import annotations

from dataclasses import dataclass

VARIABLE = 255
"""Longest value of a variable-length field (P message format)."""


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One coded field.

    `kind` is one of identifier, text (may be cut for display), opaque, flag, code, date (18 characters), date_text
    (free format), money, number, currency, positions, password, list, sequence, checksum. `max_length` counts
    characters of the value; `exact` says that the value always has that length. `secret` values are never kept
    in clear; `personal` ones identify or describe a person. `table` names the code table of the value.
    """

    code: str
    name: str
    title: str
    kind: str
    max_length: int
    meaning: str
    clause: str
    origin: str = "SIP 2.00"
    exact: bool = False
    secret: bool = False
    personal: bool = False
    repeatable: bool = False
    table: str | None = None
    conflicts: tuple[str, ...] = ()


def _std(
    code: str,
    name: str,
    title: str,
    kind: str,
    meaning: str,
    length: int = VARIABLE,
    *,
    secret: bool = False,
    personal: bool = False,
    repeatable: bool = False,
    table: str | None = None,
    conflicts: tuple[str, ...] = (),
) -> FieldFact:
    return FieldFact(
        code, name, title, kind, length, meaning, f"P field {code}", exact=length < VARIABLE and code != "BX",
        secret=secret, personal=personal, repeatable=repeatable, table=table, conflicts=conflicts,
    )  # fmt: skip


def _ext(
    code: str,
    name: str,
    title: str,
    kind: str,
    meaning: str,
    origin: str,
    *,
    clause: str = "W",
    personal: bool = False,
    repeatable: bool = False,
    table: str | None = None,
    conflicts: tuple[str, ...] = (),
) -> FieldFact:
    return FieldFact(
        code, name, title, kind, VARIABLE, meaning, clause, origin,
        personal=personal, repeatable=repeatable, table=table, conflicts=conflicts,
    )  # fmt: skip


_STANDARD = (
    _std("AA", "patron_identifier", "patron identifier", "identifier", "the patron's card number", personal=True),
    _std("AB", "item_identifier", "item identifier", "identifier", "the item's barcode or tag number"),
    _std("AC", "terminal_password", "terminal password", "password", "password of the SC; empty when unused",
         secret=True),
    _std("AD", "patron_password", "patron password", "password", "the patron's PIN", secret=True),
    _std("AE", "personal_name", "personal name", "text", "the patron's name as shown on screen", personal=True),
    _std("AF", "screen_message", "screen message", "text", "one line for the SC's screen", repeatable=True),
    _std("AG", "print_line", "print line", "text", "one line for the SC's printer", repeatable=True),
    _std("AH", "due_date", "due date", "date_text", "when the item is due; the ACS chooses the format"),
    _std("AJ", "title_identifier", "title identifier", "text", "the item's title"),
    _std("AL", "blocked_card_msg", "blocked card message", "text", "why the card is to be blocked", personal=True),
    _std("AM", "library_name", "library name", "text", "name of the library"),
    _std("AN", "terminal_location", "terminal location", "text", "where the SC stands"),
    _std("AO", "institution_id", "institution id", "identifier", "which library of the ACS is meant"),
    _std("AP", "current_location", "current location", "identifier", "where the item is now",
         conflicts=("dp2: in 19, the location the item is moved to",)),
    _std("AQ", "permanent_location", "permanent location", "identifier", "where the item belongs",
         conflicts=("Evergreen: in 64, the patron's home library", "dp2: in 19, the item's new home")),
    _std("AS", "hold_items", "hold items", "list", "one held item", repeatable=True),
    _std("AT", "overdue_items", "overdue items", "list", "one overdue item", repeatable=True),
    _std("AU", "charged_items", "charged items", "list", "one item on loan", repeatable=True),
    _std("AV", "fine_items", "fine items", "list", "one fine", repeatable=True),
    _std("AY", "sequence_number", "sequence number", "sequence",
         "digit 0 to 9 of the request, echoed by the answer; has no delimiter", 1),
    _std("AZ", "checksum", "checksum", "checksum",
         "two's complement of the sum of all octets up to and including AZ; has no delimiter", 4),
    _std("BD", "home_address", "home address", "text", "the patron's address", personal=True),
    _std("BE", "e_mail_address", "e-mail address", "identifier", "the patron's e-mail address", personal=True),
    _std("BF", "home_phone_number", "home phone number", "identifier", "the patron's telephone", personal=True),
    _std("BG", "owner", "owner", "text", "who owns the item"),
    _std("BH", "currency_type", "currency type", "currency", "ISO 4217 code of the fee's currency", 3,
         table="currency"),
    _std("BI", "cancel", "cancel", "flag", "Y: undo the transaction this message would repeat", 1, table="yes_no"),
    _std("BK", "transaction_id", "transaction id", "identifier", "names a payment or a fee transaction"),
    _std("BL", "valid_patron", "valid patron", "flag", "Y: the ACS knows the patron identifier", 1, table="yes_no"),
    _std("BM", "renewed_items", "renewed items", "list", "one item that was renewed", repeatable=True),
    _std("BN", "unrenewed_items", "unrenewed items", "list", "one item that was not renewed", repeatable=True),
    _std("BO", "fee_acknowledged", "fee acknowledged", "flag", "Y: the patron accepts the fee; N: not asked or no", 1,
         table="yes_no"),
    _std("BP", "start_item", "start item", "number", "number of the first list item wanted, counted from 1"),
    _std("BQ", "end_item", "end item", "number", "number of the last list item wanted"),
    _std("BR", "queue_position", "queue position", "number", "the patron's place in the hold queue"),
    _std("BS", "pickup_location", "pickup location", "identifier", "where the patron collects the hold"),
    _std("BT", "fee_type", "fee type", "code", "what the fee is for", 2, table="fee_type"),
    _std("BU", "recall_items", "recall items", "list", "one recalled item", repeatable=True),
    _std("BV", "fee_amount", "fee amount", "money", "amount of the fee or payment, decimal point"),
    _std("BW", "expiration_date", "expiration date", "date", "when the hold expires", 18),
    _std("BX", "supported_messages", "supported messages", "positions", "Y or N for each message the ACS supports", 16,
         table="supported_messages"),
    _std("BY", "hold_type", "hold type", "code", "what the hold asks for", 1, table="hold_type"),
    _std("BZ", "hold_items_limit", "hold items limit", "number", "how many holds the patron may have", 4),
    _std("CA", "overdue_items_limit", "overdue items limit", "number", "how many overdue items the patron may have", 4),
    _std("CB", "charged_items_limit", "charged items limit", "number", "how many loans the patron may have", 4),
    _std("CC", "fee_limit", "fee limit", "money", "how much the patron may owe and still borrow"),
    _std("CD", "unavailable_hold_items", "unavailable hold items", "list", "one hold that is not ready",
         repeatable=True),
    _std("CF", "hold_queue_length", "hold queue length", "number", "how many holds wait for the item"),
    _std("CG", "fee_identifier", "fee identifier", "identifier", "names one fee",
         conflicts=("Gossip: first field of a repeated fee group",)),
    _std("CH", "item_properties", "item properties", "opaque", "information about the item, of local meaning"),
    _std("CI", "security_inhibit", "security inhibit", "flag", "Y: leave the item's security marker alone", 1,
         table="yes_no"),
    _std("CJ", "recall_date", "recall date", "date", "when the item was recalled", 18),
    _std("CK", "media_type", "media type", "code", "kind of item", 3, table="media_type"),
    _std("CL", "sort_bin", "sort bin", "identifier", "bin a returned item is sorted into"),
    _std("CM", "hold_pickup_date", "hold pickup date", "date", "until when the hold is kept", 18),
    _std("CN", "login_user_id", "login user id", "identifier", "name under which the SC logs in"),
    _std("CO", "login_password", "login password", "password", "password with which the SC logs in", secret=True),
    _std("CP", "location_code", "location code", "identifier", "where the SC stands, as the ACS names it",
         conflicts=("FOLIO: service point UUID, required", "FOLIO: tenant key")),
    _std("CQ", "valid_patron_password", "valid patron password", "flag", "Y: the patron password is right", 1,
         table="yes_no"),
)  # fmt: skip

_X120 = "3M extensions 1.20"
_ENVISION = "Envisionware"
_POLARIS = "Polaris"
_GOSSIP = "Gossip (GBV)"

_EXTENSIONS = (
    _ext("CR", "collection_code", "collection code", "identifier", "collection the item belongs to", _X120,
         clause="X field CR"),
    _ext("CS", "call_number", "call number", "text", "the item's shelf mark", _X120, clause="X field CS"),
    _ext("CT", "destination_location", "destination location", "identifier", "where the item must go next", _X120,
         clause="X field CT"),
    _ext("CV", "alert_type", "alert type", "code", "why the check-in raised an alert", _X120,
         clause="X field CV", table="alert_type"),
    _ext("CY", "hold_patron_id", "hold patron id", "identifier", "patron for whom the item is held", _X120,
         clause="X field CY", personal=True),
    _ext("DA", "hold_patron_name", "hold patron name", "text", "name of the patron for whom the item is held", _X120,
         clause="X field DA", personal=True),
    _ext("DB", "sort_destination", "sort destination", "identifier", "sorting destination of a returned item", "Aleph"),
    _ext("PA", "patron_expiration", "patron expiry date", "date_text", "when the patron's card expires, YYYYMMDD",
         "Evergreen", conflicts=("3M extensions and Koha: PAC access type", "Polaris: number of the patron code")),
    _ext("PB", "birth_date", "birth date", "date_text", "the patron's date of birth, YYYYMMDD", _ENVISION,
         personal=True, conflicts=("Polaris: another barcode of the patron",)),
    _ext("PC", "patron_class", "patron class", "identifier", "category of the patron", _ENVISION),
    _ext("PD", "birth_date_alternative", "birth date", "date_text", "the patron's date of birth", "Atriuum",
         personal=True, conflicts=("SirsiDynix: local meaning",)),
    _ext("PI", "internet_profile", "internet profile", "identifier", "internet access profile of the patron",
         _ENVISION),
    _ext("PT", "patron_group", "patron group", "identifier", "group of the patron", "Voyager ESIP"),
    _ext("ZY", "patron_type", "patron type", "identifier", "type of the patron", "Voyager ESIP"),
    _ext("MA", "bib_id", "bibliographic id", "identifier", "record to place the hold on, in 15", "Voyager ESIP"),
    _ext("XI", "internal_patron_id", "internal patron id", "identifier", "the ACS's own number of the patron",
         "Evergreen", personal=True),
    _ext("BC", "birth_date_polaris", "birth date", "date_text", "the patron's date of birth", _POLARIS, personal=True),
    _ext("PE", "patron_branch", "patron branch", "identifier", "the patron's branch", _POLARIS),
    _ext("PS", "patron_branch_name", "patron branch name", "text", "name of the patron's branch", _POLARIS),
    _ext("PZ", "postal_code", "postal code", "identifier", "the patron's postal code", _POLARIS, personal=True),
    _ext("PX", "expiration_date_polaris", "expiry date", "date_text", "when the patron's card expires", _POLARIS),
    _ext("PY", "patron_expired", "patron expired", "flag", "Y: the patron's card has expired", _POLARIS,
         table="yes_no"),
    *(
        _ext(f"U{n}", f"user_defined_{n}", f"user-defined field {n}", "text", "patron field of local meaning",
             _POLARIS, personal=True)
        for n in range(1, 6)
    ),
    _ext("FA", "fee_outstanding", "fee outstanding", "money", "amount of one fee, after its CG", _GOSSIP,
         repeatable=True, conflicts=("Polaris: total of the charges", "OCLC Wise: switch, Y or N")),
    _ext("FB", "fee_item", "fee item", "identifier", "item the fee is about", _GOSSIP, repeatable=True,
         conflicts=("OCLC Wise: switch, Y or N",)),
    _ext("FC", "fee_date", "fee date", "date_text", "when the fee arose", _GOSSIP, repeatable=True,
         conflicts=("OCLC Wise: switch, Y or N",)),
    _ext("FD", "fee_title", "fee title", "text", "title of the item the fee is about", _GOSSIP, repeatable=True),
    _ext("FE", "fee_type_number", "fee type number", "identifier", "the ACS's own number of the fee type", _GOSSIP,
         repeatable=True),
    _ext("FF", "fee_reason", "fee reason", "text", "what the fee is for, in words", _GOSSIP, repeatable=True),
    _ext("FG", "fee_paid", "fee paid", "money", "amount of one fee already paid", _GOSSIP, repeatable=True),
    _ext("SV", "server_version", "server version", "text", "version of the ACS, in 98", _GOSSIP),
    _ext("GG", "licences", "licences", "text", "licensed functions, in 98", "OCLC Wise"),
    _ext("YZ", "detail_lines", "detail lines", "text", "lines divided by ~, in 42", "OCLC Wise"),
    _ext("OR", "register_login", "register login", "identifier", "who operates the cash register, in 37",
         "Evergreen (KCLS)"),
    _ext("RN", "cheque_number", "cheque number", "identifier", "number of the cheque paid with, in 37",
         "Evergreen (KCLS)"),
    _ext("KP", "current_shelf", "current shelf", "identifier", "shelf the item stands on now", "dp2"),
    _ext("KQ", "permanent_shelf", "permanent shelf", "identifier", "shelf the item belongs on", "dp2"),
    _ext("DE", "work_description", "work description", "text", "description of the work, in 18", "fsip2"),
    _ext("EA", "primary_contributor", "primary contributor", "text", "author of the work, in 18", "fsip2"),
    _ext("IN", "isbn", "ISBN", "identifier", "ISBN of the title, in 18", "fsip2"),
    _ext("NB", "other_number", "other identifier", "identifier", "another number of the title, in 18", "fsip2"),
    *(
        _ext(code, f"sirsidynix_{code.lower()}", f"local field {code}", "text", "of local meaning", "SirsiDynix")
        for code in ("DG", "DH", "DI", "DJ", "DK", "DL")
    ),
)  # fmt: skip

FIELDS: dict[str, FieldFact] = {fact.code: fact for fact in _STANDARD + _EXTENSIONS}
"""Every coded field we know, by its code; the standard's first."""

__all__ = ["FIELDS", "VARIABLE", "FieldFact"]
