"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _conversations()
    _outbox()
    _offers()
    _sums()


def downgrade() -> None:
    for table in ("rates", "counters", "offer_codes", "offers", "outbox", "seen", "conversations"):
        op.drop_table(table)


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", _moment, nullable=False),
    )
    op.create_index("ix_conversations_updated", "conversations", ["updated"])
    op.create_table(
        "seen",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("at", _moment, nullable=False),
    )
    op.create_index("ix_seen_at", "seen", ["at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("body", sa.JSON()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("leased_until", _moment),
        sa.Column("not_before", _moment),
        sa.Column("created", _moment, nullable=False),
        sa.Column("expires", _moment, nullable=False),
        sa.Column("settled", _moment),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_expires", "outbox", ["expires"])
    op.create_index("ix_outbox_settled", "outbox", ["settled"])
    unsettled = sa.text("settled IS NULL")
    for column in ("channel", "conversation"):
        op.create_index(
            f"ix_outbox_{column}_unsettled",
            "outbox",
            [column, "id"],
            sqlite_where=unsettled,
            postgresql_where=unsettled,
        )


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("company", sa.String()),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("insee", sa.String(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("rome_codes", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("published", _moment),
        sa.Column("expires", _moment),
        sa.Column("start", sa.Date()),
        sa.Column("phone", sa.String()),
        sa.Column("apply_to", sa.String()),
        sa.Column("diploma_level", sa.Integer()),
        sa.Column("diploma", sa.String()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("duration_months", sa.Integer()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("school", sa.Boolean(), nullable=False),
        sa.Column("departement", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_index("ix_offers_departement", "offers", ["departement"])
    op.create_index("ix_offers_lat_lon", "offers", ["lat", "lon"])
    op.create_table(
        "offer_codes",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("lat", sa.Double(), primary_key=True),
        sa.Column("lon", sa.Double(), primary_key=True),
        sa.Column("departement", sa.String(), primary_key=True),
        sa.Column(
            "offer_id",
            sa.String(),
            sa.ForeignKey("offers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_offer_codes_offer_id", "offer_codes", ["offer_id"])


def _sums() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("label", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "rates",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("free_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_rates_free_at", "rates", ["free_at"])
