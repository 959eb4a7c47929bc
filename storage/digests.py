"""What a run finds for each alert: one row, whichever way it was found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from storage.database import COMMAND_SECONDS, Database, unbroken
from storage.key_blocks import driver, driver_problems
from storage.runs import Run, step


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for many alerts, in the order of their numbers: for the one at each place the
    offers, as ``digests.offers`` holds them, from where to where in the text."""

    searches: NDArray[np.int64]
    text: bytes
    begin: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def nothing(cls) -> Self:
        none = np.empty(0, np.int64)
        return cls(none, b"", none, none)

    def __len__(self) -> int:
        return len(self.searches)

    def part(self, start: int, end: int) -> Found:
        """That of the alerts at these places."""
        some = slice(start, end)
        return Found(self.searches[some], self.text, self.begin[some], self.end[some])

    def rows(self) -> list[tuple[int, str]]:
        """The number of each alert, its offers."""
        if not len(self):
            return []
        first = int(self.begin[0])
        text = self.text[first : self.end[-1]].decode("ascii")
        begins, ends = (self.begin - first).tolist(), (self.end - first).tolist()
        of = zip(self.searches.tolist(), begins, ends, strict=True)
        return [(search, text[begin:end]) for search, begin, end in of]


# Only how the offers enter and how numbers are strung together differs.
_POSTGRESQL = """
WITH news AS MATERIALIZED (
  SELECT (o->>0)::int AS n, (o->>1)::float8 AS x, (o->>2)::float8 AS y, (o->>3)::float8 AS z,
    (o->>4)::int AS start, (o->>5)::int AS level, o->>6 AS commune
  FROM json_array_elements(CAST(:news AS json)) AS o
), probes AS MATERIALIZED (
  SELECT (p->>0)::int AS n, p->>1 AS trade, (p->>2)::bigint AS cell
  FROM json_array_elements(CAST(:probes AS json)) AS p
)"""
_SQLITE = """
WITH news AS MATERIALIZED (
  SELECT json_extract(value, '$[0]') AS n, json_extract(value, '$[1]') AS x,
    json_extract(value, '$[2]') AS y, json_extract(value, '$[3]') AS z,
    json_extract(value, '$[4]') AS start, json_extract(value, '$[5]') AS level,
    json_extract(value, '$[6]') AS commune
  FROM json_each(:news)
), probes AS MATERIALIZED (
  SELECT json_extract(value, '$[0]') AS n, json_extract(value, '$[1]') AS trade,
    json_extract(value, '$[2]') AS cell
  FROM json_each(:probes)
)"""
# CROSS JOIN: SQLite then keeps this order, few offers first, their keys by the primary key.
_WRITE = """
INSERT INTO digests (search, run, offers)
{news}
SELECT search, :run, {strung} FROM (
  SELECT DISTINCT k.search, o.n FROM probes p
  CROSS JOIN search_keys k CROSS JOIN news o CROSS JOIN searches s
  WHERE k.trade = p.trade AND k.cell = p.cell AND o.n = p.n
  AND k.x * o.x + k.y * o.y + k.z * o.z >= k.least
  AND (o.start = 0 OR o.start BETWEEN k.first AND k.last)
  AND (k.level = 0 OR o.level = 0 OR k.level = o.level)
  AND (k.excluded = '' OR k.excluded NOT LIKE o.commune)
  AND s.id = k.search AND s.state = 'on'
  ORDER BY k.search, o.n
) AS found
GROUP BY search
ON CONFLICT (search, run) DO UPDATE SET offers = digests.offers || ' ' || excluded.offers
"""
_STATEMENTS = {
    "postgresql": text(_WRITE.format(news=_POSTGRESQL, strung="string_agg(CAST(n AS text), ' ')")),
    "sqlite": text(_WRITE.format(news=_SQLITE, strung="group_concat(n, ' ')")),
}
# Of a row of COPY's binary form, all but the offers: how many fields, before each its length.
_ROW = np.dtype(
    [("fields", ">i2"), ("search bytes", ">i4"), ("search", ">i8"), ("run bytes", ">i4"),
     ("run", ">i8"), ("offers bytes", ">i4")]
)  # fmt: skip
_SENT_AT_ONCE = 5_000
_PUT = "INSERT INTO digests (search, run, offers) VALUES (?, ?, ?)"


class News(Protocol):
    """A new offer, as ``search_keys`` may hold it: see :class:`alerts.keys.Probe`."""

    @property
    def n(self) -> int: ...
    @property
    def trades(self) -> Sequence[str]: ...
    @property
    def cells(self) -> Sequence[int]: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def z(self) -> float: ...
    @property
    def start(self) -> int: ...
    @property
    def level(self) -> int: ...
    @property
    def insee(self) -> str: ...


class Digests:
    """Written while a run is built; they count once it is ready."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.sqlite = db.file is not None
        self._probe = _STATEMENTS["sqlite" if self.sqlite else "postgresql"]

    @unbroken
    async def probe(self, run: Run, news: Sequence[News], *, done: int) -> Run:
        """Hold these offers against all alerts that are on, in one
        statement; ``done`` offers of the run are done with them.

        Raises :class:`storage.runs.Overtaken`.
        """
        async with self._db.write() as tx:
            # First the run's own row: whoever holds it is alone with the run.
            run = await step(tx, run, done=done, written=0, reached=0)
            result = await tx.execute(self._probe, {"run": run.id, **_given(news)})
            return await step(tx, run, done=done, written=result.rowcount, reached=0)

    @unbroken
    async def put(self, run: Run, found: Found, *, done: int, reached: int) -> Run:
        """Write what was found for all alerts up to number ``reached``, in one transaction.

        Raises :class:`storage.runs.Overtaken`.
        """
        async with self._db.write() as tx:
            run = await step(tx, run, done=done, written=len(found), reached=reached)
            if not len(found):
                pass
            elif self.sqlite:
                rows = [(search, run.id, offers) for search, offers in found.rows()]
                await tx.exec_driver_sql(_PUT, rows)
            else:
                with driver_problems():
                    await (await driver(tx)).copy_to_table(
                        "digests", source=_binary(run.id, found), format="binary",
                        columns=("search", "run", "offers"), timeout=COMMAND_SECONDS,
                    )  # fmt: skip
        return run


async def _binary(run: int, found: Found) -> AsyncIterator[bytes]:
    """Rows of COPY's binary form: the driver makes them one by one, which costs more than to write
    them."""
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    rows = np.empty(len(found), _ROW)
    rows["fields"], rows["search bytes"], rows["run bytes"] = 3, 8, 8
    rows["search"], rows["run"], rows["offers bytes"] = found.searches, run, found.end - found.begin
    heads, size, text = rows.tobytes(), _ROW.itemsize, found.text
    begin, end = found.begin.tolist(), found.end.tolist()
    for at in range(0, len(begin), _SENT_AT_ONCE):
        pieces: list[bytes] = []
        for n in range(at, min(at + _SENT_AT_ONCE, len(begin))):
            pieces += heads[n * size : (n + 1) * size], text[begin[n] : end[n]]
        yield b"".join(pieces)
    yield b"\xff\xff"


def _given(news: Sequence[News]) -> dict[str, str]:
    offers = [(o.n, o.x, o.y, o.z, o.start, o.level, f"% {o.insee} %") for o in news]
    probes = [(o.n, trade, cell) for o in news for cell in o.cells for trade in o.trades]
    return {"news": json.dumps(offers), "probes": json.dumps(probes)}
