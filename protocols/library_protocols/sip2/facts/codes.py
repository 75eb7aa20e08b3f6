"""Code tables: what the values of fixed and coded fields stand for.

Data, not rules: a value that is not in its table is legal and kept. In a positional table the value has
one character a row and a row's `code` is the position, counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One value of a table: the code on the wire, a short name for programs, what it means."""

    code: str
    name: str
    meaning: str
    clause: str


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One vocabulary. `positional`: the value holds a character for every row instead of one row's code."""

    name: str
    title: str
    clause: str
    rows: tuple[CodeRow, ...]
    positional: bool = False

    def row(self, code: str) -> CodeRow | None:
        """The row of `code`, or None when the table does not have it (which is legal)."""
        for row in self.rows:
            if row.code == code:
                return row
        return None

    def describe(self, value: str) -> str:
        """What `value` says, in words; empty when the table has nothing to say about it."""
        if self.positional:
            marked = [row.meaning for row in self.rows if value[int(row.code) : int(row.code) + 1] == "Y"]
            return ", ".join(marked) if marked else "none"
        row = self.row(value)
        return row.meaning if row else ""


def _table(name: str, title: str, clause: str, rows: str, *, positional: bool = False, wild: str = "") -> CodeTable:
    """Build a table from lines `code | name | meaning`; `wild` rows are in use but in no standard."""
    parsed: list[CodeRow] = []
    for lines, source in ((rows, clause), (wild, "W")):
        for line in lines.strip().splitlines():
            code, row_name, meaning = (part.strip() for part in line.split("|"))
            parsed.append(CodeRow(code, row_name, meaning, source))
    return CodeTable(name, title, clause, tuple(parsed), positional)


