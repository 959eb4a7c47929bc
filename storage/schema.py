"""Every table, on one page."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC: ``timestamptz`` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

# SQLite numbers rows by itself only when the column is exactly INTEGER.
_number = BigInteger().with_variant(Integer, "sqlite")

conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("address", String, nullable=False),
    Column("state", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated", Moment, nullable=False, index=True),
    Column("expires", Moment, nullable=False, index=True),
)
"""``expires``: when it is erased, unless a turn saves it anew."""

seen = Table(
    "seen",
    metadata,
    Column("key", String, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _number, primary_key=True),
    Column("conversation", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("address", String, nullable=False),
    Column("body", JSON(none_as_null=True)),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String),
    Column("leased_until", Moment),
    Column("not_before", Moment),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False, index=True),
    Column("settled", Moment, index=True),
    Column("once", Boolean, nullable=False, server_default=false()),
    Column("followed", Boolean, nullable=False, server_default=false()),
    # Numbers are never used twice: « read up to 12 » must not reach a later row.
    sqlite_autoincrement=True,
)
"""``settled`` is empty as long as something may still be sent; ``body`` and ``address`` afterwards.
``once``: never sent again after a lease ran out. ``followed``: a turn has left messages behind this
one, which whoever settles it must look for."""

_unsettled: ColumnElement[bool] = outbox.c.settled.is_(None)
Index(
    "ix_outbox_channel_unsettled",
    outbox.c.channel,
    outbox.c.id,
    sqlite_where=_unsettled,
    postgresql_where=_unsettled,
)
Index(
    "ix_outbox_conversation_unsettled",
    outbox.c.conversation,
    outbox.c.id,
    sqlite_where=_unsettled,
    postgresql_where=_unsettled,
)

offers = Table(
    "offers",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("title", String, nullable=False),
    Column("company", String),
    Column("city", String, nullable=False),
    Column("postcode", String, nullable=False),
    Column("insee", String, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("rome_codes", String, nullable=False),
    Column("url", String, nullable=False),
    Column("published", Moment),
    Column("expires", Moment),
    Column("start", Date),
    Column("phone", String),
    Column("apply_to", String),
    Column("diploma_level", Integer),
    Column("diploma", String),
    Column("description", Text, nullable=False),
    Column("duration_months", Integer),
    Column("status", String, nullable=False),
    Column("school", Boolean, nullable=False),
    Column("updated", Moment),
    Column("also", String, nullable=False, server_default=""),
    Column("departement", String, nullable=False, index=True),
    Column("origin", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("changed", BigInteger, nullable=False, server_default="0", index=True),
)
"""``rome_codes`` and ``also`` are separated by a space; ``departement`` is that of ``insee``;
``origin`` names the file or export an offer was read from, and ``digest`` what it said; ``changed``
is the revision it was written at."""
Index("ix_offers_lat_lon", offers.c.lat, offers.c.lon)

offer_codes = Table(
    "offer_codes",
    metadata,
    Column("code", String, primary_key=True),
    Column("lat", Double, primary_key=True),
    Column("lon", Double, primary_key=True),
    Column("departement", String, primary_key=True),
    Column("offer_id", ForeignKey("offers.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)
"""One row per trade code of an offer, in the order a search reads them: its key answers alone."""

revisions = Table(
    "revisions",
    metadata,
    Column("name", String, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""How many times a table was written, for those who keep a copy of it; under names that begin with
``read:``, up to when a source of offers was read, in seconds since 1970."""

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", _number, primary_key=True),
    Column("person", String, nullable=False),
    Column("offer", String, nullable=False),
    Column("recruiter", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("reason", String),
    Column("created", Moment, nullable=False),
    Column("begun", Moment),
    Column("settled", Moment),
    UniqueConstraint("person", "offer", name="uq_applications_person_offer"),
)
"""One row per conversation and offer: ``sending`` (decided by the person), then ``sent``,
``refused`` (surely not sent: the person may try again) or ``unknown``. ``begun`` is when the one
attempt started; without it nothing has left. ``recruiter`` is a mark of the company. No name,
address, number or document is in here."""
Index("ix_applications_recruiter_created", applications.c.recruiter, applications.c.created)

