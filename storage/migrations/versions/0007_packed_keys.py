"""The keys of an alert in one value too, which the next sweep writes; who was silenced lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("searches", sa.Column("packed", sa.LargeBinary(), nullable=True))
    op.execute(sa.text("UPDATE searches SET keyed = false"))
    silent = sa.text("state <> 'on'")
    op.create_index(
        "ix_searches_silenced",
        "searches",
        ["changed"],
        sqlite_where=silent,
        postgresql_where=silent,
    )


def downgrade() -> None:
    op.drop_index("ix_searches_silenced", "searches")
    op.drop_column("searches", "packed")
