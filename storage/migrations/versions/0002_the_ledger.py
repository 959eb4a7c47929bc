"""What must never be sent twice, and what others have left messages behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("once", "followed")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column(
            "outbox", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("outbox", name)
