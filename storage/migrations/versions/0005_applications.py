"""What was sent in the chat, to which offer and how it ended; nothing of who sent it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("offer", sa.String(), nullable=False),
        sa.Column("recruiter", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("person", "offer", name="uq_applications_person_offer"),
    )
    op.create_index("ix_applications_recruiter_created", "applications", ["recruiter", "created"])
    op.create_index("ix_applications_state", "applications", ["state"])


def downgrade() -> None:
    op.drop_table("applications")
