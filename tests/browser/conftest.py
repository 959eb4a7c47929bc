"""A real server in a process of its own, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.push_service import private_key

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "var" / "screenshots"
TODAY = "2026-11-23"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip


@dataclass(slots=True)
class Screen:
    """A page being looked at: ``problems`` gathers what the console says and foreign requests."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def say(self, text: str) -> None:
        self.page.get_by_label("Ton message").fill(text)
        self.page.get_by_role("button", name="Envoyer").click()

    def shoot(self, name: str, *, full: bool = False) -> Path:
        """A picture under ``var/screenshots``; the page must not scroll sideways."""
        width = "document.documentElement"
        assert self.page.evaluate(f"{width}.scrollWidth <= {width}.clientWidth"), name
        path = SHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=full, animations="disabled")
        return path


Open = Callable[..., Screen]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def environment(folder: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {"PORT": str(port), "TODAY": TODAY, "SECRET_KEY": "k" * 40, "PYTHONPATH": str(ROOT)}
    own["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / 'served.sqlite'}"
    own |= {"WEB_PUSH_PRIVATE_KEY": private_key(), "WEB_PUSH_CONTACT": "mailto:robot@exemple.fr"}
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own}


@pytest.fixture(scope="session")
def base(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a running server; it must stop cleanly at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"], cwd=folder, env=environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert "Le robot répond sur http://127.0.0.1:" in line, line
        yield line.split("sur ")[1].split()[0]
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.fixture(scope="session")
def link(folder: Path, environment: dict[str, str]) -> str:
    """The path of a link made by the command."""
    made = subprocess.run(
        [sys.executable, "-m", "bot", "link", "--origin", "Mission locale de Lens",
         "--trade", "boulanger", "--place", "Lens"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "/l/" + made.stdout.split("/l/")[1].strip()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def open_screen(browser: Browser, base: str) -> Iterator[Open]:
    """Open a page: ``open_screen(width=360, js=True, dark=False)``; its problems fail the test."""
    screens: list[Screen] = []
    with ExitStack() as stack:

        def open_(*, width: int = 360, js: bool = True, dark: bool = False) -> Screen:
            context = browser.new_context(
                viewport={"width": width, "height": 740 if width < 600 else 800},
                java_script_enabled=js,
                color_scheme="dark" if dark else "light",
                locale="fr-FR",
                reduced_motion="reduce",  # pages are looked at when they have stopped moving
            )
            stack.callback(context.close)
            screens.append(_watched(context, base))
            return screens[-1]

        yield open_
        assert [problem for screen in screens for problem in screen.problems] == []


def _watched(context: BrowserContext, base: str) -> Screen:
    context.set_default_timeout(15_000)
    page = context.new_page()
    screen = Screen(page, base)
    page.on("console", lambda said: screen.problems.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: screen.problems.append(f"error: {error}"))

    def asked(url: str) -> None:
        if not url.startswith(f"{base}/"):
            screen.problems.append(f"foreign request: {url}")

    page.on("request", lambda request: asked(request.url))
    return screen
