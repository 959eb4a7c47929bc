"""What the documents say exists, and what exists is documented."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def settings() -> set[str]:
    """The environment variables the service reads."""
    from bot.config import Settings

    return set(variables(Settings))


def variables(model: type[BaseSettings]) -> Iterator[str]:
    prefix = model.model_config.get("env_prefix", "")
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            yield from (choice.upper() for choice in alias.choices if isinstance(choice, str))
        else:
            yield alias.upper() if isinstance(alias, str) else f"{prefix}{name}".upper()


def verbs() -> set[str]:
    """The commands, those of a group as « offers import »."""
    from bot.__main__ import app

    return set(named(typer.main.get_command(app)))


def named(command: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path)
        return
    for name, child in below.items():
        if not child.hidden:
            yield from named(child, (*path, name))


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reglages.md").read_text(encoding="utf-8")
    known = settings()
    assert known
    assert {name for name in known if f"`{name}`" not in page} == set()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs/reglages.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|\s*((?:`[A-Z_]+`[ ,/]*)+)\|", page, re.MULTILINE)
    assert {n for row in rows for n in re.findall(r"[A-Z_]{2,}", row)} - settings() == set()


def test_every_verb_is_documented() -> None:
    page = (ROOT / "docs/commandes.md").read_text(encoding="utf-8")
    known = verbs()
    assert "chat" in known
    missing = {v for v in known if not re.search(rf"python -m bot {v}\b|`{v}[ `]", page)}
    assert missing == set()


def test_every_option_of_understand_is_documented() -> None:
    page = (ROOT / "docs/commandes.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if "| `python -m bot understand` |" in line]
    from bot.__main__ import app

    command = getattr(typer.main.get_command(app), "commands")["understand"]  # noqa: B009
    options = {name for param in command.params for name in param.opts}
    assert "--explain" in options
    assert {name for name in options if f"`{name}" not in row} == set()


def test_every_option_of_offers_sync_is_documented() -> None:
    page = (ROOT / "docs/commandes.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if "| `python -m bot offers sync` |" in line]
    from bot.offers_command import offers

    command = getattr(typer.main.get_command(offers), "commands")["sync"]  # noqa: B009
    options = {name for param in command.params for name in param.opts}
    assert "--accept" in options
    assert {name for name in options if f"`{name}" not in row} == set()


def test_every_verb_in_the_documents_exists() -> None:
    known = {verb.split()[0] for verb in verbs()}
    said = {
        (page.name, verb)
        for page in DOCS
        for verb in re.findall(r"python -m bot ([a-z]+)", page.read_text(encoding="utf-8"))
    }
    assert {(page, verb) for page, verb in said if verb not in known} == set()


def test_every_dependency_says_why_it_is_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        listed += extra
    names = {re.split(r"[\[<>=; ]", line, maxsplit=1)[0] for line in listed}
    for page in ("docs/pourquoi.md", "NOTICE"):
        text = (ROOT / page).read_text(encoding="utf-8").lower()
        assert {name for name in names if name.lower() not in text} == set(), page


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|\s)make ([a-z]+)", text)) - targets == set()
    assert [link for link in links(text) if not (page.parent / link).exists()] == []


def links(text: str) -> Iterator[str]:
    """The relative links of a page, without the place inside the page they lead to."""
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", link):
            yield link.split("#")[0]


def test_the_help_of_make_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {target for target in targets if f"make {target} " not in shown.stdout} == set()
    phony = re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == targets
