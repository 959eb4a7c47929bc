"""Builds the trade tables: titles.tsv from the ROME, trades.json from trades.yml and titles.tsv.

Source: ROME 4.60, open data of France Travail, Licence Ouverte 2.0.

    python tools/make_trades.py titles artisanat.json rome_codes.csv
    python tools/make_trades.py lexicon
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from nlu.lexicon import content, singular, stem
from nlu.text import Message, fold
from nlu.trade_spelling import Speller, sound, sounds

DATA = Path(__file__).resolve().parent.parent / "nlu" / "data"
# Shorter words outside the crafts are not mended: « batman » is not « barman ».
FAR_LEAST = 7
# Hauts-de-France: a misspelt town of these is no trade.
REGION = ("02", "59", "60", "62", "80")
COLUMNS = ("rome", "parent", "family", "masculine", "feminine")
ENDINGS = ("er", "e", "es", "ez", "ent", "ais", "ait", "ant", "é", "erai")
ROOTS = {
    "mettre": ["mettre", "met", "mets"],
    "coudre": ["coudre", "couds", "coud", "cousant"],
    "recoudre": ["recoudre"],
    "peindre": ["peindre", "peins", "peint", "peinds"],
    "repeindre": ["repeindre", "repeins", "repeint", "repeinds"],
    "teindre": ["teindre"],
    "tondre": ["tondre", "tonds", "tond"],
    "vendre": ["vendre", "vends", "vend"],
}


# ------------------------------------------------------------------------------ titles.tsv
def genders(title: str) -> tuple[str, str]:
    """« Poseur / Poseuse de stores » -> both whole titles; an epicene title twice."""
    title = re.sub(r"\(\w+\)", "", title).replace("  ", " ").strip()
    left, slash, right = title.partition(" / ")
    if not slash:
        return title, title
    tail = right.split(" ")[len(left.split(" ")) :]
    return " ".join([left, *tail]), right


def title_rows(
    trades: dict[str, Any], codes: Iterable[dict[str, str]]
) -> Iterator[tuple[str, ...]]:
    """One row per official title; the parents come from the table of codes."""
    parents = {row["code_rome"]: row["code_rome_parent"] for row in codes}
    for trade in trades["metiers"]:
        code = trade["code_rome"]
        for title in trade["appellations"]:
            family = fold(trade["famille"])
            yield (code, parents.get(code, code), family, *genders(title["long"]))


def write_titles(source: Path, codes: Path) -> None:
    with codes.open(encoding="utf-8", newline="") as file:
        rows = list(title_rows(json.loads(source.read_text("utf-8")), csv.DictReader(file)))
    lines = ["\t".join(row) for row in (COLUMNS, *rows)]
    (DATA / "titles.tsv").write_text("\n".join(lines) + "\n", "utf-8")


# ----------------------------------------------------------------------------- trades.json
def listed(value: Any) -> list[str]:
    """A YAML list, or « a, b » in one line."""
    if isinstance(value, str):
        value = value.split(",")
    return [str(item).strip() for item in value or []]


def key(text: str) -> str:
    return " ".join(content(Message.of(text).forms))


def verb_forms(verb: str) -> set[str]:
    """The folded forms of « réparer », or of an irregular verb; « bosser dans » is « bosser »."""
    first = verb.partition(" ")[0]
    if first in ROOTS:
        return {fold(form) for form in ROOTS[first]}
    if first.endswith("er") and len(first) > 4:
        return {fold(first[:-2] + ending) for ending in ENDINGS}
    return {fold(first)}


@dataclass
class Lexicon:
    """What trades.json holds; see nlu/lexicon.py for how it is read."""

    trades: list[list[Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    heads: dict[str, None] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)
    verbs: dict[str, list[str]] = field(default_factory=dict)
    objects: dict[str, dict[str, str]] = field(default_factory=dict)
    noncraft: list[list[Any]] = field(default_factory=list)
    likings: dict[str, list[str]] = field(default_factory=dict)
    emoji: dict[str, str] = field(default_factory=dict)
    everyday: list[str] = field(default_factory=list)
    variants: dict[str, str] = field(default_factory=dict)
    not_trades: list[str] = field(default_factory=list)
    ordinary: list[str] = field(default_factory=list)
    towns: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    stems: dict[str, str] = field(default_factory=dict)

    def name(self, words: str, target: str, *, sure: bool = True) -> None:
        table, other = (self.names, self.unsure) if sure else (self.unsure, self.names)
        word = key(words)
        known = table.get(word) or other.get(word)
        stems = " ".join(stem(form) for form in word.split(" "))
        known = known or self.stems.setdefault(stems, target)
        if known and known != target:
            self.problems.append(f"« {words} » : {known} et {target}")
        if word and known in (None, target) and word not in other:
            table[word] = target

    def to_json(self) -> str:
        parts = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"problems", "stems"}
        }
        parts["heads"] = list(self.heads)
        lines = [
            f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False, separators=(',', ':'))}"
            for name, part in parts.items()
        ]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def read_titles() -> list[dict[str, str]]:
    with (DATA / "titles.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def add_trades(lexicon: Lexicon, source: dict[str, Any], titles: list[dict[str, str]]) -> None:
    """The trades with their own words; parent and family are those of the first code."""
    parents = {row["rome"]: row["parent"] for row in titles}
    families = {row["rome"]: row["family"] for row in titles}
    official = {
        form
        for row in titles
        for g in ("masculine", "feminine")
        for form in Message.of(row[g]).forms
    }
    for id_, entry in source["trades"].items():
        codes = entry["rome"].split()
        label = entry.get("label", id_)
        feminine = entry.get("feminine", label)
        above = [p for p in [parents[codes[0]]] if p not in codes]
        lexicon.trades.append(
            [id_, label, feminine, entry["domain"], families[codes[0]], codes,
             above, [fold(stem) for stem in listed(entry["stems"])],
             listed(entry["near"]), listed(entry["like"]), entry["craft"]]
        )  # fmt: skip
        for word in listed(entry.get("foreign")):
            lexicon.name(word, id_)
        for word in [label, feminine, *listed(entry.get("words"))]:
            lexicon.name(word, id_)
            lexicon.heads.update(dict.fromkeys(content(Message.of(word).forms)))
        add_variants(lexicon, [label, entry["craft"], *listed(entry.get("words"))], official)
        for word in listed(entry.get("unsure")):
            lexicon.name(word, id_, sure=False)
        lexicon.emoji.update(dict.fromkeys(listed(entry.get("emoji")), id_))


def add_variants(lexicon: Lexicon, words: list[str], official: set[str]) -> None:
    """« menuisié » is « menuisier » inside longer names too: the first that sounds so is meant.

    Words of official titles are right as they are.
    """
    first: dict[str, str] = {}
    for word in map(key, words):
        heard = sound(word)
        if " " in word or len(heard) < 4 or word in official:
            first.setdefault(heard, word)
        elif first.setdefault(heard, word) != word:
            lexicon.variants[word] = first[heard]


def add_activities(lexicon: Lexicon, source: dict[str, Any]) -> None:
    for group, verbs in source["verbs"].items():
        for verb in [group, *verbs, *source["nouns"].get(group, [])]:
            for form in sorted(verb_forms(verb)):
                groups = lexicon.verbs.setdefault(form, [])
                if group not in groups:
                    groups.append(group)
    for id_, entry in source["trades"].items():
        for group, things in entry.get("do", {}).items():
            table = lexicon.objects.setdefault(group, {})
            for thing in listed(things):
                word = " ".join(singular(form) for form in content(Message.of(thing).forms))
                if table.setdefault(word, id_) != id_:
                    lexicon.problems.append(f"{group} « {thing} » : {table[word]} et {id_}")


def add_others(lexicon: Lexicon, source: dict[str, Any]) -> None:
    """Phrases that mean nothing (« ! »), wide fields (« @bois »), other trades (« #12 »)."""
    lexicon.likings = {name: listed(first) for name, first in source["likings"].items()}
    lexicon.everyday = [key(word) for word in source["everyday"]]
    for words in source["nothing"]:
        lexicon.name(words, "!")
    for domain, words in source["domains"].items():
        for word in words:
            lexicon.name(word, "@" + domain, sure=False)
    for line in yaml.safe_load((DATA / "noncraft.yml").read_text("utf-8")):
        label, rome, words = (part.strip() for part in (line + " ").split("|"))
        target = f"#{len(lexicon.noncraft)}"
        lexicon.noncraft.append([label.lstrip("~"), [rome] if rome else []])
        for word in [label, *listed(words)]:
            if word.strip("~"):
                lexicon.name(word.lstrip("~"), target, sure=not word.startswith("~"))
                if not word.startswith("~"):
                    forms = content(Message.of(word).forms)
                    lexicon.heads.update(dict.fromkeys(f for f in forms if len(f) >= FAR_LEAST))


def drop_diplomas(lexicon: Lexicon) -> None:
    """« CAP carreleur » would hide « (CAP) carreleur mosaïste »: « carreleur » is enough."""
    for name in [n for n in lexicon.names if n.startswith(("cap ", "bp ", "bac pro ", "bts "))]:
        rest = name.removeprefix("bac ").partition(" ")[2]
        if lexicon.names.get(rest) == lexicon.names[name]:
            del lexicon.names[name]


def add_titles(lexicon: Lexicon, titles: list[dict[str, str]]) -> None:
    """Official titles, after our own words; two trades joined by a hyphen need it."""
    by_code: dict[str, list[list[Any]]] = {}
    for trade in lexicon.trades:
        for code in trade[5]:
            by_code.setdefault(code, []).append(trade)
    single = dict(lexicon.names)
    for row in titles:
        for title in (row["masculine"], row["feminine"]):
            word = key(title)
            id_ = owner(by_code[row["rome"]], title)
            parts = {single.get(part) for part in word.split(" ")}
            if "-" in title and " " not in title and len(parts) > 1 and None not in parts:
                lexicon.joined.setdefault(word, id_)
            elif word not in lexicon.unsure:
                lexicon.names.setdefault(word, id_)


def add_heard_verbs(lexicon: Lexicon) -> None:
    """« encadré dé tablo » is « encadrer des tableaux »; « bijoutié » is no verb."""
    for name, target in list(lexicon.names.items()):
        first, space, rest = name.partition(" ")
        verb = first.endswith("er") and not first.endswith(("ier", "cher", "ger"))
        if space and verb:
            lexicon.names.setdefault(f"{first[:-1]} {rest}", target)


def owner(trades: list[list[Any]], title: str) -> str:
    """Of the trades that share a code, the one whose stem the title bears, else the first."""
    words = Message.of(title).forms
    for trade in trades:
        if len(trades) > 1 and any(w.startswith(tuple(trade[7])) for w in words):
            return str(trade[0])
    return str(trades[0][0])


def check(lexicon: Lexicon, source: dict[str, Any], titles: list[dict[str, str]]) -> None:
    """Raises with everything a linguist should mend."""
    ids = {trade[0] for trade in lexicon.trades}
    codes = {code for trade in lexicon.trades for code in trade[5]}
    problems = lexicon.problems
    problems += [
        f"{t[0]} : voisin inconnu {n}" for t in lexicon.trades for n in t[8] if n not in ids
    ]
    problems += [
        f"{t[0]} : goût {k}" for t in lexicon.trades for k in t[9] if k not in lexicon.likings
    ]
    problems += [
        f"{t[0]} : domaine {t[3]}" for t in lexicon.trades if t[3] not in source["domains"]
    ]
    problems += sorted({f"code sans métier {r['rome']}" for r in titles if r["rome"] not in codes})
    if problems:
        raise SystemExit("\n".join(problems))


def mendable(head: str) -> bool:
    """Whether a typing error may be mended into this word."""
    return len(head) > 4 and head.isascii() and head.isalpha()


def add_towns(lexicon: Lexicon, words: frozenset[str]) -> None:
    """Communes whose name, or a word of it, is or looks like a trade."""
    with gzip.open(DATA / "communes.tsv.gz", "rt", encoding="utf-8") as file:
        towns = set(file.readline().rstrip("\n").split("\t"))
    lexicon.ordinary = ordinary_sounds(lexicon, words)
    speller = Speller(lexicon.heads, lexicon.sounds, words)
    known = {word for name in (*lexicon.names, *lexicon.joined) for word in name.split(" ")}
    parts = {form for town in towns for form in town.split(" ")}
    lexicon.not_trades = sorted(p for p in parts - known if speller.mend(p) != p)
    trades = {singular(name) for name in (*lexicon.names, *lexicon.unsure) if " " not in name}
    lexicon.towns = sorted(town for town in towns if singular(town) in trades)
    for town in sorted(towns):
        name = key(town)
        if " " in name and not trades.isdisjoint(singular(word) for word in name.split(" ")):
            for spelled in (name, f" {name}".replace(" st ", " saint ").strip()):
                lexicon.names.setdefault(spelled, "!")


def ordinary_sounds(lexicon: Lexicon, words: frozenset[str]) -> list[str]:
    """How ordinary words and towns of the region sound: « vitess » is no misspelt trade."""
    with gzip.open(DATA / "communes.tsv.gz", "rt", encoding="utf-8") as file:
        rows = [line.split("\t") for line in file]
    towns = {form for row in rows if row[5] in REGION for form in row[0].split(" ")}
    heard = {sound(word) for word in words | towns if len(word) > 4 and word.isalpha()}
    return sorted(one for one in heard - lexicon.sounds.keys() if len(one) > 2)


def build() -> str:
    """The text of trades.json, from trades.yml, noncraft.yml and titles.tsv."""
    source = yaml.safe_load((DATA / "trades.yml").read_text("utf-8"))
    titles = read_titles()
    lexicon = Lexicon()
    add_trades(lexicon, source, titles)
    add_activities(lexicon, source)
    add_others(lexicon, source)
    check(lexicon, source, titles)
    drop_diplomas(lexicon)
    add_titles(lexicon, titles)
    add_heard_verbs(lexicon)
    words = frozenset((DATA / "words.txt").read_text("utf-8").split())
    # Our own words first: of two that sound alike, the commoner is meant.
    ours = [*lexicon.heads, *(w for table in lexicon.objects.values() for w in table)]
    theirs = [n for n in lexicon.names if lexicon.names[n][0] not in "#!" or len(n) >= FAR_LEAST]
    unsure = [n for n in lexicon.unsure if lexicon.unsure[n][0] not in "#!"]
    lexicon.heads = {head: None for head in [*ours, *theirs, *unsure] if mendable(head)}
    lexicon.sounds = sounds(lexicon.heads)
    add_towns(lexicon, words)
    return lexicon.to_json()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    titles = commands.add_parser("titles", help="from the ROME's own files")
    titles.add_argument("trades", type=Path)
    titles.add_argument("codes", type=Path)
    commands.add_parser("lexicon", help="from trades.yml, noncraft.yml and titles.tsv")
    args = parser.parse_args()
    if args.command == "titles":
        write_titles(args.trades, args.codes)
    (DATA / "trades.json").write_text(build(), "utf-8")


if __name__ == "__main__":
    main()
