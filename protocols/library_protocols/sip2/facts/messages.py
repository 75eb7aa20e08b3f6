"""Messages: the fixed part in wire order, then the coded fields each message must and may carry.

Fixed fields recur under the same name, so each is described once in `_FIXED` and messages list names.
Slices into the fixed part are derived here once; the codec never adds up widths.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FixedField:
    """One field of a fixed part. `kind` is flag, code, date, number, tenths (of a second), positions,
    currency or version; `width` counts characters; `table` names the code table of the value."""

    name: str
    width: int
    kind: str
    clause: str
    meaning: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class MessageFact:
    """One message. `sender` is SC or ACS; `answers` are the codes that answer it; `command` tells whether
    it changes state on the ACS; `repeatable` are the coded fields that may come more than once."""

    code: str
    name: str
    title: str
    sender: str
    answers: tuple[str, ...]
    fixed: tuple[FixedField, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    repeatable: tuple[str, ...]
    clause: str
    command: bool
    width: int = field(init=False)
    """Characters of the fixed part, without the command code."""
    slices: tuple[tuple[str, slice], ...] = field(init=False)
    """Where each fixed field lies in the whole message, command code included."""

    def __post_init__(self) -> None:
        slices: list[tuple[str, slice]] = []
        at = 2
        for item in self.fixed:
            slices.append((item.name, slice(at, at + item.width)))
            at += item.width
        object.__setattr__(self, "width", at - 2)
        object.__setattr__(self, "slices", tuple(slices))


def _fixed(name: str, width: int, kind: str, meaning: str, table: str | None = None) -> FixedField:
    return FixedField(name, width, kind, f"P field {name.replace('_', ' ')}", meaning, table)


_FIXED: dict[str, FixedField] = {
    item.name: item
    for item in (
        _fixed("uid_algorithm", 1, "code", "how the login user id is encrypted", "algorithm"),
        _fixed("pwd_algorithm", 1, "code", "how the login password is encrypted", "algorithm"),
        _fixed("ok", 1, "code", "whether the ACS did what was asked", "ok"),
        _fixed("status_code", 1, "code", "state of the SC", "sc_status"),
        _fixed("max_print_width", 3, "number", "characters the SC prints on a line"),
        _fixed("protocol_version", 4, "version", "version of the protocol, x.xx"),
        _fixed("online_status", 1, "flag", "whether the ACS is on-line", "yes_no"),
        _fixed("checkin_ok", 1, "flag", "whether the SC may check items in", "yes_no"),
        _fixed("checkout_ok", 1, "flag", "whether the SC may check items out", "yes_no"),
        _fixed("acs_renewal_policy", 1, "flag", "whether the ACS renews for this SC", "yes_no"),
        _fixed("status_update_ok", 1, "flag", "whether the SC may update patron status", "yes_no"),
        _fixed("offline_ok", 1, "flag", "whether the SC may work off-line and send later", "yes_no"),
        _fixed("timeout_period", 3, "tenths", "tenths of a second the SC waits for an answer", "timeout_period"),
        _fixed("retries_allowed", 3, "number", "how often the SC repeats a message", "retries_allowed"),
        _fixed("date_time_sync", 18, "date", "the ACS's clock, for the SC to follow"),
        _fixed("language", 3, "code", "language for the patron", "language"),
        _fixed("transaction_date", 18, "date", "when this happened, by the sender's clock"),
        _fixed("patron_status", 14, "positions", "what the patron may not do, and why", "patron_status"),
        _fixed("summary", 10, "positions", "which list of items is wanted", "summary"),
        _fixed("hold_items_count", 4, "number", "number of hold items; blank when not supported"),
        _fixed("overdue_items_count", 4, "number", "number of overdue items; blank when not supported"),
        _fixed("charged_items_count", 4, "number", "number of items on loan; blank when not supported"),
        _fixed("fine_items_count", 4, "number", "number of fine items; blank when not supported"),
        _fixed("recall_items_count", 4, "number", "number of recalled items; blank when not supported"),
        _fixed("unavailable_holds_count", 4, "number", "number of holds not ready; blank when not supported"),
        _fixed("end_session", 1, "flag", "whether the ACS ended the patron's session", "yes_no"),
        _fixed("sc_renewal_policy", 1, "flag", "whether the SC's rules let the patron renew", "yes_no"),
        _fixed("no_block", 1, "flag", "Y: it already happened off-line and must not be refused", "yes_no"),
        _fixed("nb_due_date", 18, "date", "due date the patron was given off-line"),
        _fixed("return_date", 18, "date", "when the item was returned"),
        _fixed("renewal_ok", 1, "flag", "whether the loan was renewed", "yes_no"),
        _fixed("magnetic_media", 1, "flag", "whether the item is magnetic media", "yes_no_unknown"),
        _fixed("desensitize", 1, "flag", "whether the SC shall desensitize the item", "yes_no_unknown"),
        _fixed("resensitize", 1, "flag", "whether the SC shall resensitize the item", "yes_no"),
        _fixed("alert", 1, "flag", "whether the SC shall sound its alert", "yes_no"),
        _fixed("third_party_allowed", 1, "flag", "whether others than the patron may renew", "yes_no"),
        _fixed("renewed_count", 4, "number", "number of items renewed"),
        _fixed("unrenewed_count", 4, "number", "number of items not renewed"),
        _fixed("circulation_status", 2, "code", "circulation status of the item", "circulation_status"),
        _fixed("security_marker", 2, "code", "security marker of the item", "security_marker"),
        _fixed("fee_type", 2, "code", "what the fee is for", "fee_type"),
        _fixed("item_properties_ok", 1, "code", "1: the item properties were stored; anything else: not", "ok"),
        _fixed("hold_mode", 1, "code", "whether to add, delete or change the hold", "hold_mode"),
        _fixed("available", 1, "flag", "whether the held item is available", "yes_no"),
        _fixed("payment_type", 2, "code", "how the fee was paid", "payment_type"),
        _fixed("currency_type", 3, "currency", "ISO 4217 code of the payment's currency", "currency"),
        _fixed("payment_accepted", 1, "flag", "whether the ACS took the payment", "yes_no"),
        _fixed("card_retained", 1, "flag", "whether the SC kept the card", "yes_no"),
    )
}  # fmt: skip

_LISTS = ("AS", "AT", "AU", "AV", "BU", "CD")
_SORTER = ("CR", "CS", "CT", "CV", "CY", "DA")


def _message(
    code: str,
    name: str,
    title: str,
    sender: str,
    answers: str,
    fixed: str,
    required: str,
    optional: str,
    *,
    command: bool = False,
    lists: tuple[str, ...] = (),
) -> MessageFact:
    """Build a row; names and codes are written as blank-separated words."""
    optional_codes = tuple(optional.split()) + lists
    return MessageFact(
        code,
        name,
        title,
        sender,
        tuple(answers.split()),
        tuple(_FIXED[word] for word in fixed.split()),
        tuple(required.split()),
        optional_codes,
        tuple(item for item in optional_codes if item in {"AF", "AG"}) + lists,
        f"P message {code}",
        command,
    )


_COUNTS = (
    "hold_items_count overdue_items_count charged_items_count"
    " fine_items_count recall_items_count unavailable_holds_count"
)
_LOAN_FIXED = "ok renewal_ok magnetic_media desensitize transaction_date"
_LOAN_OPTIONAL = "BT CI BH BV CK CH BK AF AG"

_MESSAGES = (
    _message("93", "login", "Login", "SC", "94", "uid_algorithm pwd_algorithm", "CN CO", "CP"),
    _message("94", "login_response", "Login Response", "ACS", "", "ok", "", ""),
    _message("99", "sc_status", "SC Status", "SC", "98", "status_code max_print_width protocol_version", "", ""),
    _message("98", "acs_status", "ACS Status", "ACS", "",
             "online_status checkin_ok checkout_ok acs_renewal_policy status_update_ok offline_ok timeout_period"
             " retries_allowed date_time_sync protocol_version",
             "AO BX", "AM AN AF AG"),
    _message("23", "patron_status_request", "Patron Status Request", "SC", "24", "language transaction_date",
             "AO AA AC AD", ""),
    _message("24", "patron_status_response", "Patron Status Response", "ACS", "",
             "patron_status language transaction_date", "AO AA AE", "BL CQ BH BV AF AG"),
    _message("63", "patron_information", "Patron Information", "SC", "64", "language transaction_date summary",
             "AO AA", "AC AD BP BQ"),
    _message("64", "patron_information_response", "Patron Information Response", "ACS", "",
             f"patron_status language transaction_date {_COUNTS}",
             "AO AA AE", "BZ CA CB BL CQ BH BV CC BD BE BF AF AG", lists=_LISTS),
    _message("35", "end_patron_session", "End Patron Session", "SC", "36", "transaction_date", "AO AA", "AC AD"),
    _message("36", "end_session_response", "End Session Response", "ACS", "", "end_session transaction_date",
             "AO AA", "AF AG"),
    _message("11", "checkout", "Checkout", "SC", "12", "sc_renewal_policy no_block transaction_date nb_due_date",
             "AO AA AB AC", "CH AD BO BI", command=True),
    _message("12", "checkout_response", "Checkout Response", "ACS", "", _LOAN_FIXED, "AO AA AB AJ AH",
             _LOAN_OPTIONAL),
    _message("09", "checkin", "Checkin", "SC", "10", "no_block transaction_date return_date", "AP AO AB AC", "CH BI",
             command=True),
    _message("10", "checkin_response", "Checkin Response", "ACS", "",
             "ok resensitize magnetic_media alert transaction_date", "AO AB AQ",
             "AJ CL AA CK CH AF AG " + " ".join(_SORTER)),
    _message("29", "renew", "Renew", "SC", "30", "third_party_allowed no_block transaction_date nb_due_date",
             "AO AA", "AD AB AJ AC CH BO", command=True),
    _message("30", "renew_response", "Renew Response", "ACS", "", _LOAN_FIXED, "AO AA AB AJ AH", _LOAN_OPTIONAL),
    _message("65", "renew_all", "Renew All", "SC", "66", "transaction_date", "AO AA", "AD AC BO", command=True),
    _message("66", "renew_all_response", "Renew All Response", "ACS", "",
             "ok renewed_count unrenewed_count transaction_date", "AO", "AF AG", lists=("BM", "BN")),
    _message("17", "item_information", "Item Information", "SC", "18", "transaction_date", "AO AB", "AC"),
    _message("18", "item_information_response", "Item Information Response", "ACS", "",
             "circulation_status security_marker fee_type transaction_date", "AB AJ",
             "CF AH CJ CM BG BH BV CK AQ AP CH AF AG " + " ".join(_SORTER)),
    _message("19", "item_status_update", "Item Status Update", "SC", "20", "transaction_date", "AO AB CH", "AC",
             command=True),
    _message("20", "item_status_update_response", "Item Status Update Response", "ACS", "",
             "item_properties_ok transaction_date", "AB", "AJ CH AF AG"),
    _message("25", "patron_enable", "Patron Enable", "SC", "26", "transaction_date", "AO AA", "AC AD", command=True),
    _message("26", "patron_enable_response", "Patron Enable Response", "ACS", "",
             "patron_status language transaction_date", "AO AA AE", "BL CQ AF AG"),
    _message("15", "hold", "Hold", "SC", "16", "hold_mode transaction_date", "AO AA", "BW BS BY AD AB AJ AC BO",
             command=True),
    _message("16", "hold_response", "Hold Response", "ACS", "", "ok available transaction_date", "AO AA",
             "BW BR BS AB AJ AF AG"),
    _message("37", "fee_paid", "Fee Paid", "SC", "38", "transaction_date fee_type payment_type currency_type",
             "BV AO AA", "AC AD CG BK", command=True),
    _message("38", "fee_paid_response", "Fee Paid Response", "ACS", "", "payment_accepted transaction_date",
             "AO AA", "BK AF AG"),
    _message("01", "block_patron", "Block Patron", "SC", "24", "card_retained transaction_date", "AO AL AA AC", "",
             command=True),
    _message("97", "request_acs_resend", "Request ACS Resend", "SC", "", "", "", ""),
    _message("96", "request_sc_resend", "Request SC Resend", "ACS", "", "", "", ""),
)  # fmt: skip

MESSAGES: dict[str, MessageFact] = {fact.code: fact for fact in _MESSAGES}
"""Every message of SIP 2.00, by its command code."""

__all__ = ["MESSAGES", "FixedField", "MessageFact"]
