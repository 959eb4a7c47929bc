"""Trades: every sentence of tests/sentences/trades*.yml, and every official title of the ROME."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.text import Message, fold
from nlu.trade_table import Trade, TradeTable
from nlu.trades import TradeReader
from tools.make_trades import build

HERE = Path(__file__).parent
DATA = HERE.parent / "nlu" / "data"
TABLE = TradeTable.load()
READER = TradeReader(TABLE)


def sentences() -> list[dict[str, Any]]:
    files = sorted((HERE / "sentences").glob("trades*.yml"))
    return [one for file in files for one in yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)]


def titles() -> list[dict[str, str]]:
    with (DATA / "titles.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("one", sentences(), ids=lambda one: one["text"])
def test_sentence(one: dict[str, Any]) -> None:
    reading = READER.read(Message.of(one["text"]), one.get("asked"))
    found = {
        "trades": [mention.id for mention in reading.trades],
        "negated": [mention.id for mention in reading.negated_trades],
        "domains": list(reading.domains),
        "noncraft": [trade.label for trade in reading.noncraft_trades],
    }
    assert found == {name: one.get(name, []) for name in found}


# Titles whose words mean another trade to whoever types them.
EXCEPTIONS = {
    "platrier plaquiste": "plaquiste",  # « plâtrier-plaquiste » is the title of a plaquiste
    "metallier-serrurier": "metallier",  # the fitter's title, but a metalworker's diploma
    "monteur depanneur frigoriste": "frigoriste",  # same words, two codes
    "monteur d'elements prefabriques": "agenceur",  # same words, two codes
}


def test_official_titles_are_their_own_trade() -> None:
    wrong = []
    for row in titles():
        expected = EXCEPTIONS.get(fold(row["masculine"]))
        for title in {row["masculine"], row["feminine"], fold(row["masculine"]).upper()}:
            trades = READER.read(Message.of(title), None).trades
            right = [t.id for t in TABLE if row["rome"] in t.rome or t.id == expected]
            if len(trades) != 1 or trades[0].id not in right:
                wrong.append((row["rome"], title, [mention.id for mention in trades]))
    assert wrong == []


def test_every_craft_code_has_a_trade() -> None:
    owned = {code for trade in TABLE for code in trade.rome}
    assert owned == {row["rome"] for row in titles()}


def test_compact_lexicon_is_in_step_with_its_sources() -> None:
    built = (DATA / "trades.json").read_text("utf-8")
    assert built == build(), "run: python tools/make_trades.py lexicon"


def test_roofer_keeps_the_wider_code_as_parent() -> None:
    roofer = TABLE.get("couvreur")
    assert (roofer.rome, roofer.parents) == (("F1619",), ("F1610",))
    assert "solaire" in roofer.rival_stems
    assert roofer.both == "couvreur ou couvreuse"


def test_epicene_label_is_not_doubled() -> None:
    assert TABLE.get("fleuriste").both == "fleuriste"


def test_domains_and_likings_hold_trades() -> None:
    assert TABLE.domains["bois"][0].id == "menuisier"
    assert all(isinstance(trade, Trade) for trades in TABLE.likings.values() for trade in trades)
    assert {"cuisiner", "les animaux"} <= TABLE.likings.keys()
    assert all(len(trades) >= 3 for trades in TABLE.likings.values())


def test_unknown_id_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        TABLE.get("astronaute")


@pytest.mark.parametrize(
    ("words", "id_"), [("Boulangère", "boulanger"), ("moto", "mecanicien-moto"), ("xyz", None)]
)
def test_find(words: str, id_: str | None) -> None:
    trade = TABLE.find(words)
    assert (trade.id if trade else None) == id_


def test_spans_are_those_of_the_text() -> None:
    text = "cc jveu faire plombier sur amiens"
    mention = READER.read(Message.of(text), None).trades[0]
    assert text[mention.start : mention.end] == "plombier"


@given(st.text(max_size=300), st.sampled_from([None, "ask_trade", "ask_place"]))
def test_never_raises(text: str, asked: str | None) -> None:
    reading = READER.read(Message.of(text), asked)
    assert all(0 <= start < end <= len(text) for start, end in reading.spans)


WORDS = st.sampled_from(
    "pas plus boulanger patissier chez mon pere est cherche un apprenti à moi mais , . réparer des "
    "voitures coiffure macon peintre en carrosserie dans le bois je veux jveux m rue du".split()
)


@given(st.lists(WORDS, max_size=25))
def test_never_raises_on_its_own_words(words: list[str]) -> None:
    text = " ".join(words)
    reading = READER.read(Message.of(text), None)
    wanted = {mention.id for mention in reading.trades}
    assert not wanted & {mention.id for mention in reading.negated_trades}


@pytest.mark.parametrize("word", ["coiffeur ", "qsdkfj ", "pas chez ", "réparer des "])
def test_long_messages_stay_cheap(word: str) -> None:
    message = Message.of(word * (4096 // len(word)))
    READER.read(message, None)
    begun = time.process_time()
    READER.read(message, None)
    assert time.process_time() - begun < 0.1
