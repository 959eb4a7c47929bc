"""Deeds on PostgreSQL: more parts of the statement that keeps turns, for turns that have some.

Each row is touched by one part at most: all of them see the tables as they were before.
"""

DEEDS = """
), wanted AS MATERIALIZED (
  SELECT k.conversation AS person, k.now, d.* FROM kept k
  CROSS JOIN json_to_recordset(k.deeds->'keep') AS d(
    n int, name text, wish json, beat text, state text, until date)
), leaving AS MATERIALIZED (
  SELECT s.id FROM searches s JOIN kept k ON s.person = k.conversation
  WHERE (k.forget OR s.n IN (SELECT json_array_elements_text(k.deeds->'drop')::int))
    AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.person = s.person AND w.n = s.n)
  ORDER BY s.id FOR UPDATE OF s
), silenced AS MATERIALIZED (
  SELECT s.id FROM searches s JOIN wanted w ON w.person = s.person AND w.n = s.n
  WHERE w.state = 'stopped'
), dropped_alerts AS (
  DELETE FROM searches s USING leaving l WHERE s.id = l.id
), altered AS (
  UPDATE searches s SET state = k.deeds->'every'->>'state',
    until = (k.deeds->'every'->>'until')::date, changed = k.now
  FROM kept k WHERE s.person = k.conversation
    AND s.state IN (SELECT json_array_elements_text(k.deeds->'every'->'of'))
    AND s.id NOT IN (SELECT id FROM leaving)
    AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.person = s.person AND w.n = s.n)
), kept_alerts AS (
  INSERT INTO searches (person, n, name, wish, beat, state, until, created, changed, keyed)
  SELECT person, n, name, wish, beat, state, until, now, now, false FROM wanted ORDER BY person, n
  ON CONFLICT (person, n) DO UPDATE SET name = excluded.name, wish = excluded.wish,
    beat = excluded.beat, state = excluded.state, until = excluded.until,
    changed = excluded.changed, keyed = false
), dropped_digests AS (
  DELETE FROM digests d USING searches s JOIN kept k ON s.person = k.conversation
  WHERE d.search = s.id AND (k.forget OR (k.deeds->>'hush')::boolean
    OR s.id IN (SELECT id FROM leaving) OR s.id IN (SELECT id FROM silenced))
), dropped_pushes AS (
  DELETE FROM pushes p USING kept k WHERE p.person = k.conversation
    AND (k.forget OR (p.settled IS NULL AND p.search IN (SELECT id FROM leaving)))
), over AS MATERIALIZED (
  SELECT p.id, k.now, p.id IN (SELECT json_array_elements_text(k.deeds->'read')::bigint) AS read
  FROM pushes p JOIN kept k ON p.person = k.conversation
  WHERE p.settled IS NULL AND NOT k.forget
    AND (p.search IS NULL OR p.search NOT IN (SELECT id FROM leaving))
    AND (p.id IN (SELECT json_array_elements_text(k.deeds->'read')::bigint)
      OR (p.kind = 'alert'
        AND ((k.deeds->>'hush')::boolean OR p.search IN (SELECT id FROM silenced))))
  ORDER BY p.id FOR UPDATE OF p
), settled_pushes AS (
  UPDATE pushes p SET state = CASE WHEN o.read THEN 'sent' ELSE 'gone' END, settled = o.now,
    owner = NULL, leased_until = NULL
  FROM over o WHERE p.id = o.id
), untold AS (
  DELETE FROM told t USING kept k WHERE k.forget AND t.person = k.conversation
    AND t.offer NOT IN (SELECT json_array_elements_text(k.deeds->'tell'))
), telling AS (
  INSERT INTO told (person, offer, at)
  SELECT k.conversation, o.offer, k.now FROM kept k
  CROSS JOIN json_array_elements_text(k.deeds->'tell') AS o(offer) ORDER BY 1, 2
  ON CONFLICT DO NOTHING
), unfollowed AS (
  DELETE FROM follow_ups f USING kept k WHERE k.forget AND f.person = k.conversation
    AND f.offer NOT IN (SELECT d->>'offer' FROM json_array_elements(k.deeds->'follow') d)
), following AS (
  INSERT INTO follow_ups (person, offer, title, company, what, done, due, state, answer)
  SELECT k.conversation, d.offer, d.title, d.company, d.what, d.done, d.due,
    CASE WHEN d.answer IS NULL THEN 'waiting' ELSE 'answered' END, d.answer
  FROM kept k CROSS JOIN json_to_recordset(k.deeds->'follow') AS d(
    offer text, title text, company text, what text, done timestamptz, due timestamptz,
    answer text) ORDER BY 1, 2
  ON CONFLICT (person, offer) DO UPDATE SET title = excluded.title, company = excluded.company,
    what = excluded.what, done = excluded.done, due = excluded.due, state = excluded.state,
    answer = excluded.answer
  WHERE follow_ups.state = 'waiting'
    AND NOT (follow_ups.what = 'sent' AND excluded.what = 'called')
), followed_up AS (
  UPDATE follow_ups f SET state = 'answered', answer = d.answer
  FROM kept k CROSS JOIN json_to_recordset(k.deeds->'followed') AS d(offer text, answer text)
  WHERE f.person = k.conversation AND f.offer = d.offer AND NOT k.forget
), without_browsers AS (
  DELETE FROM browsers b USING kept k WHERE b.person = k.conversation AND (k.forget OR (
    json_array_length(k.deeds->'drop') > 0
    AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.person = b.person)
    AND NOT EXISTS (SELECT 1 FROM searches s WHERE s.person = b.person
      AND s.id NOT IN (SELECT id FROM leaving))))
"""
"""``kept`` has ``deeds``, what :meth:`storage.deeds.Sum.to_json` gives, and ``forget``."""
