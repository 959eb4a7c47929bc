"""A PostgreSQL database that a test has used, as it was before: the next test may have it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

_LEAVE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = """
DO $$
DECLARE
  name text;
  found bool;
  used text[] := '{}';
BEGIN
  FOR name IN
    SELECT quote_ident(relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO found;
    IF found THEN used := used || name; END IF;
  END LOOP;
  IF used <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(used, ', ') || ' CASCADE'; END IF;
END $$
"""
_BEGIN_AGAIN = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL
"""
_SHAPE = """
SELECT md5(string_agg(told, E'\\n' ORDER BY told)) FROM (
  SELECT format('%s.%s %s %s', c.relname, a.attname, a.atttypid::regtype, a.attnotnull) AS told
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
  UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
  WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT version_num FROM alembic_version
) AS everything
"""


def shape(url: str) -> str:
    """Its tables, to be known again."""
    return str(_run(_shape(url)))


def emptied(url: str, shape: str) -> bool:
    """Whether it still has these tables and now is empty; else it is to be dropped."""
    return bool(_run(_emptied(url, shape)))


def _run(work: Coroutine[Any, Any, object]) -> object:
    """Whether or not the test has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _shape(url: str) -> str:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await connection.fetchval(_SHAPE))
    finally:
        await connection.close()


async def _emptied(url: str, wanted: str) -> bool:
    try:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        await connection.execute(_LEAVE)
        if await connection.fetchval(_SHAPE) != wanted:
            return False
        await connection.execute(_EMPTY)
        await connection.execute(_BEGIN_AGAIN)
    except asyncpg.PostgresError:
        return False
    else:
        return True
    finally:
        await connection.close()
