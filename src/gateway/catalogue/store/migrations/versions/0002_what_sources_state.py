"""What the source of a record states of its visibility, where the member's configuration says more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_source_record", sa.Column("stated", sa.SmallInteger(), nullable=True))
