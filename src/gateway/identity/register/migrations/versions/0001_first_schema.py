"""The first schema of the register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SORTED = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "identity_group",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("id", SORTED, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_identity_group"),
    )
    op.create_table(
        "identity_group_member",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("group_id", SORTED, nullable=False),
        sa.Column("person", SORTED, nullable=False),
        sa.PrimaryKeyConstraint("member", "group_id", "person", name="pk_identity_group_member"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_identity_group_member_member_person_group_id",
        "identity_group_member",
        ["member", "person", "group_id"],
        unique=False,
    )
    op.create_table(
        "identity_lookup",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("field", SORTED, nullable=False),
        sa.Column("value", SORTED, nullable=False),
        sa.Column("person", SORTED, nullable=False),
        sa.PrimaryKeyConstraint("member", "field", "value", "person", name="pk_identity_lookup"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_name",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("field", SORTED, nullable=False),
        sa.Column("value", SORTED, nullable=False),
        sa.Column("person", SORTED, nullable=False),
        sa.PrimaryKeyConstraint("member", "field", "value", name="pk_identity_name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_person",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("id", SORTED, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("source", SORTED, nullable=False),
        sa.Column("source_key", SORTED, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.SmallInteger(), nullable=False),
        sa.Column("provisioned", sa.BigInteger(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_identity_person"),
    )
    op.create_index(
        "ix_identity_person_member_source_id_stage",
        "identity_person",
        ["member", "source", "id", "stage"],
        unique=False,
    )
    op.create_index(
        "ix_identity_person_member_source_source_key",
        "identity_person",
        ["member", "source", "source_key"],
        unique=True,
    )
    op.create_index(
        "ix_identity_person_pending",
        "identity_person",
        ["member", "pending", "id"],
        unique=False,
        sqlite_where=sa.text("pending > 0"),
        postgresql_where=sa.text("pending > 0"),
    )
    op.create_index(
        "ix_identity_person_platform",
        "identity_person",
        ["member", "platform_id"],
        unique=False,
        sqlite_where=sa.text("platform_id > ''"),
        postgresql_where=sa.text("platform_id > ''"),
    )
    op.create_table(
        "identity_review",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("id", SORTED, nullable=False),
        sa.Column("feed", SORTED, nullable=False),
        sa.Column("source_id", SORTED, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.SmallInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_identity_review"),
    )
    op.create_index(
        "ix_identity_review_member_decided_id", "identity_review", ["member", "decided", "id"], unique=False
    )
    op.create_index(
        "ix_identity_review_member_feed_decided_id",
        "identity_review",
        ["member", "feed", "decided", "id"],
        unique=False,
    )
    op.create_index(
        "ix_identity_review_member_feed_source_id", "identity_review", ["member", "feed", "source_id"], unique=False
    )
    op.create_table(
        "identity_run",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("id", SORTED, nullable=False),
        sa.Column("feed", SORTED, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "id", name="pk_identity_run"),
    )
    op.create_index(
        "ix_identity_run_member_ended_at",
        "identity_run",
        ["member", "ended_at"],
        unique=False,
    )
    op.create_index(
        "ix_identity_run_member_feed_started_at_id",
        "identity_run",
        ["member", "feed", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_identity_run_member_started_at_id", "identity_run", ["member", "started_at", "id"], unique=False
    )
    op.create_table(
        "identity_seen",
        sa.Column("member", SORTED, nullable=False),
        sa.Column("run", SORTED, nullable=False),
        sa.Column("source_id", SORTED, nullable=False),
        sa.PrimaryKeyConstraint("member", "run", "source_id", name="pk_identity_seen"),
        sqlite_with_rowid=False,
    )
