"""What came since the last visit, and being told of it, in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select

from storage.browsers import Browsers
from storage.database import Database
from storage.schema import pushes, searches
from tests.browser.conftest import Open, Screen
from tests.push_service import FakeBrowser

NEWS = re.compile(r"Il y a du nouveau pour toi\s:\s1\smessage$")
LOOK = "Voir ce qui est arrivé"
TELL, TELL_NO_MORE = "Me prévenir sur cet appareil", "Ne plus me prévenir ici"
READ = re.compile(r"Boulanger ou boulangère, 30\s?km autour de Lens\s?: 2\soffres")
BROWSER = FakeBrowser("https://fcm.googleapis.com/fcm/send/a:b")
T = TypeVar("T")

Do = Callable[[Callable[[Database], Awaitable[T]]], T]


@pytest.fixture
def do(environment: dict[str, str]) -> Iterator[Do[Any]]:
    """Something done in the served database, beside the server."""

    async def done(work: Callable[[Database], Awaitable[Any]]) -> Any:
        database = Database.open(environment["DATABASE_URL"])
        try:
            return await work(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as apart:  # the browser's loop runs in this thread
        yield lambda work: apart.submit(lambda: asyncio.run(done(work))).result()


async def last_alert(database: Database) -> tuple[int, str]:
    """The number of the newest alert, and whose it is."""
    query = select(searches.c.id, searches.c.person).order_by(searches.c.id.desc()).limit(1)
    async with database.read() as tx:
        number, person = (await tx.execute(query)).one()
        return number, person


def alerted(screen: Screen) -> list[str]:
    """Somebody keeps an alert; the offers they were shown."""
    screen.go("/")
    screen.say("boulanger vers Lens")
    cards = screen.page.locator(".card a[href*='/offre/']")
    expect(cards.first).to_be_visible()
    links = cards.evaluate_all("links => links.map((a) => a.getAttribute('href'))")
    screen.say("préviens-moi")
    expect(screen.page.locator("#log")).to_contain_text("quel âge")
    screen.say("16")
    expect(screen.page.locator("#log")).to_contain_text("Alerte gardée")
    return list(dict.fromkeys(link.rsplit("/", 1)[1] for link in links))


def arrive(do: Do[None], offers: list[str]) -> None:
    """A message of that alert waits, as the pusher leaves it."""

    async def write(database: Database) -> None:
        search, person = await last_alert(database)
        now = datetime.now(UTC)
        row = {
            "person": person, "channel": "web", "kind": "alert", "search": search,
            "offers": offers[:2], "state": "pending", "created": now,
            "expires": now + timedelta(days=2),
        }  # fmt: skip
        async with database.write() as tx:
            await tx.execute(insert(pushes), [row])

    do(write)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_press_shows_it_without_javascript(open_screen: Open, do: Do[Any], dark: bool) -> None:
    screen = open_screen(js=False, dark=dark)
    arrive(do, alerted(screen))
    for path in ("/", "/chat", "/chat"):
        screen.go(path)
        expect(screen.page.locator("#news p")).to_have_text(NEWS)
    button = screen.page.get_by_role("button", name=LOOK)
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44, "large enough for a thumb"
    expect(screen.page.get_by_role("button", name=TELL)).to_be_hidden()
    button.scroll_into_view_if_needed()
    screen.shoot(f"news-phone-nojs{'-dark' * dark}")
    button.click()
    expect(screen.page.locator("#log")).to_contain_text(READ)
    expect(screen.page.locator("#news")).to_have_count(0)
    screen.shoot(f"news-read-phone-nojs{'-dark' * dark}")
    screen.go("/")
    expect(screen.page.locator("#news")).to_have_count(0)


def test_the_script_presses_at_once_and_moves_nobody(open_screen: Open, do: Do[Any]) -> None:
    screen = open_screen()
    offers = alerted(screen)
    arrive(do, offers)
    posts: list[str] = []
    screen.page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    screen.go("/")
    expect(screen.page.locator("#log")).to_contain_text(READ)
    expect(screen.page.locator(".me").last).to_contain_text(LOOK)
    expect(screen.page.locator("#news")).to_have_count(0)
    expect(screen.page.locator("#state")).to_be_hidden()
    assert screen.page.evaluate("document.activeElement === document.body")
    screen.shoot("news-read-phone")
    screen.page.reload()
    expect(screen.page.locator("#log")).to_contain_text(READ)
    assert len(posts) == 1


def test_who_comes_back_to_an_open_page_sees_it_too(open_screen: Open, do: Do[Any]) -> None:
    screen = open_screen()
    arrive(do, alerted(screen))
    screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(screen.page.locator("#log")).to_contain_text(READ)


def test_who_is_writing_is_told_and_not_interrupted(open_screen: Open, do: Do[Any]) -> None:
    screen = open_screen()
    arrive(do, alerted(screen))
    screen.page.get_by_label("Ton message").fill("coiffeur à Ar")
    screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(screen.page.locator("#news p")).to_have_text(NEWS)
    expect(screen.page.locator("#log")).not_to_contain_text(READ)
    screen.shoot("news-phone-writing")
    screen.page.get_by_role("button", name=LOOK).press("Enter")
    expect(screen.page.locator("#log")).to_contain_text(READ)
    expect(screen.page.get_by_label("Ton message")).to_have_value("coiffeur à Ar")
    assert screen.page.evaluate("document.activeElement.matches('.message.bot')")


def until(promise: str) -> str:
    """Asked again until it answers true; ``wait_for_function`` takes any promise for true."""
    return f"""async () => {{
      while (!await {promise}) await new Promise((again) => setTimeout(again, 20));
      return true;
    }}"""


SERVICE_BY_HAND = """
([given, key]) => {
  // The browser's part, without its maker's service: nothing of ours is replaced.
  let subscription = null;
  window.asked = 0;
  const ask = Notification.requestPermission;
  Notification.requestPermission = () => { window.asked += 1; return ask.call(Notification); };
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async (options) => {
    const key = options.applicationServerKey;
    if (!options.userVisibleOnly || key.length !== 65) throw new TypeError();
    return subscription = {
      endpoint: given.endpoint, toJSON: () => given, options: {},
      unsubscribe: async () => { subscription = null; return true; },
    };
  };
}
"""


def test_a_press_asks_to_be_told_and_another_not_any_more(
    open_screen: Open, do: Do[list[Any]]
) -> None:
    screen = open_screen()
    page = screen.page
    page.context.grant_permissions(["notifications"], origin=screen.base)
    given = str(BROWSER.subscription).replace("None", "null").replace("'", '"')
    page.add_init_script(f"({SERVICE_BY_HAND})([{given}])")
    alerted(screen)
    button = page.get_by_role("button", name=TELL)
    expect(button).to_be_visible()
    assert page.evaluate("window.asked") == 0, "never before a press"
    page.locator("#device").scroll_into_view_if_needed()
    screen.shoot("device-phone")
    button.click()
    expect(page.get_by_role("button", name=TELL_NO_MORE)).to_be_visible()
    expect(page.locator("#device [role=status]")).to_contain_text("cet appareil te préviendra")
    assert page.evaluate("window.asked") == 1
    screen.shoot("device-phone-on")

    async def kept(database: Database) -> list[str]:
        _, person = await last_alert(database)
        return [b.endpoint for b in await Browsers(database).of(person)]

    assert do(kept) == [BROWSER.endpoint]
    page.get_by_role("button", name=TELL_NO_MORE).click()
    expect(button).to_be_visible()
    expect(page.locator("#device [role=status]")).to_contain_text("ne te préviendra plus")
    assert do(kept) == []
    button.click()
    expect(page.get_by_role("button", name=TELL_NO_MORE)).to_be_visible()
    screen.say("supprime tout")
    page.get_by_role("button", name="Oui").click()
    expect(page.locator("#log")).to_contain_text("effacé")
    expect(page.locator("#device")).to_have_count(0)
    own = (
        "navigator.serviceWorker.getRegistration('/').then((r) => r.pushManager.getSubscription())"
    )
    assert page.evaluate(until(f"{own}.then((s) => s === null)"))


def test_a_notice_says_that_something_came_and_no_more(open_screen: Open) -> None:
    screen = open_screen()
    page = screen.page
    page.context.grant_permissions(["notifications"], origin=screen.base)
    screen.go("/")
    page.evaluate("navigator.serviceWorker.register('/worker.js', { scope: '/' })")
    page.evaluate("navigator.serviceWorker.ready.then((r) => r.scope)")
    devtools = page.context.new_cdp_session(page)
    versions: list[Any] = []

    def updated(event: Any) -> None:
        versions.append(event)

    devtools.on("ServiceWorker.workerRegistrationUpdated", updated)
    devtools.send("ServiceWorker.enable")
    while not versions:
        page.wait_for_timeout(20)
    registered = versions[-1]["registrations"][-1]["registrationId"]
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": screen.base, "registrationId": registered, "data": "Garage Dupont"},
    )
    shown = "navigator.serviceWorker.ready.then((r) => r.getNotifications())"
    assert page.evaluate(until(f"{shown}.then((all) => all.length === 1)"))
    title, body = page.evaluate(f"{shown}.then(([one]) => [one.title, one.body])")
    assert title == "C’est ma chance\u00a0: il y a du nouveau"
    assert body == ""
