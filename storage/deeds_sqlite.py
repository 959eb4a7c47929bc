"""Deeds on SQLite: a few statements in the transaction of their turn."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

from storage.deeds import Sum

_PERSONAL = ("pushes", "told", "follow_ups", "browsers", "searches")


def forget(connection: sqlite3.Connection, person: str) -> None:
    """Nothing is left of what was kept for a person beside the conversation."""
    connection.execute(_FORGET_DIGESTS, (person,))
    for table in _PERSONAL:
        connection.execute(f"DELETE FROM {table} WHERE person = ?", (person,))  # noqa: S608 - ours


def do(connection: sqlite3.Connection, person: str, total: Sum, now: str) -> None:
    """``now`` as SQLAlchemy writes moments."""
    if total.forget:
        forget(connection, person)
    _alerts(connection, person, total, now)
    for id in sorted(total.read):
        connection.execute(_READ, (now, id, person))
    connection.executemany(_TELL, ((person, offer, now) for offer in total.tell))
    for one in total.follow.values():
        state = "waiting" if one["answer"] is None else "answered"
        values = (one["title"], one["company"], one["what"], moment(one["done"]))
        rest = (moment(one["due"]), state, one["answer"])
        connection.execute(_FOLLOW, (person, one["offer"], *values, *rest))
    for offer, answer in total.followed.items():
        connection.execute(_FOLLOWED, (answer, person, offer))


def _alerts(connection: sqlite3.Connection, person: str, total: Sum, now: str) -> None:
    for n in sorted(total.drop - total.keep.keys()):
        for statement in _DROP:
            connection.execute(statement, (person, n))
    if total.hush:
        connection.execute(_HUSH, (now, person))
        connection.execute(_FORGET_DIGESTS, (person,))
    if (every := total.every) is not None:
        of, kept = json.dumps(every["of"]), json.dumps(list(total.keep))
        values = (every["state"], every["until"], now, person, of, kept)
        connection.execute(_EVERY, values)
    for one in total.keep.values():
        wish = json.dumps(one["wish"], ensure_ascii=False)
        rest = (one["beat"], one["state"], one["until"], now, now)
        connection.execute(_KEEP, (person, one["n"], one["name"], wish, *rest))
        if one["state"] == "stopped":
            connection.execute(_HUSH_ONE, (now, person, one["n"]))
            connection.execute(_DROP_DIGESTS, (person, one["n"]))
    if total.drop:
        connection.execute(_DROP_BROWSERS, (person,))


def moment(text: str) -> str:
    """An ISO moment as SQLAlchemy writes it."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_FORGET_DIGESTS = """
DELETE FROM digests WHERE search IN (SELECT id FROM searches WHERE person = ?)
"""
_DROP_DIGESTS = """
DELETE FROM digests WHERE search IN (SELECT id FROM searches WHERE person = ? AND n = ?)
"""
_DROP = (
    """DELETE FROM pushes WHERE settled IS NULL
    AND search IN (SELECT id FROM searches WHERE person = ? AND n = ?)""",
    _DROP_DIGESTS,
    "DELETE FROM searches WHERE person = ? AND n = ?",
)
_HUSH = """
UPDATE pushes SET state = 'gone', settled = ?, owner = NULL, leased_until = NULL
WHERE person = ? AND kind = 'alert' AND settled IS NULL
"""
_HUSH_ONE = """
UPDATE pushes SET state = 'gone', settled = ?, owner = NULL, leased_until = NULL
WHERE kind = 'alert' AND settled IS NULL
AND search IN (SELECT id FROM searches WHERE person = ? AND n = ?)
"""
# A browser is told of alerts: once there is none any more, nothing is to be kept of it.
_DROP_BROWSERS = """
DELETE FROM browsers WHERE person = ?1
AND NOT EXISTS (SELECT 1 FROM searches WHERE person = ?1)
"""
_READ = """
UPDATE pushes SET state = 'sent', settled = ?, owner = NULL, leased_until = NULL
WHERE id = ? AND person = ? AND settled IS NULL
"""
_EVERY = """
UPDATE searches SET state = ?, until = ?, changed = ? WHERE person = ?
AND state IN (SELECT value FROM json_each(?)) AND n NOT IN (SELECT value FROM json_each(?))
"""
_KEEP = """
INSERT INTO searches (person, n, name, wish, beat, state, until, created, changed, keyed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
ON CONFLICT (person, n) DO UPDATE SET name = excluded.name, wish = excluded.wish,
beat = excluded.beat, state = excluded.state, until = excluded.until,
changed = excluded.changed, keyed = 0
"""
_TELL = "INSERT INTO told (person, offer, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
# « Called » never takes the place of « sent », nor anything that of a question already asked.
_FOLLOW = """
INSERT INTO follow_ups (person, offer, title, company, what, done, due, state, answer)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person, offer) DO UPDATE SET title = excluded.title, company = excluded.company,
what = excluded.what, done = excluded.done, due = excluded.due, state = excluded.state,
answer = excluded.answer
WHERE follow_ups.state = 'waiting' AND NOT (follow_ups.what = 'sent' AND excluded.what = 'called')
"""
_FOLLOWED = """
UPDATE follow_ups SET state = 'answered', answer = ? WHERE person = ? AND offer = ?
"""