searches = Table(
    "searches",
    metadata,
    Column("id", _number, primary_key=True),
    Column("person", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("name", String),
    Column("wish", JSON, nullable=False),
    Column("beat", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("until", Date),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("keyed", Boolean, nullable=False, server_default=false()),
    Column("packed", LargeBinary),
    UniqueConstraint("person", "n", name="uq_searches_person_n"),
    sqlite_autoincrement=True,
)
"""An alert: ``person`` is a conversation's id, ``n`` what the person's buttons call it (1 to 10),
``wish`` the slots of the search, ``beat`` a :class:`dialogs.rhythm.Rhythm` as text. ``state`` is
``on``, ``paused`` (``until`` the first day it speaks again, none: until it is told to) or
``stopped``. ``keyed``: ``search_keys`` say what ``wish`` says, and so does ``packed``, the
same keys in one value (:mod:`storage.packed_keys`)."""

_unkeyed: ColumnElement[bool] = ~searches.c.keyed
Index("ix_searches_unkeyed", searches.c.id, sqlite_where=_unkeyed, postgresql_where=_unkeyed)
silenced: ColumnElement[bool] = searches.c.state != literal_column("'on'")
"""Says nothing now; no bound value, for an index finds who became so lately."""
Index("ix_searches_silenced", searches.c.changed, sqlite_where=silenced, postgresql_where=silenced)

search_keys = Table(
    "search_keys",
    metadata,
    Column("trade", String, primary_key=True),
    Column("cell", BigInteger, primary_key=True),
    Column("search", ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("part", Integer, primary_key=True),
    Column("x", Double, nullable=False),
    Column("y", Double, nullable=False),
    Column("z", Double, nullable=False),
    Column("least", Double, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("excluded", String, nullable=False),
    sqlite_with_rowid=False,
)
"""What a new offer is held against: one row per trade (« * »: any) and place of a search. ``cell``
is one of :mod:`alerts.grid`; ``x y z`` the centre on the unit sphere and ``least`` the cosine of
the radius (a whole département, or France: none of it counts). ``first`` and ``last`` bound the
start, in days since 0001-01-01, ``level`` 0 is any; ``excluded`` holds INSEE codes between
spaces."""

runs = Table(
    "runs",
    metadata,
    Column("id", _number, primary_key=True),
    Column("job", String, nullable=False),
    Column("tick", String, nullable=False),
    Column("state", String, nullable=False),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("written", Integer, nullable=False, server_default="0"),
    Column("reached", BigInteger, nullable=False, server_default="0"),
    Column("started", Moment, nullable=False, index=True),
    Column("finished", Moment),
    UniqueConstraint("job", "tick", name="uq_runs_job_tick"),
    sqlite_autoincrement=True,
)
"""A periodic job done once for all processes: ``building``, then ``ready`` or ``cancelled``.
``done`` of ``total`` is its progress, ``reached`` where it goes on after a crash."""

run_offers = Table(
    "run_offers",
    metadata,
    Column("run", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("offer", String, nullable=False),
    sqlite_with_rowid=False,
)
"""The new offers of a run, numbered: a digest names them by these numbers."""

swept = Table(
    "swept",
    metadata,
    Column("offer", String, primary_key=True),
    Column("said", String, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""Of an offer already held against the alerts, what mattered of it then (trade, place, date)."""

digests = Table(
    "digests",
    metadata,
    Column("search", BigInteger, primary_key=True),
    Column("run", BigInteger, primary_key=True),
    Column("offers", String, nullable=False),
    sqlite_with_rowid=False,
)
"""What a run has found for a search: numbers of ``run_offers``, separated by spaces. It counts once
the run is ``ready``, and goes when it becomes a message."""

pushes = Table(
    "pushes",
    metadata,
    Column("id", _number, primary_key=True),
    Column("person", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("search", BigInteger),
    Column("offers", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("owner", String),
    Column("leased_until", Moment),
    Column("not_before", Moment),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False, index=True),
    Column("settled", Moment, index=True),
    sqlite_autoincrement=True,
)
"""A message that nobody asked for just now: ``alert``, ``follow_up``, ``still_looking``, ``notice``
(to a browser, that something waits). ``pending``, ``later``, ``claimed``; settled once ``sent``,
``gone`` (the person left, or nothing was left to say), ``expired`` or ``unknown``. What it says is
written when it is sent."""

_unpushed: ColumnElement[bool] = pushes.c.settled.is_(None)
Index(
    "ix_pushes_channel_unsettled",
    pushes.c.channel,
    pushes.c.id,
    sqlite_where=_unpushed,
    postgresql_where=_unpushed,
)
Index("ix_pushes_person", pushes.c.person, pushes.c.id)
Index("ix_pushes_search", pushes.c.search)

told = Table(
    "told",
    metadata,
    Column("person", String, primary_key=True),
    Column("offer", String, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""Offers a person was told of, or wants to see no more: never told again."""

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("person", String, primary_key=True),
    Column("offer", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("company", String, nullable=False),
    Column("what", String, nullable=False),
    Column("done", Moment, nullable=False),
    Column("due", Moment, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("asked", Moment),
    Column("answer", String),
    sqlite_with_rowid=False,
)
"""A call or an application (``what``: ``called``, ``sent``) after which one asks, once, what came
of it: ``waiting``, ``asked``, ``answered`` or ``dropped``."""

browsers = Table(
    "browsers",
    metadata,
    Column("endpoint", String, primary_key=True),
    Column("person", String, nullable=False, index=True),
    Column("p256dh", String, nullable=False),
    Column("auth", String, nullable=False),
    Column("created", Moment, nullable=False),
)
"""Where a browser may be told that something waits (Web Push)."""

rates = Table(
    "rates",
    metadata,
    Column("key", String, primary_key=True),
    Column("free_at", Double, nullable=False, index=True),
)
"""``free_at``: seconds since 1970 from which a key is free (GCRA's theoretical arrival time, or the
end of a lease)."""


def insert(tx: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that knows ``ON CONFLICT``, in the words of the database at hand."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
