"""The ledger on PostgreSQL: each batch is one statement on a connection of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storage.conversations import Stale, Stored
from storage.database import Database
from storage.deeds_postgresql import DEEDS
from storage.left import Kept, Mark, Turn, aware, written
from storage.line import Line
from storage.outbox import Waiting


class PostgresqlBooks:
    """What an owner writes."""

    def __init__(self, db: Database, owner: str) -> None:
        self._owner = owner
        self._loads, self._keeps, self._settles = Line(db), Line(db), Line(db)

    async def load(self, ids: list[str]) -> Sequence[Stored | None]:
        rows = await self._loads.fetch_surely(_LOAD, ids)
        found = {row["id"]: row for row in rows}
        return [_stored(found.get(id)) for id in ids]

    async def keep(self, turns: list[Turn]) -> Sequence[Kept | Exception]:
        # In the order of their keys, as everybody does: two processes never wait in a circle.
        batch = f"[{','.join(_row(t) for t in sorted(turns, key=_conversation))}]"
        more = any(turn.deeds or turn.state is None for turn in turns)
        sql = _KEEP_WITH_DEEDS if more else _KEEP
        rows = await self._keeps.fetch_surely(sql, batch, self._owner)
        outcomes = {row["key"]: row for row in rows}
        return [_kept(turn, outcomes[turn.left.update]) for turn in turns]

    async def settle(self, marks: list[Mark]) -> Sequence[list[Waiting]]:
        taken, unsure = await self._settle(marks)
        if unsure:
            # A turn left messages behind ours while we were settling it: our statement could not
            # see them, this one can.
            after = [replace(mark, id=None) for mark in marks if mark.conversation in unsure]
            taken |= (await self._settle(after))[0]
        return [taken.get(mark.conversation, []) for mark in marks]

    async def _settle(self, marks: list[Mark]) -> tuple[dict[str, list[Waiting]], set[str]]:
        """What is ours to send next, by conversation; and where that must be asked again."""
        batch = written([_mark(mark) for mark in marks])
        rows = await self._settles.fetch_surely(_SETTLE, batch, self._owner)
        taken: dict[str, list[Waiting]] = {}
        for row in rows:
            if row["id"] is not None:
                taken.setdefault(row["conversation"], []).append(_waiting(row))
        return taken, {row["conversation"] for row in rows if row["id"] is None} - taken.keys()

    async def close(self) -> None:
        for line in (self._loads, self._keeps, self._settles):
            await line.close()


def _conversation(turn: Turn) -> str:
    return turn.left.conversation


def _row(turn: Turn) -> str:
    """The JSON of a turn, whose parts are JSON already."""
    state, replies = turn.state or "null", ",".join(turn.bodies)
    return f'{turn.rest[:-1]},"state":{state},"replies":[{replies}]}}'


def _stored(row: Mapping[str, Any] | None) -> Stored | None:
    if row is None:
        return None
    state = json.loads(row["state"])
    return Stored(row["id"], row["version"], state, row["updated"], row["expires"])


def _kept(turn: Turn, row: Mapping[str, Any]) -> Kept | Exception:
    ids = row["ids"] or []
    if row["kept"]:
        return turn.kept(ids, claimed=turn.left.lease is not None and not row["behind"])
    if row["lost"]:  # it was written, and its answer lost
        return turn.kept(ids, claimed=bool(ids))
    return Kept(False, [], False) if row["done"] else Stale()


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "id": mark.id,
        "conversation": mark.conversation,
        "state": mark.state,
        "now": aware(mark.now).isoformat(),
        "not_before": mark.not_before and aware(mark.not_before).isoformat(),
        "lease": mark.lease.total_seconds(),
    }


def _waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        row["id"], row["conversation"], row["channel"], row["address"], json.loads(row["body"]),
        row["attempts"], row["created"], row["once"],
    )  # fmt: skip


_LOAD = """
SELECT id, version, state::text AS state, updated, expires FROM conversations
WHERE id = ANY($1::text[]) AND $2::boolean IS NOT NULL
"""

# Read from top to bottom. « changed », « added », « erased » and « absent » are the fence: a turn
# that is in none of them is stale. A mark that another process has just made ends the statement.
# A press that is brought again was not yet confirmed: the same, sent meanwhile, comes behind it.
# Whoever marks an older message as « followed » waits for the one who is settling it, if any.
_KEEP = """
WITH asked AS MATERIALIZED (
  SELECT t.*, t.state IS NULL AS erase, s.at AS done, p.at AS pressed
  FROM json_to_recordset($1::text::json) AS t(
    key text, press text, same_press text, conversation text, version int, channel text,
    address text, state json, replies json, expires timestamptz, now timestamptz, counts json,
    day date, once boolean, lease float8, decided json, ended json, kept_until timestamptz)
  LEFT JOIN seen s ON s.key = t.key
  LEFT JOIN seen p ON p.key = t.same_press AND p.at > t.now - interval '10 s'
), fresh AS MATERIALIZED (
  SELECT * FROM asked WHERE done IS NULL AND pressed IS NULL
), locked AS MATERIALIZED (
  SELECT c.id FROM conversations c JOIN fresh f ON c.id = f.conversation
  WHERE f.version > 0 AND c.version = f.version ORDER BY c.id FOR UPDATE OF c
), changed AS (
  UPDATE conversations c SET version = c.version + 1, channel = f.channel, address = f.address,
    state = f.state, updated = f.now, expires = f.kept_until
  FROM locked l JOIN fresh f ON l.id = f.conversation
  WHERE c.id = l.id AND c.version = f.version AND NOT f.erase RETURNING c.id
), erased AS (
  DELETE FROM conversations c USING locked l JOIN fresh f ON l.id = f.conversation
  WHERE c.id = l.id AND c.version = f.version AND f.erase RETURNING c.id
), added AS (
  INSERT INTO conversations (id, channel, address, state, version, updated, expires)
  SELECT conversation, channel, address, state, 1, now, kept_until FROM fresh
  WHERE version = 0 AND NOT erase ORDER BY conversation ON CONFLICT DO NOTHING RETURNING id
), absent AS (
  SELECT f.conversation FROM fresh f WHERE f.version = 0 AND f.erase
  AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = f.conversation)
), held AS MATERIALIZED (
  SELECT id FROM changed UNION ALL SELECT id FROM erased UNION ALL SELECT id FROM added
  UNION ALL SELECT conversation FROM absent
), kept AS MATERIALIZED (
  SELECT f.* FROM fresh f JOIN held h ON h.id = f.conversation
), marked AS (
  INSERT INTO seen (key, at) SELECT key, now FROM (
    SELECT key, now FROM kept UNION ALL
    SELECT key, now FROM asked WHERE done IS NULL AND pressed IS NOT NULL) m ORDER BY key
), presses AS (
  INSERT INTO seen (key, at) SELECT press, now FROM kept WHERE press IS NOT NULL ORDER BY press
  ON CONFLICT (key) DO UPDATE SET at = excluded.at
), pressed_again AS (
  UPDATE seen s SET at = greatest(s.at, a.now) FROM asked a
  WHERE a.done IS NOT NULL AND s.key = a.same_press
), dropped AS (
  DELETE FROM outbox o USING kept k WHERE k.erase AND o.conversation = k.conversation
), forgotten AS (
  DELETE FROM applications a USING kept k WHERE k.erase AND a.person = k.conversation
), decided AS (
  INSERT INTO applications (person, offer, recruiter, state, created)
  SELECT conversation, decided->>'offer', decided->>'recruiter', 'sending', now FROM kept
  WHERE decided IS NOT NULL ORDER BY 1, 2
  ON CONFLICT (person, offer) DO UPDATE SET recruiter = excluded.recruiter, state = 'sending',
    reason = NULL, created = excluded.created, begun = NULL, settled = NULL
  WHERE applications.state = 'refused'
), ended AS (
  UPDATE applications a SET state = k.ended->>'state', reason = k.ended->>'reason', settled = k.now
  FROM kept k WHERE k.ended IS NOT NULL AND a.person = k.conversation
    AND a.offer = k.ended->>'offer' AND a.state = 'sending'
), older AS MATERIALIZED (
  SELECT o.id, o.conversation FROM outbox o JOIN kept k ON o.conversation = k.conversation
  WHERE NOT k.erase AND k.lease IS NOT NULL AND json_array_length(k.replies) > 0
    AND o.settled IS NULL
    AND (o.expires > k.now OR (o.state = 'claimed' AND o.leased_until > k.now))
  ORDER BY o.id FOR UPDATE OF o
), followed AS (
  UPDATE outbox o SET followed = true FROM older WHERE o.id = older.id RETURNING o.conversation
), behind AS MATERIALIZED (
  SELECT DISTINCT conversation FROM followed
), said AS (
  INSERT INTO outbox (conversation, channel, address, body, state, attempts, owner, leased_until,
    created, expires, once)
  SELECT k.conversation, k.channel, k.address, r.body, CASE WHEN k.mine THEN 'claimed'
    ELSE 'pending' END, k.mine::int, CASE WHEN k.mine THEN $2 END,
    CASE WHEN k.mine THEN k.now + k.lease * interval '1 s' END, k.now, k.expires, k.once
  FROM (
    SELECT k.*, k.lease IS NOT NULL AND b.conversation IS NULL AS mine
    FROM kept k LEFT JOIN behind b ON b.conversation = k.conversation) k
  CROSS JOIN json_array_elements(k.replies) WITH ORDINALITY AS r(body, place)
  ORDER BY k.conversation, r.place RETURNING id, conversation
), counted AS (
  INSERT INTO counters (name, label, day, n)
  SELECT c.pair->>0, c.pair->>1, coalesce((c.pair->>2)::date, k.day), count(*)
  FROM kept k CROSS JOIN json_array_elements(k.counts) AS c(pair)
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (name, label, day) DO UPDATE SET n = counters.n + excluded.n
)
SELECT a.key, k.key IS NOT NULL AS kept, b.conversation IS NOT NULL AS behind,
  coalesce(a.done, a.pressed) IS NOT NULL AS done, coalesce($3 AND a.done = a.now, false) AS lost,
  CASE WHEN k.key IS NOT NULL THEN
    (SELECT array_agg(s.id ORDER BY s.id) FROM said s WHERE s.conversation = a.conversation)
  WHEN $3::boolean AND a.done = a.now THEN
    (SELECT array_agg(o.id ORDER BY o.id) FROM outbox o WHERE o.conversation = a.conversation
     AND o.settled IS NULL AND o.state = 'claimed' AND o.owner = $2 AND o.created = a.now)
  END AS ids
