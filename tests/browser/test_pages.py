"""The pages in a real browser: on a phone and a desk, with and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open, Screen

SEARCH = "slt jcherche boulanger vers lens dispo en septembre"
SUMMARY = re.compile(r"Boulanger ou boulangère, 30\s?km autour de Lens, septembre 2027")
SIZES = pytest.mark.parametrize(
    ("width", "js", "dark"),
    [(360, True, False), (360, False, False), (360, True, True), (1280, True, False),
     (1280, False, False)],
    ids=["phone", "phone-nojs", "phone-dark", "desk", "desk-nojs"],
)  # fmt: skip


def searched(screen: Screen) -> Screen:
    screen.go("/")
    screen.say(SEARCH)
    expect(screen.page.locator(".card")).to_have_count(3)
    expect(screen.page.locator("#log")).to_contain_text(SUMMARY)
    return screen


def settled(screen: Screen) -> None:
    """The answer is there."""
    expect(screen.page.locator("#state")).to_be_hidden()
    expect(screen.page.locator(".unsent")).to_have_count(0)


@SIZES
def test_every_page_is_good_to_look_at(
    open_screen: Open, link: str, request: pytest.FixtureRequest, width: int, js: bool, dark: bool
) -> None:
    name = request.node.callspec.id
    screen = open_screen(width=width, js=js, dark=dark)
    screen.go("/")
    screen.shoot(f"home-{name}")
    searched(screen)
    if js:
        settled(screen)
    screen.shoot(f"offers-{name}")
    offer = screen.page.locator(".card a").first.get_attribute("href")
    assert offer is not None
    screen.say("non finalement mécano à st pol")
    expect(screen.page.get_by_role("button", name="Pol-sur-Ternoise")).to_be_visible()
    if js:
        settled(screen)
    screen.shoot(f"which-town-{name}")
    screen.go(offer)
    screen.shoot(f"offer-{name}")
    for path in ("/accessibilite", "/donnees-personnelles", "/mentions-legales"):
        screen.go(path)
        screen.shoot(f"{path.strip('/')}-{name}", full=True)
    newcomer = open_screen(width=width, js=js, dark=dark)
    newcomer.go(link)
    button = newcomer.page.locator("#arrival button").bounding_box()
    bar = newcomer.page.locator("#say").bounding_box()
    assert button
    assert bar
    assert button["y"] + button["height"] <= bar["y"], "the button is in sight"
    newcomer.shoot(f"link-{name}")
    newcomer.go("/l/cut")
    newcomer.shoot(f"link-cut-{name}")


def test_a_link_waits_to_be_pressed_and_starts_once(open_screen: Open, link: str) -> None:
    screen = open_screen()
    sent: list[str] = []
    screen.page.on("request", lambda r: sent.append(r.method) if r.method == "POST" else None)
    screen.go(link)
    button = screen.page.get_by_role("button", name="Voir les offres")
    expect(button).to_be_focused()
    expect(screen.page.locator("#arrival")).to_contain_text(
        re.compile(r"Boulanger ou boulangère, 30\s?km autour de Lens")
    )
    assert sent == []
    assert screen.page.context.cookies() == []
    screen.page.keyboard.press("Enter")
    expect(screen.page.locator(".card")).to_have_count(3)
    settled(screen)
    expect(screen.page.locator(".bubble", has_text="Mission locale de Lens")).to_have_count(1)
    screen.page.reload()
    expect(screen.page.locator(".card")).to_have_count(3)
    expect(screen.page.get_by_role("button", name="Voir les offres")).to_have_count(0)
    assert sent == ["POST"]


def test_a_link_without_javascript_needs_one_press(open_screen: Open, link: str) -> None:
    screen = open_screen(js=False)
    screen.go(link)
    expect(screen.page.locator("#log")).to_contain_text("Mission locale de Lens")
    screen.page.get_by_role("button", name="Voir les offres").click()
    expect(screen.page.locator(".card")).to_have_count(3)


def test_a_whole_conversation_with_the_keyboard_alone(open_screen: Open) -> None:
    screen = open_screen(width=1280)
    screen.go("/")
    keys = screen.page.keyboard
    keys.press("Tab")
    expect(screen.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    keys.press("Enter")
    for _ in range(12):
        keys.press("Tab")
        if screen.page.evaluate("document.activeElement.id") == "text":
            break
    keys.type(SEARCH)
    keys.press("Enter")
    expect(screen.page.locator(".card")).to_have_count(3)
    expect(screen.page.get_by_label("Ton message")).to_be_focused()
    for _ in range(60):
        keys.press("Shift+Tab")
        if screen.page.evaluate("document.activeElement.textContent.trim()") == "Trop loin":
            break
    keys.press("Enter")
    expect(screen.page.locator("#log")).to_contain_text("Tu bouges comment")
    focused = "document.activeElement.matches('.message.bot')"
    assert screen.page.evaluate(focused), "reading goes on at the answer"
    keys.press("Tab")
    expect(screen.page.get_by_role("button", name="À pied, vélo")).to_be_focused()


def test_a_reload_keeps_what_was_said(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    screen.page.reload()
    expect(screen.page.locator(".me")).to_have_text(re.compile(SEARCH))
    expect(screen.page.locator(".card")).to_have_count(3)
    screen.say("trop loin")
    expect(screen.page.locator("#log")).to_contain_text("Tu bouges comment")
    expect(screen.page.locator(".card")).to_have_count(3)


def test_clearing_the_screen_leaves_nothing_to_see(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    with screen.page.expect_response("**/chat"):
        screen.page.get_by_role("button", name="Effacer l’écran").click()
    expect(screen.page.locator(".message")).to_have_count(0)
    screen.page.reload()
    assert "Boulanger" not in screen.page.inner_text("#log")
    assert "boulanger" not in screen.page.evaluate("JSON.stringify(sessionStorage)").lower()


def test_deleting_everything_leaves_the_farewell_alone(open_screen: Open, link: str) -> None:
    screen = open_screen()
    screen.go(link)
    screen.page.get_by_role("button", name="Voir les offres").click()
    expect(screen.page.locator(".card")).to_have_count(3)
    screen.say("supprime tout")
    screen.page.get_by_role("button", name="Oui").click()
    expect(screen.page.locator(".message")).to_have_count(1)
    expect(screen.page.locator("#log")).to_contain_text("effacé")
    settled(screen)
    kept = screen.page.evaluate("JSON.stringify(sessionStorage)")
    assert "oulang" not in kept
    assert link.removeprefix("/l/") not in kept
    assert screen.page.context.cookies() == []
    screen.say("coiffeur à Arras")
    expect(screen.page.locator("#log")).to_contain_text("autour d’Arras")


def test_clearing_the_screen_during_a_send_harms_nothing(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if not held and "text=" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    screen.page.route("**/chat", hold_the_first)
    screen.say("plutôt 20 km")
    expect(screen.page.locator("#state")).to_contain_text("Envoi")
    with screen.page.expect_response("**/chat"):
        screen.page.get_by_role("button", name="Effacer l’écran").click()
    held[0].continue_()
    expect(screen.page.locator("#log")).to_contain_text(re.compile(r"20\s?km autour de Lens"))
    screen.say("trop loin")
    expect(screen.page.locator("#log")).to_contain_text("Tu bouges comment")
    settled(screen)


@pytest.mark.parametrize(
    ("status", "kind"), [(502, "text/html"), (503, "text/plain"), (404, "text/html")]
)
def test_the_page_of_a_relay_is_never_shown(open_screen: Open, status: int, kind: str) -> None:
    screen = searched(open_screen())
    settled(screen)
    screen.page.route(
        "**/chat",
        lambda route: route.fulfill(status=status, content_type=kind, body="<h1>Bad Gateway</h1>"),
    )
    screen.say("plutôt 20 km")
    expect(screen.page.locator("#state")).to_contain_text("Le service ne répond pas")
    assert "Bad Gateway" not in screen.page.inner_text("body")
    screen.page.unroute("**/chat")
    screen.page.get_by_role("button", name="Réessayer").click()
    expect(screen.page.locator("#log")).to_contain_text(re.compile(r"20\s?km autour de Lens"))
    expect(screen.page.locator(".me", has_text="plutôt 20 km")).to_have_count(1)
    expected_offline(screen)


def test_a_lost_network_loses_nothing_and_repeats_nothing(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    context = screen.page.context
    context.set_offline(True)
    screen.say("plutôt 20 km")
    expect(screen.page.locator("#state")).to_contain_text("Pas de réseau")
    expect(screen.page.get_by_role("button", name="Réessayer")).to_be_visible()
    screen.shoot("offline-phone")
    context.set_offline(False)
    expect(screen.page.locator("#log")).to_contain_text(re.compile(r"20\s?km autour de Lens"))
    expect(screen.page.locator("#state")).to_be_hidden()
    expect(screen.page.locator(".me", has_text="plutôt 20 km")).to_have_count(1)
    expected_offline(screen)


def test_a_lost_answer_is_asked_again_with_the_same_nonce(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    nonces: list[str] = []

    def lose_the_first(route: Route) -> None:
        nonces.append(re.findall(r"nonce=([\w.-]+)", route.request.post_data or "")[0])
        if len(nonces) == 1:
            route.fetch()  # the server answers, and nobody hears
            route.abort("connectionreset")
        else:
            route.continue_()

    screen.page.route("**/chat", lose_the_first)
    screen.say("plutôt 20 km")
    expect(screen.page.locator("#state")).to_contain_text("Réessayer")
    screen.page.get_by_role("button", name="Réessayer").click()
    expect(screen.page.locator("#state")).to_be_hidden()
    answers = screen.page.locator(".bubble", has_text=re.compile(r"20\s?km autour de Lens"))
    expect(answers).to_have_count(1)
    assert nonces == [nonces[0]] * 2
    expected_offline(screen)


def test_a_page_closed_too_early_finds_its_answer_again(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    screen.page.route("**/chat", lambda route: route.abort("connectionreset"))
    screen.say("plutôt 20 km")
    expect(screen.page.locator("#state")).to_contain_text("Réessayer")
    screen.page.unroute("**/chat")
    screen.page.reload()
    expect(screen.page.locator("#log")).to_contain_text(re.compile(r"20\s?km autour de Lens"))
    expect(screen.page.locator(".me", has_text="plutôt 20 km")).to_have_count(1)
    expected_offline(screen)


def expected_offline(screen: Screen) -> None:
    """The browser itself complains of a lost network: that much was wanted."""
    wanted = re.compile(r"console: Failed to load resource: (net::ERR_|.* status of \d+)")
    screen.problems[:] = [p for p in screen.problems if not wanted.match(p)]


def test_nasty_words_stay_words(open_screen: Open) -> None:
    screen = open_screen()
    screen.go("/")
    nasty = "<img src=x onerror=alert(1)> <b>boulanger</b> à Lens"
    screen.say(nasty)
    expect(screen.page.locator(".me .bubble")).to_have_text(nasty)
    screen.page.reload()
    expect(screen.page.locator(".me .bubble")).to_have_text(nasty)
    expect(screen.page.locator("#log img")).to_have_count(0)


def test_text_four_times_as_large_on_a_desk_still_fits(open_screen: Open) -> None:
    """WCAG 1.4.10: 1280 pixels at 400 % are 320, without scrolling sideways."""
    screen = searched(open_screen(width=320))
    settled(screen)
    screen.shoot("offers-320")


def test_the_picture_of_the_readme(open_screen: Open) -> None:
    screen = searched(open_screen())
    settled(screen)
    picture: Path = screen.shoot("readme")
    assert picture.stat().st_size < 200_000
