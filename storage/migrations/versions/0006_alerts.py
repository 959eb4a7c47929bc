"""Alerts: saved searches, what new offers mean to them, and the messages that tell of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _conversations_expire()
    op.create_table(
        "searches",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("beat", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("keyed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("person", "n", name="uq_searches_person_n"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_searches_beat", "searches", ["beat"])
    unkeyed = sa.text("NOT keyed")
    op.create_index(
        "ix_searches_unkeyed", "searches", ["id"], sqlite_where=sa.text("keyed = 0"),
        postgresql_where=unkeyed,
    )  # fmt: skip
    op.create_table(
        "search_keys",
        sa.Column("trade", sa.String(), primary_key=True),
        sa.Column("cell", sa.BigInteger(), primary_key=True),
        sa.Column(
            "search", NUMBER, sa.ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("z", sa.Double(), nullable=False),
        sa.Column("least", sa.Double(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_keys_search", "search_keys", ["search"])
    _runs()
    _messages()


def _conversations_expire() -> None:
    """What was kept for 30 days still is."""
    op.add_column("conversations", sa.Column("expires", MOMENT))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE conversations SET expires = updated + interval '30 days'")
    else:
        op.execute(
            "UPDATE conversations SET expires ="
            " strftime('%Y-%m-%d %H:%M:%S.000000', updated, '+30 days')"
        )
    with op.batch_alter_table("conversations") as table:
        table.alter_column("expires", existing_type=MOMENT, nullable=False)
    op.create_index("ix_conversations_expires", "conversations", ["expires"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("tick", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("done", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("written", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reached", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("finished", MOMENT),
        sa.UniqueConstraint("job", "tick", name="uq_runs_job_tick"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_started", "runs", ["started"])
    op.create_table(
        "run_offers",
        sa.Column("run", NUMBER, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("offer", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "swept",
        sa.Column("offer", sa.String(), primary_key=True),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_swept_at", "swept", ["at"])
    op.create_table(
        "digests",
        sa.Column("search", sa.BigInteger(), primary_key=True),
        sa.Column("run", sa.BigInteger(), primary_key=True),
        sa.Column("offers", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )


def _messages() -> None:
    op.create_table(
        "pushes",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("search", sa.BigInteger()),
        sa.Column("offers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("owner", sa.String()),
        sa.Column("leased_until", MOMENT),
        sa.Column("not_before", MOMENT),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.Column("settled", MOMENT),
        sqlite_autoincrement=True,
    )
    unsettled = sa.text("settled IS NULL")
    op.create_index(
        "ix_pushes_channel_unsettled", "pushes", ["channel", "id"], sqlite_where=unsettled,
        postgresql_where=unsettled,
    )  # fmt: skip
    op.create_index("ix_pushes_person", "pushes", ["person", "id"])
    op.create_index("ix_pushes_search", "pushes", ["search"])
    op.create_index("ix_pushes_expires", "pushes", ["expires"])
    op.create_index("ix_pushes_settled", "pushes", ["settled"])
    op.create_table(
        "told",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("offer", sa.String(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_at", "told", ["at"])
    op.create_table(
        "follow_ups",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("offer", sa.String(), primary_key=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("done", MOMENT, nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked", MOMENT),
        sa.Column("answer", sa.String()),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_follow_ups_due", "follow_ups", ["due"])
    op.create_table(
        "browsers",
        sa.Column("endpoint", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
    )
    op.create_index("ix_browsers_person", "browsers", ["person"])


def downgrade() -> None:
    for table in (
        "browsers", "follow_ups", "told", "pushes", "digests", "swept", "run_offers", "runs",
        "search_keys", "searches",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_conversations_expires", "conversations")
    with op.batch_alter_table("conversations") as kept:
        kept.drop_column("expires")
