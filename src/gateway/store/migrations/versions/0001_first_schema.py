"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_LOAN_OR_CHARGE = sa.text("status = 'open'")
MISSING_LOAN = sa.text("status IN ('lost', 'claimed')")
UNRETURNED_LOAN = sa.text("status IN ('open', 'lost', 'claimed')")
OPEN_HOLD = sa.text("closed_at IS NULL")
PASSING: dict[str, Any] = {"sqlite_where": sa.text("permanent = 0"), "postgresql_where": sa.text("NOT permanent")}
PERSONAL: dict[str, Any] = {
    "sqlite_where": sa.text("permanent = 1 AND personal IS NOT NULL"),
    "postgresql_where": sa.text("permanent AND personal IS NOT NULL"),
}


def upgrade() -> None:
    _create_tables()
    _make_events_append_only()


def _create_tables() -> None:
    op.create_table(
        "bib",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("publisher", sa.Text(), nullable=True),
        sa.Column("year", sa.Text(), nullable=True),
        sa.Column("edition", sa.Text(), nullable=True),
        sa.Column("isbn_json", sa.Text(), nullable=False),
        sa.Column("issn_json", sa.Text(), nullable=False),
        sa.Column("oclc_json", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.Column("marc", sa.LargeBinary(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_bib"),
    )
    op.create_index("ix_bib_member_position", "bib", ["member", "position"], unique=False)
    op.create_index("ix_bib_member_title", "bib", ["member", "title"], unique=False)
    op.create_table(
        "closed_day",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "location", "day", name="pk_closed_day"),
    )
    op.create_table(
        "event",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("loan_id", sa.Text(), nullable=True),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("data_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
    )
    op.create_index("ix_event_member_item_id", "event", ["member", "item_id"], unique=False)
    op.create_index("ix_event_member_seq", "event", ["member", "seq"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("answer_json", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("member", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_passing", "idempotency", ["at"], unique=False, **PASSING)
    op.create_index("ix_idempotency_personal", "idempotency", ["at"], unique=False, **PERSONAL)
    op.create_table(
        "import_progress",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_refused", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_import_progress"),
    )
    op.create_table(
        "item_type",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("replacement_cost", sa.BigInteger(), nullable=False),
        sa.Column("processing_fee", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "code", name="pk_item_type"),
    )
    op.create_table(
        "loan_rule",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_category", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("loanable", sa.Boolean(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("period_unit", sa.Text(), nullable=False),
        sa.Column("fixed_due_on", sa.Text(), nullable=True),
        sa.Column("max_loans", sa.BigInteger(), nullable=True),
        sa.Column("max_renewals", sa.BigInteger(), nullable=True),
        sa.Column("renew_from", sa.Text(), nullable=False),
        sa.Column("holdable", sa.Boolean(), nullable=False),
        sa.Column("hold_shelf_days", sa.BigInteger(), nullable=False),
        sa.Column("recallable", sa.Boolean(), nullable=False),
        sa.Column("recall_minimum_days", sa.BigInteger(), nullable=False),
        sa.Column("overdue_fee", sa.BigInteger(), nullable=False),
        sa.Column("overdue_unit", sa.Text(), nullable=False),
        sa.Column("overdue_grace", sa.BigInteger(), nullable=False),
        sa.Column("overdue_ceiling", sa.BigInteger(), nullable=True),
        sa.Column("rental_fee", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_loan_rule"),
    )
    op.create_table(
        "location",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("pickup", sa.Boolean(), nullable=False),
        sa.Column("closed_weekdays", sa.Text(), nullable=False),
        sa.Column("opens_minute", sa.BigInteger(), nullable=False),
        sa.Column("closes_minute", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_location"),
    )
    op.create_index("ix_location_member_code", "location", ["member", "code"], unique=True)
    op.create_table(
        "member_state",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.Column("change_position", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", name="pk_member_state"),
    )
    op.create_table(
        "offline_conflict",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("item_barcode", sa.Text(), nullable=True),
        sa.Column("patron_id", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_offline_conflict"),
    )
    op.create_index("ix_offline_conflict_member_at", "offline_conflict", ["member", "at"], unique=False)
    op.create_table(
        "patron",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("given", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("home_library", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Text(), nullable=True),
        sa.Column("valid_from_on", sa.Text(), nullable=True),
        sa.Column("birth_on", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("emails_json", sa.Text(), nullable=False),
        sa.Column("phones_json", sa.Text(), nullable=False),
        sa.Column("addresses_json", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=True),
        sa.Column("is_institution", sa.Boolean(), nullable=False),
        sa.Column("account_key", sa.Text(), nullable=True),
        sa.Column("account_terminal", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_patron"),
    )
    op.create_table(
        "patron_category",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("max_loans", sa.BigInteger(), nullable=True),
        sa.Column("max_overdue", sa.BigInteger(), nullable=True),
        sa.Column("max_holds", sa.BigInteger(), nullable=True),
        sa.Column("max_fees", sa.BigInteger(), nullable=True),
        sa.Column("max_lost", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "code", name="pk_patron_category"),
    )
    op.create_table(
        "pin_failure",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_pin_failure"),
    )
    op.create_index("ix_pin_failure_member_patron_id_at", "pin_failure", ["member", "patron_id", "at"], unique=False)
    op.create_table(
        "pseudonym",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "patron_id", name="pk_pseudonym"),
    )
    op.create_index("ix_pseudonym_member_pseudonym", "pseudonym", ["member", "pseudonym"], unique=True)
    op.create_table(
        "charge",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("original", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("loan_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_key", sa.Text(), nullable=True),
        sa.Column("last_terminal", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_charge"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_charge_member_patron_id"
        ),
    )
    op.create_index("ix_charge_member_loan_id", "charge", ["member", "loan_id"], unique=False)
    op.create_index(
        "ix_charge_open_patron",
        "charge",
        ["member", "patron_id", "created_at"],
        unique=False,
        sqlite_where=OPEN_LOAN_OR_CHARGE,
        postgresql_where=OPEN_LOAN_OR_CHARGE,
    )
    op.create_table(
        "hold",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("bib_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pickup_location", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("needed_before_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_until_at", sa.BigInteger(), nullable=True),
        sa.Column("hold_until_at", sa.BigInteger(), nullable=True),
        sa.Column("filled_item_id", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_hold"),
        sa.ForeignKeyConstraint(["member", "bib_id"], ["bib.member", "bib.id"], name="fk_hold_member_bib_id"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_hold_member_patron_id"
        ),
    )
    op.create_index(
        "ix_hold_open_bib",
        "hold",
        ["member", "bib_id", "place"],
        unique=False,
        sqlite_where=OPEN_HOLD,
        postgresql_where=OPEN_HOLD,
    )
    op.create_index(
        "ix_hold_open_patron",
        "hold",
        ["member", "patron_id"],
        unique=False,
        sqlite_where=OPEN_HOLD,
        postgresql_where=OPEN_HOLD,
    )
    op.create_table(
        "item",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("bib_id", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("permanent_location", sa.Text(), nullable=False),
        sa.Column("current_location", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("call_number", sa.Text(), nullable=True),
        sa.Column("copy_number", sa.Text(), nullable=True),
        sa.Column("enumeration", sa.Text(), nullable=True),
        sa.Column("collection", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("restrictions", sa.Text(), nullable=False),
        sa.Column("security_marker", sa.Text(), nullable=False),
        sa.Column("magnetic", sa.Boolean(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("temporary", sa.Boolean(), nullable=False),
        sa.Column("owner_member", sa.Text(), nullable=True),
        sa.Column("lent_to_member", sa.Text(), nullable=True),
        sa.Column("hold_id", sa.Text(), nullable=True),
        sa.Column("last_key", sa.Text(), nullable=True),
        sa.Column("last_terminal", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_item"),
        sa.ForeignKeyConstraint(["member", "bib_id"], ["bib.member", "bib.id"], name="fk_item_member_bib_id"),
    )
    op.create_index("ix_item_member_barcode", "item", ["member", "barcode"], unique=True)
    op.create_index("ix_item_member_bib_id", "item", ["member", "bib_id"], unique=False)
    op.create_table(
        "patron_block",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_patron_block"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_patron_block_member_patron_id"
        ),
    )
    op.create_index("ix_patron_block_member_patron_id", "patron_block", ["member", "patron_id"], unique=False)
    op.create_table(
        "patron_identifier",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "value", name="pk_patron_identifier"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_patron_identifier_member_patron_id"
        ),
    )
    op.create_index("ix_patron_identifier_member_patron_id", "patron_identifier", ["member", "patron_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("fee_type", sa.Text(), nullable=True),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_payment"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_payment_member_patron_id"
        ),
    )
    op.create_index("ix_payment_member_patron_id", "payment", ["member", "patron_id"], unique=False)
    op.create_table(
        "loan",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("patron_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("loaned_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("due_precision", sa.Text(), nullable=False),
        sa.Column("original_due_at", sa.BigInteger(), nullable=True),
        sa.Column("renewals", sa.BigInteger(), nullable=False),
        sa.Column("recalled_at", sa.BigInteger(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("return_terminal", sa.Text(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_loan"),
        sa.ForeignKeyConstraint(["member", "item_id"], ["item.member", "item.id"], name="fk_loan_member_item_id"),
        sa.ForeignKeyConstraint(
            ["member", "patron_id"], ["patron.member", "patron.id"], name="fk_loan_member_patron_id"
        ),
    )
    op.create_index(
        "ix_loan_unreturned_item",
        "loan",
        ["member", "item_id"],
        unique=False,
        sqlite_where=UNRETURNED_LOAN,
        postgresql_where=UNRETURNED_LOAN,
    )
    op.create_index(
        "ix_loan_missing_patron",
        "loan",
        ["member", "patron_id"],
        unique=False,
        sqlite_where=MISSING_LOAN,
        postgresql_where=MISSING_LOAN,
    )
    op.create_index(
        "ix_loan_open_patron",
        "loan",
        ["member", "patron_id", "due_at"],
        unique=False,
        sqlite_where=OPEN_LOAN_OR_CHARGE,
        postgresql_where=OPEN_LOAN_OR_CHARGE,
    )
    op.create_index(
        "ux_loan_open_item",
        "loan",
        ["member", "item_id"],
        unique=True,
        sqlite_where=OPEN_LOAN_OR_CHARGE,
        postgresql_where=OPEN_LOAN_OR_CHARGE,
    )
    op.create_table(
        "payment_line",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "payment_id", "charge_id", name="pk_payment_line"),
        sa.ForeignKeyConstraint(
            ["member", "charge_id"], ["charge.member", "charge.id"], name="fk_payment_line_member_charge_id"
        ),
        sa.ForeignKeyConstraint(
            ["member", "payment_id"], ["payment.member", "payment.id"], name="fk_payment_line_member_payment_id"
        ),
    )


def _make_events_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{what.lower()} BEFORE {what} ON event "
                "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    )