FROM asked a LEFT JOIN kept k ON k.key = a.key LEFT JOIN behind b ON b.conversation = a.conversation
"""

_KEEP_WITH_DEEDS = (
    _KEEP.replace("kept_until timestamptz)", "kept_until timestamptz, deeds json)")
    .replace(
        "SELECT f.* FROM fresh f JOIN held",
        "SELECT f.*, f.erase OR coalesce((f.deeds->>'forget')::boolean, false) AS forget\n"
        "  FROM fresh f JOIN held",
    )
    .replace("), counted AS (", f"{DEEDS.rstrip()}\n), counted AS (")
)
"""The same for a batch in which some turn has deeds, or erases: the others pay nothing for it."""

# A row without a number says that somebody has left messages behind one of that conversation.
# The second time, what the first took for us is known by its lease.
_SETTLE = """
WITH asked AS MATERIALIZED (
  SELECT *, state IS NULL OR state NOT IN ('pending', 'later') AS over
  FROM json_to_recordset($1::text::json) AS t(
    id bigint, conversation text, state text, now timestamptz, not_before timestamptz,
    lease float8)
), mine AS MATERIALIZED (
  SELECT o.id FROM outbox o JOIN asked a ON o.id = a.id
  WHERE o.owner = $2 AND o.state = 'claimed' ORDER BY o.id FOR UPDATE OF o
), marked AS (
  UPDATE outbox o SET state = a.state, owner = NULL, leased_until = NULL,
    settled = CASE WHEN a.over THEN a.now END, body = CASE WHEN NOT a.over THEN o.body END,
    address = CASE WHEN a.over THEN '' ELSE o.address END,
    conversation = CASE WHEN a.over AND o.once THEN '' ELSE o.conversation END,
    not_before = CASE WHEN NOT a.over THEN a.not_before END,
    attempts = o.attempts - (a.state = 'later')::int
  FROM mine JOIN asked a ON a.id = mine.id WHERE o.id = mine.id
  RETURNING o.id, a.conversation, o.followed AND a.over AS unsure, a.over, a.now, a.lease
), places AS MATERIALIZED (
  SELECT conversation, now, lease FROM marked WHERE over
  UNION ALL SELECT conversation, now, lease FROM asked WHERE id IS NULL
), open AS MATERIALIZED (
  SELECT o.id, o.conversation, p.now, p.lease,
    CASE o.state WHEN 'claimed' THEN o.leased_until <= p.now AND NOT o.once
      ELSE coalesce(o.not_before <= p.now, true) END AS free
  FROM outbox o JOIN places p ON o.conversation = p.conversation
  WHERE o.settled IS NULL AND o.id NOT IN (SELECT id FROM marked)
    AND (o.expires > p.now OR (o.state = 'claimed' AND o.leased_until > p.now))
  ORDER BY o.id FOR UPDATE OF o
), taken AS (
  UPDATE outbox o SET state = 'claimed', owner = $2, attempts = o.attempts + 1,
    leased_until = n.now + n.lease * interval '1 s'
  FROM open n WHERE n.free AND o.id = n.id AND NOT EXISTS (
    SELECT 1 FROM open b WHERE b.conversation = n.conversation AND b.id < n.id AND NOT b.free)
  RETURNING o.id, o.conversation, o.channel, o.address, o.body::text, o.attempts, o.created,
    o.once
)
SELECT * FROM taken
UNION ALL SELECT o.id, o.conversation, o.channel, o.address, o.body::text, o.attempts, o.created,
    o.once
  FROM outbox o JOIN asked a ON o.conversation = a.conversation
  WHERE $3::boolean AND o.settled IS NULL AND o.state = 'claimed' AND o.owner = $2
    AND o.leased_until = a.now + a.lease * interval '1 s'
UNION ALL SELECT NULL, conversation, NULL, NULL, NULL, NULL, NULL, NULL FROM marked WHERE unsure
ORDER BY id
"""