_TABLES = (
    _table("yes_no", "yes or no", "P data types", """
        Y | yes | yes
        N | no | no
        """),
    _table("yes_no_unknown", "yes, no or unknown", "P data types", """
        Y | yes | yes
        N | no | no
        U | unknown | the ACS cannot tell; 3M units take it for no
        """),
    _table("ok", "ok", "P field ok", """
        0 | refused | not done
        1 | done | done
        """),
    _table("algorithm", "login algorithm", "P field UID algorithm", """
        0 | plain | not encrypted
        """),
    _table("sc_status", "SC status code", "P field status code", """
        0 | ok | the SC is in order
        1 | out_of_paper | the SC's printer is out of paper
        2 | shutting_down | the SC is about to shut down
        """),
    _table("hold_mode", "hold mode", "P field hold mode", """
        + | add | place the hold
        - | delete | withdraw the hold
        * | change | change the hold
        """),
    _table("circulation_status", "circulation status", "P field circulation status", """
        01 | other | other
        02 | on_order | on order
        03 | available | available
        04 | charged | charged
        05 | charged_not_to_be_recalled | charged, not to be recalled until the earliest recall date
        06 | in_process | in process
        07 | recalled | recalled
        08 | on_hold_shelf | waiting on the hold shelf
        09 | to_be_reshelved | waiting to be re-shelved
        10 | in_transit | in transit between locations
        11 | claimed_returned | claimed returned
        12 | lost | lost
        13 | missing | missing
        """, wild="00 | unknown | unknown or of local meaning"),
    _table("security_marker", "security marker", "P field security marker", """
        00 | other | other
        01 | none | none
        02 | tattle_tape | Tattle-Tape security strip
        03 | whisper_tape | Whisper Tape
        """),
    _table("media_type", "media type", "P field CK", """
        000 | other | other
        001 | book | book
        002 | magazine | magazine
        003 | bound_journal | bound journal
        004 | audio_tape | audio tape
        005 | video_tape | video tape
        006 | cd | CD or CD-ROM
        007 | diskette | diskette
        008 | book_with_diskette | book with diskette
        009 | book_with_cd | book with CD
        010 | book_with_audio_tape | book with audio tape
        """),
    _table("fee_type", "fee type", "P field BT", """
        01 | other | other or unknown
        02 | administrative | administrative
        03 | damage | damage
        04 | overdue | overdue
        05 | processing | processing
        06 | rental | rental
        07 | replacement | replacement
        08 | computer_access | computer access charge
        09 | hold_fee | hold fee
        """),
    _table("payment_type", "payment type", "P field payment type", """
        00 | cash | cash
        01 | visa | VISA
        02 | credit_card | credit card
        """, wild="""
        05 | cheque | cheque (Evergreen)
        06 | write_off | write-off (Koha's default)
        """),
    _table("hold_type", "hold type", "P field BY", """
        1 | other | other
        2 | any_copy | any copy of the title
        3 | specific_copy | a specific copy of the title
        4 | any_copy_at_one_branch | any copy at a single branch
        """),
    _table("currency", "currency", "P field BH", """
        GBP | gbp | pound sterling
        EUR | eur | euro
        USD | usd | US dollar
        CAD | cad | Canadian dollar
        AUD | aud | Australian dollar
        CHF | chf | Swiss franc
        DKK | dkk | Danish krone
        NOK | nok | Norwegian krone
        SEK | sek | Swedish krona
        JPY | jpy | yen
        """),
    _table("language", "language", "P field language", """
        000 | unknown | unknown (default)
        001 | en | English
        002 | fr | French
        003 | de | German
        004 | it | Italian
        005 | nl | Dutch
        006 | sv | Swedish
        007 | fi | Finnish
        008 | es | Spanish
        009 | da | Danish
        010 | pt | Portuguese
        011 | fr-CA | Canadian French
        012 | no | Norwegian
        013 | he | Hebrew
        014 | ja | Japanese
        015 | ru | Russian
        016 | ar | Arabic
        017 | pl | Polish
        018 | el | Greek
        019 | zh | Chinese
        020 | ko | Korean
        021 | es-NA | North American Spanish
        022 | ta | Tamil
        023 | ms | Malay
        024 | en-GB | British English
        025 | is | Icelandic
        026 | nl-BE | Belgian
        027 | zh-TW | Taiwanese
        """),
    _table("supported_messages", "supported messages", "P field BX", """
        0 | 23 | patron status request
        1 | 11 | checkout
        2 | 09 | checkin
        3 | 01 | block patron
        4 | 99 | SC/ACS status
        5 | 97 | request SC/ACS resend
        6 | 93 | login
        7 | 63 | patron information
        8 | 35 | end patron session
        9 | 37 | fee paid
        10 | 17 | item information
        11 | 19 | item status update
        12 | 25 | patron enable
        13 | 15 | hold
        14 | 29 | renew
        15 | 65 | renew all
        """, positional=True),
    _table("patron_status", "patron status", "P field patron status", """
        0 | charge_denied | charge privileges denied
        1 | renewal_denied | renewal privileges denied
        2 | recall_denied | recall privileges denied
        3 | hold_denied | hold privileges denied
        4 | card_lost | card reported lost
        5 | too_many_charged | too many items charged
        6 | too_many_overdue | too many items overdue
        7 | too_many_renewals | too many renewals
        8 | too_many_claims_returned | too many claims of items returned
        9 | too_many_lost | too many items lost
        10 | excessive_fines | excessive outstanding fines
        11 | excessive_fees | excessive outstanding fees
        12 | recall_overdue | recall overdue
        13 | too_many_billed | too many items billed
        """, positional=True),
    _table("summary", "summary", "P field summary", """
        0 | hold_items | hold items
        1 | overdue_items | overdue items
        2 | charged_items | charged items
        3 | fine_items | fine items
        4 | recall_items | recall items
        5 | unavailable_holds | unavailable holds
        """, positional=True, wild="6 | fee_items | fee items (3M extensions, FOLIO, Gossip)"),
    _table("alert_type", "alert type", "X field CV", """
        00 | unknown | unknown
        01 | hold_here | hold to be collected at this library
        02 | hold_elsewhere | hold to be collected at another library
        03 | interlibrary_loan | interlibrary loan
        04 | transfer | to be sent to another location
        99 | other | other
        """, wild="98 | data_problem | the item's data need attention (Koha)"),
    _table("timeout_period", "timeout period", "P field timeout period", """
        000 | off_line | the ACS is off-line
        999 | unknown | the ACS does not say
        """),
    _table("retries_allowed", "retries allowed", "P field retries allowed", """
        999 | unknown | the ACS does not say
        """),
)  # fmt: skip

TABLES: dict[str, CodeTable] = {table.name: table for table in _TABLES}
"""Every code table, by the name that `FieldFact.table` and `FixedField.table` use."""

__all__ = ["TABLES", "CodeRow", "CodeTable"]
