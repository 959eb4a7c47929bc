"""Applying in a real browser: the CV is chosen where one confirms, with and without JavaScript."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nlu.understander import Understander
from tests.applying import cv, jobs
from tests.apprentissage_api import KEY
from tests.browser.conftest import ROOT, TODAY, Open
from tests.offered import furnish


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The contract server in a process of its own, and what it was asked."""
    folder = tmp_path_factory.mktemp("service")
    offers, log = folder / "offers.jsonl", folder / "calls.jsonl"
    offers.write_text("\n".join(map(json.dumps, jobs())), "utf-8")
    command = [sys.executable, "-m", "tests.apprentissage_api", "--until-eof"]
    with subprocess.Popen(
        [*command, "--offers", str(offers), "--log", str(log)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip(), log
        process.stdin.close()


@pytest.fixture(scope="module")
def base(service: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our service, with offers one can apply to."""
    folder = tmp_path_factory.mktemp("applied")
    url = f"sqlite+aiosqlite:///{folder / 'served.sqlite'}"
    with ThreadPoolExecutor(1) as apart:  # the browser's loop runs in this thread
        apart.submit(asyncio.run, furnish(url, "ateliers", Understander.load())).result()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PORT": str(port), "TODAY": TODAY,
        "SECRET_KEY": "k" * 40, "PYTHONPATH": str(ROOT), "DATABASE_URL": url,
        "APPRENTISSAGE_API_URL": service[0], "APPRENTISSAGE_API_KEY": KEY,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"], cwd=folder, env=environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        yield process.stdout.readline().split("sur ")[1].split()[0]
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.parametrize(("width", "js"), [(360, True), (360, False), (1280, True)])
def test_a_cv_is_chosen_and_sent(
    open_screen: Open, service: tuple[str, Path], tmp_path: Path, width: int, js: bool
) -> None:
    screen = open_screen(width=width, js=js)
    page = screen.page
    log = page.locator("#log")
    screen.go("/")
    screen.say("carrossier à Frévent, septembre")
    page.get_by_role("button", name="Postuler ici").first.click()
    for words, answer in (
        ("Léa Martin", "mail"), ("lea@exemple.fr", "numéro"), ("06 12 34 56 78", "5 questions"),
    ):  # fmt: skip
        screen.say(words)
        expect(log).to_contain_text(answer)
    page.get_by_role("button", name="J’ai un CV").click()
    page.get_by_role("button", name="Sans mot").click()
    expect(log).to_contain_text("Rien ne part sans toi")
    screen.shoot(f"apply-{width}-{'js' if js else 'nojs'}")
    file = tmp_path / "cv.pdf"
    file.write_bytes(cv("cv.pdf"))
    page.get_by_label("Ton CV").set_input_files(file)
    before = calls(service[1])
    page.get_by_role("button", name="Envoyer ma candidature").click()
    expect(log).to_contain_text(re.compile("Envoyé|envoyé à"))
    expect(page.locator(".upload")).to_have_count(0)
    assert calls(service[1]) == before + 1
    if js:
        page.reload()
        expect(log).to_contain_text(re.compile("Envoyé|envoyé à"))
        expect(page.locator(".upload")).to_have_count(0)
    screen.say("mes démarches")
    expect(log).to_contain_text("Candidature envoyée")


def calls(log: Path) -> int:
    if not log.exists():
        return 0
    lines = log.read_text("utf-8").splitlines()
    return sum(json.loads(line)["route"] == "apply" for line in lines)
