"""The tables, derived from `gateway.store.rows`: one column a field; keys and indexes here. One for both databases."""

from __future__ import annotations

import dataclasses
import typing

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from gateway.store import rows

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TYPES: dict[type, type] = {str: Text, int: BigInteger, bool: Boolean, bytes: LargeBinary}
TABLES: dict[type, Table] = {}


def _columns(row: type, primary_key: tuple[str, ...]) -> list[Column[typing.Any]]:
    hints = typing.get_type_hints(row)
    columns: list[Column[typing.Any]] = []
    for field in dataclasses.fields(row):
        args = typing.get_args(hints[field.name])
        base = next((a for a in args if a is not type(None)), hints[field.name])
        columns.append(
            Column(field.name, _TYPES[base](), primary_key=field.name in primary_key, nullable=type(None) in args)
        )
    return columns


def _table(
    row: type,
    name: str,
    *extra: Index | ForeignKeyConstraint,
    key: tuple[str, ...] = ("member", "id"),
    leading: tuple[Column[typing.Any], ...] = (),
) -> Table:
    made = Table(name, metadata, *leading, *_columns(row, key), *extra)
    TABLES[row] = made
    return made


def _ref(columns: str, table: str, target: str = "id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["member", columns], [f"{table}.member", f"{table}.{target}"])


def _external(table: str) -> Index:
    """Few rows have come from elsewhere."""
    present = text("external_ref IS NOT NULL")
    return Index(f"ix_{table}_external", "member", "external_ref", sqlite_where=present, postgresql_where=present)


member_state = _table(rows.MemberStateRow, "member_state", key=("member",))
location = _table(rows.LocationRow, "location", Index(None, "member", "code", unique=True))
closed_day = _table(rows.ClosedDayRow, "closed_day", key=("member", "location", "day"))
patron_category = _table(rows.PatronCategoryRow, "patron_category", key=("member", "code"))
item_type = _table(rows.ItemTypeRow, "item_type", key=("member", "code"))
loan_rule = _table(rows.LoanRuleRow, "loan_rule")
patron = _table(rows.PatronRow, "patron")
patron_identifier = _table(
    rows.PatronIdentifierRow,
    "patron_identifier",
    _ref("patron_id", "patron"),
    Index(None, "member", "patron_id"),
    key=("member", "value"),
)
pseudonym = _table(
    rows.PseudonymRow,
    "pseudonym",
    Index(None, "member", "pseudonym", unique=True),
    key=("member", "patron_id"),
)
patron_block = _table(
    rows.PatronBlockRow,
    "patron_block",
    _ref("patron_id", "patron"),
    Index(None, "member", "patron_id"),
    # Notices that have ended are forgotten, and found past all blocks there are.
    Index("ix_patron_block_notice", "member", "expires_at", sqlite_where=text("reason = 'NOTICE'"),
          postgresql_where=text("reason = 'NOTICE'")),
)  # fmt: skip
bib = _table(rows.BibRow, "bib", Index(None, "member", "position"), Index(None, "member", "title"))
item = _table(
    rows.ItemRow,
    "item",
    _ref("bib_id", "bib"),
    Index(None, "member", "barcode", unique=True),
    Index(None, "member", "bib_id"),
    _external("item"),
)
loan = _table(
    rows.LoanRow,
    "loan",
    _ref("item_id", "item"),
    _ref("patron_id", "patron"),
    # An item has at most one open loan: the last line of defence behind the version guards.
    Index("ux_loan_open_item", "member", "item_id", unique=True, sqlite_where=text("status = 'open'"),
          postgresql_where=text("status = 'open'")),
    Index("ix_loan_open_patron", "member", "patron_id", "due_at", sqlite_where=text("status = 'open'"),
          postgresql_where=text("status = 'open'")),
    Index("ix_loan_missing_patron", "member", "patron_id", sqlite_where=text("status IN ('lost', 'claimed')"),
          postgresql_where=text("status IN ('lost', 'claimed')")),
    # What has not come back is found past all loans an item ever had.
    Index("ix_loan_unreturned_item", "member", "item_id", sqlite_where=text("status IN ('open', 'lost', 'claimed')"),
          postgresql_where=text("status IN ('open', 'lost', 'claimed')")),
    _external("loan"),
)  # fmt: skip
hold = _table(
    rows.HoldRow,
    "hold",
    _ref("patron_id", "patron"),
    _ref("bib_id", "bib"),
    Index("ix_hold_open_bib", "member", "bib_id", "place", sqlite_where=text("closed_at IS NULL"),
          postgresql_where=text("closed_at IS NULL")),
    Index("ix_hold_open_patron", "member", "patron_id", sqlite_where=text("closed_at IS NULL"),
          postgresql_where=text("closed_at IS NULL")),
    _external("hold"),
)  # fmt: skip
charge = _table(
    rows.ChargeRow,
    "charge",
    _ref("patron_id", "patron"),
    Index("ix_charge_open_patron", "member", "patron_id", "created_at", sqlite_where=text("status = 'open'"),
          postgresql_where=text("status = 'open'")),
    Index(None, "member", "loan_id"),
    _external("charge"),
)  # fmt: skip
payment = _table(rows.PaymentRow, "payment", _ref("patron_id", "patron"), Index(None, "member", "patron_id"))
payment_line = _table(
    rows.PaymentLineRow,
    "payment_line",
    _ref("payment_id", "payment"),
    _ref("charge_id", "charge"),
    key=("member", "payment_id", "charge_id"),
)
event = _table(
    rows.EventRow,
    "event",
    Index(None, "member", "seq"),
    Index(None, "member", "item_id"),
    key=(),
    leading=(Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),),
)
idempotency = _table(
    rows.IdempotencyRow,
    "idempotency",
    # What housekeeping looks for, past all the answers that are kept for good.
    Index("ix_idempotency_passing", "at", sqlite_where=text("permanent = 0"), postgresql_where=text("NOT permanent")),
    Index("ix_idempotency_personal", "at", sqlite_where=text("permanent = 1 AND personal IS NOT NULL"),
          postgresql_where=text("permanent AND personal IS NOT NULL")),
    key=("member", "key"),
)  # fmt: skip
offline_conflict = _table(rows.OfflineConflictRow, "offline_conflict", Index(None, "member", "at"))
pin_failure = _table(rows.PinFailureRow, "pin_failure", Index(None, "member", "patron_id", "at"))
import_progress = _table(rows.ImportProgressRow, "import_progress")
broker_notice = _table(
    rows.BrokerNoticeRow,
    "broker_notice",
    Index("ix_broker_notice_due", "member", "next_at", sqlite_where=text("sent_at IS NULL AND given_up_at IS NULL"),
          postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")),
    Index(None, "member", "peer", "event", "service", unique=True),
)  # fmt: skip
broker_position = _table(rows.BrokerPositionRow, "broker_position", key=("member", "peer"))
