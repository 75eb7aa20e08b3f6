"""Interlibrary loans: what the other side calls things, notifications to brokers, and notices to patrons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PRESENT = sa.text("external_ref IS NOT NULL")
NOTICE = sa.text("reason = 'NOTICE'")
WAITING = sa.text("sent_at IS NULL AND given_up_at IS NULL")


def upgrade() -> None:
    op.add_column("item", sa.Column("external_ref", sa.Text(), nullable=True))
    op.add_column("item", sa.Column("return_by_at", sa.BigInteger(), nullable=True))
    for table in ("loan", "hold", "charge"):
        op.add_column(table, sa.Column("external_ref", sa.Text(), nullable=True))
    for table in ("item", "loan", "hold", "charge"):
        op.create_index(
            f"ix_{table}_external",
            table,
            ["member", "external_ref"],
            sqlite_where=PRESENT,
            postgresql_where=PRESENT,
        )
    op.create_index(
        "ix_patron_block_notice",
        "patron_block",
        ["member", "expires_at"],
        sqlite_where=NOTICE,
        postgresql_where=NOTICE,
    )
    op.create_table(
        "broker_notice",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("facts_json", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("given_up_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_broker_notice"),
    )
    op.create_index(
        "ix_broker_notice_due",
        "broker_notice",
        ["member", "next_at"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "ix_broker_notice_member_peer_event_service",
        "broker_notice",
        ["member", "peer", "event", "service"],
        unique=True,
    )
    op.create_table(
        "broker_position",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "peer", name="pk_broker_position"),
    )
