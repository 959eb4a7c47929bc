"""What is said in so many words, as people write it; and what only looks like it."""

from __future__ import annotations

import pytest

from dialogs.spoken import Spoken, asks_for_internship, read_number, read_spoken


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("chui en 3eme jsai pas koi faire", "no_idea"),
        ("je sais pas quoi faire plus tard", "no_idea"),
        ("jsp quoi choisir", "no_idea"),
        ("j'ai aucune idée de quoi faire", "no_idea"),
        ("je sais pas quoi faire pour l'entretien", None),
        ("je sais pas comment ça marche", None),
        ("stage", "internship"),
        ("slt, stage de 3eme", "internship"),
        ("je cherche un stage", "internship"),
        ("je voudrais faire un mini-stage", "internship"),
        ("vous avez pas de stages ?", "internship"),
        ("une immersion", "internship"),
        ("jveux un stage coiffeur lille", "internship"),
        ("j'ai fait un stage en boulangerie", None),
        ("mon maître de stage m'a aidé", None),
        ("efface l'écran", "clear_screen"),
        ("jose pas appeler", "shy"),
        ("j'ose pas les appeler", "shy"),
        ("j'ai peur de téléphoner", "shy"),
        ("je sais pas appeler", "shy"),
        ("on écrit", "apply"),
        ("ok on leur écrit", "apply"),
        ("je veux postuler", "apply"),
        ("postuler ici", "apply"),
        ("je postule à la 2", "apply"),
        ("écrire", "apply"),
        ("comment postuler ?", None),
        ("j'écris mal", None),
        ("mes démarches", "steps"),
        ("mes candidatures", "steps"),
    ],
)
def test_what_is_said(text: str, what: Spoken | None) -> None:
    assert read_spoken(text) == what


def test_what_an_internship_pays_is_another_question() -> None:
    assert asks_for_internship("un stage")
    assert not asks_for_internship("un stage c'est payé ?")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2), ("la 2", 2), ("2eme", 2), ("2ème !", 2), ("3e stp", 3), ("1re", 1), ("1ère", 1),
        ("la première", 1), ("deuxième", 2), ("2nde", 2), ("2 mois", None), ("2 km", None),
        ("2e année", None), ("22", None), ("", None), ("la", None), ("lens", None),
    ],
)  # fmt: skip
def test_a_number_alone(text: str, number: int | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    "said",
    [
        "un CFA près de chez moi", "c'est où le CFA", "c où le cfa ?", "ya quoi comme cfa",
        "le cfa c'est où", "cfa boulangerie lens", "les cfa du coin", "je cherche un cfa coiffure",
        "y a t il un cfa pas loin", "où se trouve le CFA ?", "trouver un centre de formation",
    ],
)  # fmt: skip
def test_training_centres_are_asked_for(said: str) -> None:
    assert read_spoken(said) == "courses"


@pytest.mark.parametrize(
    "said",
    [
        "c'est quoi un cfa ?", "lycée ou cfa ?", "un patron ou un cfa", "combien coûte le CFA",
        "je suis inscrit au cfa d'Arras je cherche un patron", "mon cfa est à Arras",
        "je cherche une boulangerie près du CFA d'Arras", "le cfa de Boulogne il fait internat ?",
        "mon cfa à Roubaix, je cherche plaquiste", "je vais au CFA de Lens",
        "on peut commencer au cfa sans patron ?",
    ],
)  # fmt: skip
def test_a_training_centre_is_only_spoken_of(said: str) -> None:
    assert read_spoken(said) != "courses"
