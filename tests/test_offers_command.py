"""``offers import`` and ``offers search``, as typed in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.offers_command import offers
from tests.test_offers_file import job


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('offers')}/offers.db"


def run(database: str, *arguments: str) -> Result:
    environment = {"DATABASE_URL": database, "TODAY": "2026-11-23", "COLUMNS": "80"}
    return CliRunner().invoke(offers, arguments, env=environment)


def near_lens(**changes: Any) -> dict[str, Any]:
    return job(apply__url="https://exemple.invalid/1", **changes)


def test_an_empty_catalogue_shows_the_demonstration_set(database: str) -> None:
    shown = run(database, "search", "--trade", "boulanger", "--place", "Lens")
    assert shown.exit_code == 0, shown.output
    first, *rest = shown.output.splitlines()
    assert first.replace("\u00a0", " ").startswith(
        "Boulanger ou boulangère, 30 km autour de Lens : "
    )
    assert "offre de démonstration" in "".join(rest)
    assert max(map(len, rest)) <= 80


def test_json_is_one_array_nearest_first(database: str) -> None:
    shown = run(
        database, "search", "--trade", "boulangé", "--place", "62300", "--radius", "20", "--json"
    )
    found = json.loads(shown.stdout)
    assert len(found) > 4
    distances = [offer["distance_km"] for offer in found]
    assert distances == sorted(distances)
    assert distances[-1] <= 20
    assert all(offer["demonstration"] for offer in found)
    assert all("boulang" in offer["title"].lower() for offer in found)


def test_a_departement_can_be_searched(database: str) -> None:
    shown = run(database, "search", "--trade", "coiffure", "--place", "Pas-de-Calais", "--json")
    assert {offer["insee"][:2] for offer in json.loads(shown.stdout)} == {"62"}


def test_an_empty_answer_says_where_to_look(database: str) -> None:
    arguments = ("search", "--trade", "carrossier", "--place", "Saint-Pol-sur-Ternoise")
    shown = run(database, *arguments)
    assert shown.exit_code == 0
    assert "3 offres à moins de 40 km (Arras, Lens)" in shown.stdout
    assert "mécanicien auto" in shown.stdout
    assert run(database, *arguments, "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("trade", "place", "words"),
    [
        ("luthié", "qsdfghjklm", "Lieu inconnu\u00a0: «\u202fqsdfghjklm\u202f»."),
        ("xyzt", "Lens", "Métier inconnu\u00a0: «\u202fxyzt\u202f». Par exemple"),
        ("coiffeur", "st pol", "--place 62130   Saint-Pol-sur-Ternoise (62)"),
    ],
)
def test_what_is_not_understood_is_said_with_a_hint(
    database: str, trade: str, place: str, words: str
) -> None:
    shown = run(database, "search", "--trade", trade, "--place", place)
    assert shown.exit_code == 2
    assert words in shown.stderr
    assert shown.stdout == ""


def test_real_offers_take_the_place_of_invented_ones(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/offers.db"
    file = tmp_path / "offres.jsonl"
    lines = [
        json.dumps(near_lens()), "{", "",
        json.dumps(near_lens(identifier__id="2", contract__type=["Professionnalisation"])), "[",
    ]  # fmt: skip
    file.write_text("\n".join(lines), "utf-8")
    imported = run(database, "import", str(file))
    assert imported.exit_code == 0, imported.output
    assert imported.stdout == "1 offre importée, 3 lignes laissées de côté.\n"
    assert "lignes 2 et 5\u00a0: la ligne n’est pas du JSON" in imported.stderr
    assert "ligne 4\u00a0: ce n’est pas un contrat d’apprentissage" in imported.stderr
    shown = run(database, "search", "--trade", "boulanger", "--place", "Lens", "--json")
    assert [offer["id"] for offer in json.loads(shown.stdout)] == ["offres_emploi_lba:66aa00"]


def test_a_file_that_cannot_be_read_leaves_the_catalogue_as_it_was(
    database: str, tmp_path: Path
) -> None:
    missing = run(database, "import", str(tmp_path / "rien.jsonl"))
    assert missing.exit_code == 2
    assert "rien.jsonl n’existe pas." in missing.stderr
    useless = tmp_path / "inutile.jsonl"
    useless.write_text("[]\n" * 30, "utf-8")
    refused = run(database, "import", str(useless))
    assert refused.exit_code == 1
    assert refused.stdout == "0 offre importée, 30 lignes laissées de côté.\n"
    assert "19, 20 et 10 autres\u00a0: la ligne n’est pas un objet JSON" in refused.stderr
    shown = run(database, "search", "--trade", "boulanger", "--place", "Lens", "--json")
    assert len(json.loads(shown.stdout)) > 4
