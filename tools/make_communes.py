"""Builds nlu/data/communes.tsv.gz and words.txt from the official list of communes.

Source: INSEE, Code officiel géographique 2026; La Poste, base officielle des codes postaux;
IGN, Admin Express (centres); Licence Ouverte 2.0. The CSV has the columns insee, name, kind,
parent_insee, departement, postcodes, population, lat, lon. Words: the French frequency list of
pyspellchecker (MIT), itself counted in film subtitles.

    python tools/make_communes.py communes.csv [--words fr.json.gz]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from nlu.gazetteer import HOME
from nlu.keys import name_key, sound
from nlu.text import fold

DATA = Path(__file__).resolve().parent.parent / "nlu" / "data"
KINDS = {
    "commune-actuelle": "c",
    "commune-deleguee": "d",
    "commune-associee": "a",
    "arrondissement-municipal": "m",
}
MOST_FREQUENT = 12_000
TOWN = 10_000  # inhabitants from which a town elsewhere is recognised when misspelt

Row = dict[str, str]


def fill_centres(rows: list[Row]) -> None:
    """Gives communes without a centre the mean of their postcode's, else their département's."""
    around: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row["lat"]:
            for area in [*row["postcodes"].split(), row["departement"]]:
                around[area].append((float(row["lat"]), float(row["lon"])))
    for row in rows:
        if not row["lat"]:
            near = [p for code in row["postcodes"].split() for p in around[code]]
            points = near or around[row["departement"]] or [(46.8, -56.2)]
            row["lat"] = str(fmean(lat for lat, _ in points))
            row["lon"] = str(fmean(lon for _, lon in points))


def lines(rows: list[Row]) -> Iterable[str]:
    """A line a column, tab-separated; communes sorted by key, then the most populated first."""
    fill_centres(rows)
    people = {r["insee"]: r["population"] for r in rows if r["kind"] == "commune-actuelle"}
    keys = {r["insee"]: name_key(r["name"]) for r in rows if r["kind"] == "commune-actuelle"}
    out = []
    for row in rows:
        kind, insee, key = KINDS[row["kind"]], row["insee"], name_key(row["name"])
        if kind in "da" and keys.get(insee) == key:
            continue  # the chief part of a merged commune that kept its name
        if kind == "m":
            key = " ".join(key.split()[:2]).removesuffix("er").removesuffix("e")
        population = int(row["population"] or (people.get(insee, "0") if kind in "da" else "0"))
        lat, lon = f"{float(row['lat']):.4f}", f"{float(row['lon']):.4f}"
        known = row["departement"] in HOME or population >= TOWN
        heard = sound(key) if known else ""
        fields = (key, insee, row["name"], kind, row["parent_insee"], row["departement"],
                  row["postcodes"], str(population), lat, lon, heard)  # fmt: skip
        out.append((key, -population, insee, fields))
    return ["\t".join(column) for column in zip(*(f for *_, f in sorted(out)), strict=True)]


def write(path: Path, text: str) -> None:
    """Gzip without a time stamp, so that the same source gives the same file."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def frequent_words(path: Path) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for word, count in json.loads(gzip.decompress(path.read_bytes())).items():
        counts[fold(word)] += count
    words = sorted((w for w in counts if w.isalpha()), key=lambda w: -counts[w])
    return words[:MOST_FREQUENT]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("communes", type=Path)
    parser.add_argument("--words", type=Path)
    arguments = parser.parse_args()
    with arguments.communes.open(encoding="utf-8", newline="") as file:
        write(DATA / "communes.tsv.gz", "\n".join(lines(list(csv.DictReader(file)))) + "\n")
    if arguments.words:
        text = "\n".join(sorted(frequent_words(arguments.words))) + "\n"
        (DATA / "words.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
