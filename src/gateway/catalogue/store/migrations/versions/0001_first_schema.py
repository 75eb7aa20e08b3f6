"""The first schema of the catalogue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "catalogue_dictionary",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_dictionary"),
    )
    op.create_table(
        "catalogue_feed",
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("deleted", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("datestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "deleted", "seq", name="pk_catalogue_feed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_feed_block",
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("deleted", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("level", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("block", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "deleted", "level", "block", name="pk_catalogue_feed_block"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_feed_second",
        sa.Column("datestamp", NUMBER, nullable=False, autoincrement=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("datestamp", name="pk_catalogue_feed_second"),
    )
    op.create_table(
        "catalogue_holding",
        sa.Column("record", NUMBER, nullable=False, autoincrement=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record", name="pk_catalogue_holding"),
    )
    op.create_table(
        "catalogue_match_key",
        sa.Column("key", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("record", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "record", name="pk_catalogue_match_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_original",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("dictionary", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_original"),
    )
    op.create_table(
        "catalogue_position",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_position"),
    )
    op.create_table(
        "catalogue_rendering",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("dictionary", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_rendering"),
    )
    op.create_table(
        "catalogue_review",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("a", sa.BigInteger(), nullable=False),
        sa.Column("b", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_review"),
    )
    op.create_index("ix_catalogue_review_a_b", "catalogue_review", ["a", "b"], unique=True)
    op.create_index("ix_catalogue_review_b", "catalogue_review", ["b"], unique=False)
    op.create_index("ix_catalogue_review_decision_id", "catalogue_review", ["decision", "id"], unique=False)
    op.create_table(
        "catalogue_scope",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_scope"),
    )
    op.create_index("ix_catalogue_scope_view_spec", "catalogue_scope", ["view", "spec"], unique=True)
    op.create_table(
        "catalogue_shared_bib",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("lead", sa.BigInteger(), nullable=False),
        sa.Column("datestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_shared_bib"),
    )
    op.create_table(
        "catalogue_source_record",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("shared", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("sets", sa.Text(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("datestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("index_seq", sa.BigInteger(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_source_record"),
    )
    op.create_index(
        "ix_catalogue_source_record_member_control", "catalogue_source_record", ["member", "control"], unique=True
    )
    op.create_index(
        "ix_catalogue_source_record_shared_status_member_id",
        "catalogue_source_record",
        ["shared", "status", "member", "id"],
        unique=False,
    )
    op.create_table(
        "catalogue_state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_catalogue_state"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_tally",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "status", name="pk_catalogue_tally"),
        sqlite_with_rowid=False,
    )
