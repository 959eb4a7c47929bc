"""When the source of an offer last changed it, and its number at each partner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offers", sa.Column("updated", sa.DateTime(timezone=True), nullable=True))
    op.add_column("offers", sa.Column("also", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("offers", "also")
    op.drop_column("offers", "updated")
