"""Every commune of France: by code, postcode, name, beginning of a name, and position."""

from __future__ import annotations

import gzip
import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.resources import files

import numpy as np
import yaml

from nlu.keys import name_key
from nlu.meaning import Place

# Aisne, Nord, Oise, Pas-de-Calais, Somme: at equal names, a commune there wins.
HOME = frozenset({"02", "59", "60", "62", "80"})
_CODE = 5  # letters of an INSEE code
_DEGREE = 10_000  # positions are kept in ten thousandths of a degree
_POSTCODE = re.compile(r"\b([0-9]{5})\b")
_CEDEX = re.compile(r"\s+cedex\b.*$", re.IGNORECASE)


class _Cells:
    """A column of texts, in one run of bytes and not in an object each."""

    def __init__(self, column: bytes) -> None:
        ends = np.flatnonzero(np.frombuffer(column + b"\t", dtype=np.uint8) == ord("\t"))
        self._ends = array("i", np.concatenate(([-1], ends)).astype(np.intc).tobytes())
        self._column = column

    def __getitem__(self, row: int) -> str:
        return self._column[self._ends[row] + 1 : self._ends[row + 1]].decode()


def _split(column: bytes) -> list[str]:
    return column.decode().split("\t")


def _shared(column: bytes) -> list[str]:
    """The cells, equal ones being one object."""
    seen: dict[str, str] = {}
    return [seen.setdefault(cell, cell) for cell in _split(column)]


def _integers(column: bytes, times: int = 1) -> array[int]:
    numbers = np.array(column.split(b"\t"), dtype="S12").astype(np.float64)
    return array("i", np.rint(numbers * times).astype(np.intc).tobytes())


