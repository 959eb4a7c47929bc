"""The revision of the offers, so that a copy in memory knows what it missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )
    op.add_column(
        "offers", sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index("ix_offers_changed", "offers", ["changed"])


def downgrade() -> None:
    op.drop_index("ix_offers_changed", "offers")
    op.drop_column("offers", "changed")
    op.drop_table("revisions")