class Gazetteer:
    """The table of communes, sorted by key; a *row* is an index into it.

    Source: INSEE, La Poste and IGN (see ``tools/make_communes.py``).
    """

    def __init__(self, table: bytes, parts: dict[str, list[float]]) -> None:
        """``table`` has a line for each column, its cells parted by tabs."""
        columns = table.split(b"\n")
        self.keys: list[str] = columns[0].decode().split("\t")
        self._insee = columns[1].replace(b"\t", b"").decode()
        self._names = _Cells(columns[2])
        self._kind = columns[3].replace(b"\t", b"").decode()
        self._parent = {row: cell for row, cell in enumerate(_split(columns[4])) if cell}
        self._departement = _shared(columns[5])
        self._home = bytes([departement in HOME for departement in self._departement])
        self._postcodes = _shared(columns[6])
        self.population = _integers(columns[7])
        self._lat, self._lon = _integers(columns[8], _DEGREE), _integers(columns[9], _DEGREE)
        self.sounds: list[str] = _split(columns[10])
        codes = np.frombuffer(self._insee.encode(), dtype=f"S{_CODE}")
        self._by_code = array("H", np.argsort(codes, kind="stable").astype(np.uint16).tobytes())
        for insee, (lat, lon, people) in parts.items():
            row = self.row_of(insee)
            self._lat[row], self._lon[row] = round(lat * _DEGREE), round(lon * _DEGREE)
            self.population[row] = int(people)

    @classmethod
    def load(cls) -> Gazetteer:
        data = files("nlu") / "data"
        table = gzip.decompress((data / "communes.tsv.gz").read_bytes())
        parts = yaml.load((data / "parts.yml").read_text("utf-8"), yaml.CSafeLoader)
        return cls(table, parts)

    def __len__(self) -> int:
        return len(self.keys)

    def place(self, row: int, start: int = 0, end: int = 0) -> Place:
        return Place(
            self.insee(row), self._names[row], self._departement[row], self.lat(row),
            self.lon(row), self.population[row], start, end,
        )  # fmt: skip

    def by_insee(self, insee: str) -> Place | None:
        row = self._row_of(insee)
        return None if row is None else self.place(row)

    def _row_of(self, insee: str) -> int | None:
        """Of a commune and its chief part, that share a code, the commune."""
        at = bisect_left(self._by_code, insee, key=self.insee)
        found = None
        while at < len(self) and self.insee(row := self._by_code[at]) == insee:
            if self._kind[row] == "c":
                return row
            found, at = row, at + 1
        return found

    def row_of(self, insee: str) -> int:
        """The row of a code known to exist; ``KeyError`` otherwise."""
        row = self._row_of(insee)
        if row is None:
            raise KeyError(insee)
        return row

    def postcodes(self, insee: str) -> tuple[str, ...]:
        """Smallest first; empty for an unknown code or a part without its own."""
        row = self._row_of(insee)
        return () if row is None else tuple(self._postcodes[row].split())

    @cached_property
    def _rows_by_postcode(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row, codes in enumerate(self._postcodes):
            for code in codes.split():
                found[code].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: -self.population[row])
        return dict(found)

    def by_postcode(self, postcode: str) -> tuple[Place, ...]:
        """The communes that share a postcode, most populated first."""
        return tuple(self.place(row) for row in self._rows_by_postcode.get(postcode, ()))

    def rows_by_postcode(self, postcode: str) -> list[int]:
        return self._rows_by_postcode.get(postcode, [])

    def rows_named(self, key: str) -> range:
        """Rows whose key is exactly ``key`` (see ``name_key``)."""
        first = last = bisect_left(self.keys, key)
        while last < len(self.keys) and self.keys[last] == key:
            last += 1
        return range(first, last)

    def rows_beginning(self, key: str) -> range:
        """Rows whose key begins with the words of ``key`` and goes on."""
        begun = key + " "
        first = bisect_left(self.keys, begun)
        if first == len(self.keys) or not self.keys[first].startswith(begun):
            return range(first, first)
        return range(first, bisect_left(self.keys, key + "!", first))

    def likeliest_first(self, rows: Iterable[int]) -> list[int]:
        """The pilot region first, communes before their parts, then by population."""
        return sorted(
            rows,
            key=lambda row: (not self.home(row), self._kind[row] in "da", -self.population[row]),
        )

    def home(self, row: int) -> bool:
        return self._home[row] == 1

    def departement(self, row: int) -> str:
        return self._departement[row]

    def name(self, row: int) -> str:
        return self._names[row]

    def lat(self, row: int) -> float:
        """In degrees, as the longitude."""
        return self._lat[row] / _DEGREE

    def lon(self, row: int) -> float:
        return self._lon[row] / _DEGREE

    def is_part(self, row: int) -> bool:
        return self._kind[row] in "da"

    def insee(self, row: int) -> str:
        return self._insee[_CODE * row : _CODE * (row + 1)]

    def lookup(self, name: str) -> tuple[Place, ...]:
        """The communes of exactly that name, whatever its accents and hyphens, likeliest first."""
        rows = self.likeliest_first(self.rows_named(name_key(name)))
        return tuple(self.place(row) for row in rows)

    def homes_and_towns(self) -> Iterator[int]:
        """Rows of the pilot region, and of the towns elsewhere: those whose sound is known."""
        return (row for row, heard in enumerate(self.sounds) if heard)

    @cached_property
    def _sphere(self) -> tuple[list[int], np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
        rows = [row for row, kind in enumerate(self._kind) if kind == "c"]
        lat = np.radians([self.lat(row) for row in rows])
        lon = np.radians([self.lon(row) for row in rows])
        points = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
        return rows, points.T

    def nearest(self, lat: float, lon: float) -> Place:
        """The commune whose centre is nearest to a point in degrees."""
        rows, points = self._sphere
        a, b = np.radians(lat), np.radians(lon)
        point = np.array([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
        return self.place(rows[int(np.argmax(points @ point))])

    def locate(
        self, address: str, lat: float | None, lon: float | None, insee: str = ""
    ) -> Place | None:
        """The commune of a postal address: « 12 RUE DES FAUX 59000 LILLE », else of its position,
        else of its INSEE code.

        The name after the postcode decides, then the postcode, then the point.
        """
        for match in reversed(list(_POSTCODE.finditer(address))):
            if rows := self._rows_by_postcode.get(match.group()):
                key = name_key(_CEDEX.sub("", address[match.end() :]))
                named = [row for row in rows if self.keys[row] == key]
                named = named or self._parts_named(key, rows)
                return self.place(named[0] if named else self._best_of(rows, key))
            if place := self._named_in(name_key(_CEDEX.sub("", address[match.end() :])), match):
                return place
        if lat is not None and lon is not None:
            return self.nearest(lat, lon)
        if insee:
            return self.by_insee(insee)
        return self.place(rows[0]) if (rows := self._exact(address)) else None

    def _best_of(self, rows: list[int], key: str) -> int:
        """The one whose name shares its beginning with ``key``, else the most populated."""
        begun = [row for row in rows if key and (key + " ").startswith(self.keys[row] + " ")]
        return max(begun, key=lambda row: len(self.keys[row])) if begun else rows[0]

    def _parts_named(self, key: str, rows: list[int]) -> list[int]:
        """« 59160 Lomme »: a part has no postcode of its own, its main commune has it."""
        mains = {self.insee(row) for row in rows}
        return [row for row in self.rows_named(key) if self._parent.get(row) in mains]

    def _named_in(self, key: str, postcode: re.Match[str]) -> Place | None:
        """A commune of that name in the postcode's département (a CEDEX code is in no table)."""
        inside = [
            row
            for row in self.rows_named(key)
            if postcode.group().startswith(self._departement[row][:2])
        ]
        return self.place(inside[0]) if inside else None

    def _exact(self, address: str) -> list[int]:
        return self.likeliest_first(self.rows_named(name_key(_CEDEX.sub("", address))))
