"""Notices to browsers: encrypted, signed, without a word of what came; what answers mean."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert

from bot.meter import Meter
from bot.web_push import NotABrowser, WebPush, read_subscription, service_of
from dialogs.reply import Delivery, Reply
from matching.calling import Backend
from storage.browsers import MOST, Browsers
from storage.database import Database
from storage.rates import LocalRate
from storage.schema import searches
from tests.ledgers import NOW
from tests.push_service import HOSTS, FakeBrowser, PushServices, private_key, serving

KEY = private_key()
SAID = [Reply("Le Garage Dupont de Lens cherche un apprenti.")]
FCM = "https://fcm.googleapis.com/fcm/send/lou:APA91b"


class Desk(SimpleNamespace):
    """A sender and what it sends to."""

    push: WebPush
    services: PushServices
    browsers: Browsers
    db: Database
    time: float | None


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    db = Database.open(database_url)
    services = PushServices("")
    browsers = Browsers(db)
    made = Desk(services=services, browsers=browsers, db=db, time=None)
    await keep_an_alert(db, "lou")
    async with serving(services, tmp_path) as session:

        def backend(name: str) -> Backend:
            return Backend(name, session, rate=LocalRate(), metrics=Meter())

        def clock() -> float:
            return time.time() if made.time is None else float(made.time)

        made.push = WebPush(KEY, "mailto:robot@exemple.fr", browsers, backend, clock)
        services.key = made.push.public_key
        yield made
    await db.close()


async def keep_an_alert(db: Database, person: str) -> None:
    values = {
        "person": person, "n": 1, "wish": {}, "beat": "daily 17:30 Europe/Paris", "state": "on",
        "created": NOW, "changed": NOW,
    }  # fmt: skip
    async with db.write() as tx:
        await tx.execute(insert(searches), [values])


async def subscribe(desk: Desk, *endpoints: str) -> list[FakeBrowser]:
    made = [FakeBrowser(endpoint) for endpoint in endpoints]
    for n, browser in enumerate(made):
        kept = read_subscription(browser.subscription)
        assert await desk.browsers.keep("lou", kept, NOW + timedelta(seconds=n))
    return made


async def send(desk: Desk, attempts: int = 1) -> Delivery:
    return await desk.push.send("lou", SAID, attempts=attempts)


class TestSending:
    @pytest.mark.parametrize("host", HOSTS)
    async def test_a_browser_alone_can_open_it_and_it_says_nothing(
        self, desk: Desk, host: str
    ) -> None:
        [browser] = await subscribe(desk, f"https://{host}/w/?token=BQYA%2fabc%3d&x=a+b")
        assert await send(desk) == Delivery("sent")
        [told] = desk.services.told
        assert browser.opens(told.body) == b"news"
        assert b"Dupont" not in told.body
        assert told.path == "/w/?token=BQYA%2fabc%3d&x=a+b", "as the browser gave it"
        assert told.claims["aud"] == f"https://{host}"
        assert told.claims["sub"] == "mailto:robot@exemple.fr"
        assert told.headers["TTL"] == "86400"
        assert told.headers["Urgency"] == "normal"
        assert told.headers["Topic"] == "news"
        assert told.headers["Content-Encoding"] == "aes128gcm"
        assert int(told.headers["Content-Length"]) == len(told.body)
        assert "Cookie" not in told.headers
        with pytest.raises(Exception, match=r".*"):
            FakeBrowser(browser.endpoint).opens(told.body)

    async def test_every_browser_of_the_person_is_told_and_no_other(self, desk: Desk) -> None:
        await subscribe(desk, FCM, "https://web.push.apple.com/Q")
        assert (await send(desk)).state == "sent"
        assert {told.path for told in desk.services.told} == {"/fcm/send/lou:APA91b", "/Q"}
        desk.services.told.clear()
        assert await desk.push.send("sam", SAID, attempts=1) == Delivery("refused")
        assert desk.services.told == []

    async def test_the_proof_is_made_anew_after_an_hour_and_once_for_each_service(
        self, desk: Desk
    ) -> None:
        began = time.time()
        await subscribe(desk, FCM, f"{FCM}2", "https://web.push.apple.com/Q")
        for later in (0, 3500, 3700):
            desk.time = began + later
            assert (await send(desk)).state == "sent"
        proofs = {
            host: [
                told.headers["Authorization"]
                for told in desk.services.told
                if told.claims["aud"] == f"https://{host}"
            ]
            for host in ("fcm.googleapis.com", "web.push.apple.com")
        }
        assert [len(set(p)) for p in proofs.values()] == [2, 2]
        assert [len(p) for p in proofs.values()] == [6, 3]

    async def test_a_proof_by_another_key_is_not_believed_by_the_fake(self, desk: Desk) -> None:
        """The fake does check: with the key of somebody else nothing is taken."""
        await subscribe(desk, FCM)
        desk.services.key = desk.services.key[:-2] + "AA"
        assert await send(desk) == Delivery("refused")
        assert desk.services.told == []


class TestAnswers:
    @pytest.mark.parametrize("status", [404, 410])
    async def test_a_browser_that_left_is_forgotten(self, desk: Desk, status: int) -> None:
        await subscribe(desk, FCM, "https://web.push.apple.com/Q")
        desk.services.answers["/fcm/send/lou:APA91b"] = status
        assert (await send(desk)).state == "sent", "the other one was told"
        assert [b.endpoint for b in await desk.browsers.of("lou")] == [
            "https://web.push.apple.com/Q"
        ]
        desk.services.answers["/Q"] = status
        assert await send(desk) == Delivery("refused"), "who left a browser has not left us"
        assert await desk.browsers.of("lou") == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 413])
    async def test_what_is_refused_is_not_tried_again_and_the_browser_stays(
        self, desk: Desk, status: int
    ) -> None:
        await subscribe(desk, FCM)
        location = {"Location": "https://updates.push.services.mozilla.com/elsewhere"}
        desk.services.answers["/fcm/send/lou:APA91b"] = status, location
        assert await send(desk) == Delivery("refused")
        assert desk.services.asked == [("POST", FCM)], "redirections are not followed"
        assert len(await desk.browsers.of("lou")) == 1

    @pytest.mark.parametrize(("said", "seconds"), [("7", 7), (None, 1), ("soon", 1), ("-3", 1)])
    async def test_a_service_that_wants_us_to_wait_is_obeyed(
        self, desk: Desk, said: str | None, seconds: int
    ) -> None:
        await subscribe(desk, FCM)
        headers = {"Retry-After": said} if said else {}
        desk.services.answers["/fcm/send/lou:APA91b"] = 429, headers
        assert await send(desk) == Delivery("later", timedelta(seconds=seconds))
        assert not (await send(desk)).everywhere
        assert len(await desk.browsers.of("lou")) == 1

    @pytest.mark.parametrize("status", [500, 502, 503])
    async def test_a_service_that_is_unwell_is_asked_again(self, desk: Desk, status: int) -> None:
        await subscribe(desk, FCM)
        desk.services.answers["/fcm/send/lou:APA91b"] = status
        waits = [(await send(desk, attempts)).wait for attempts in (1, 2, 3, 50)]
        minutes = [wait and wait.total_seconds() / 60 for wait in waits]
        assert minutes == [1, 2, 4, 60]

    async def test_a_broken_connection_is_tried_again(self, desk: Desk) -> None:
        await subscribe(desk, FCM)
        desk.services.broken.add("/fcm/send/lou:APA91b")
        assert await send(desk) == Delivery("pending", timedelta(minutes=1))

    async def test_one_service_that_is_down_holds_no_other_back(self, desk: Desk) -> None:
        await subscribe(desk, FCM)
        desk.services.answers["/fcm/send/lou:APA91b"] = 503
        for _ in range(12):
            assert (await send(desk)).state == "pending"
        assert len(desk.services.told) < 12, "it is left alone for a while"
        await subscribe(desk, "https://web.push.apple.com/Q")
        assert (await send(desk)).state == "sent"


class TestBrowsers:
    async def test_nobody_without_an_alert_is_kept(self, desk: Desk) -> None:
        browser = read_subscription(FakeBrowser(FCM).subscription)
        assert not await desk.browsers.keep("sam", browser, NOW)
        assert await desk.browsers.of("sam") == []

    async def test_the_oldest_makes_room(self, desk: Desk) -> None:
        made = await subscribe(desk, *(f"{FCM}{n}" for n in range(MOST + 2)))
        kept = [b.endpoint for b in await desk.browsers.of("lou")]
        assert kept == [b.endpoint for b in reversed(made[2:])]

    async def test_a_browser_tells_one_person(self, desk: Desk) -> None:
        await keep_an_alert(desk.db, "sam")
        browser = read_subscription(FakeBrowser(FCM).subscription)
        for person in ("lou", "sam", "sam"):
            assert await desk.browsers.keep(person, browser, NOW)
        assert await desk.browsers.of("lou") == []
        assert await desk.browsers.of("sam") == [browser]
        await desk.browsers.drop(FCM, "lou")
        assert await desk.browsers.of("sam") == [browser]
        await desk.browsers.drop(FCM, "sam")
        assert await desk.browsers.of("sam") == []

    def test_is_never_told_by_repr(self) -> None:
        browser = read_subscription(FakeBrowser(FCM).subscription)
        assert "APA91b" not in repr(browser)
        assert browser.auth not in repr(browser)


GOOD = FakeBrowser(FCM).subscription
OTHER_CURVE = b"\x04" + b"\x01" * 64


def changed(**values: Any) -> dict[str, Any]:
    return GOOD | values


class TestSubscriptions:
    @pytest.mark.parametrize(
        "endpoint",
        ["https://fcm.googleapis.com/fcm/send/a:b-c_d", "https://web.push.apple.com/QGuQ",
         "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_=",
         "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC%2fx%3d",
         "https://db5.notify.windows.com/?token=A"],
    )  # fmt: skip
    def test_of_known_services_are_read(self, endpoint: str) -> None:
        assert read_subscription(changed(endpoint=endpoint)).endpoint == endpoint

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:443/x",
            "https://fcm.googleapis.com:8443/x", "https://a@fcm.googleapis.com/x",
            "https://fcm.googleapis.com@127.0.0.1/x", "https://127.0.0.1/fcm.googleapis.com",
            "https://fcm.googleapis.com.evil.example/x", "https://evilfcm.googleapis.com/x",
            "https://evilpush.apple.com/x", "https://push.apple.com/x",
            "https://notify.windows.com/x", "https://-.notify.windows.com/x",
            "https://evil.example/?.push.apple.com/x", "https://evil.example#.push.apple.com/x",
            "https://evil.example\\.push.apple.com/x", "https://a..push.apple.com/x",
            "https://localhost/x", "https://[::1]/x", "https://169.254.169.254/latest",
            "https://fcm.googleapis.com", "https://fcm.googleapis.com/",
            "https://fcm.googleapis.com/x y", "https://fcm.googleapis.com/x\n",
            "https://fcm.googleapis.com/x\r\nHost: evil", "https://fcm.googleapis.com/x#y",
            "https://fcm.googleapis.com/\\evil", "https://fcm.googleapis.com/é",
            "https://fcm。googleapis.com/x", "https://ｆcm.googleapis.com/x",
            "HTTPS://FCM.GOOGLEAPIS.COM/x", " https://fcm.googleapis.com/x", "//fcm.googleapis.com",
            "file:///etc/passwd", "", "https://fcm.googleapis.com/" + "x" * 1801,
        ],
    )  # fmt: skip
    def test_of_anybody_else_are_not(self, endpoint: str) -> None:
        assert service_of(endpoint) is None
        with pytest.raises(NotABrowser):
            read_subscription(changed(endpoint=endpoint))

    @pytest.mark.parametrize(
        "given",
        [
            None, [], "x", 3, {}, {"endpoint": FCM}, changed(keys=None), changed(keys=[]),
            changed(endpoint=None), changed(endpoint=[FCM]), changed(endpoint={"a": 1}),
            changed(keys={"auth": GOOD["keys"]["auth"]}),
            *(changed(keys=GOOD["keys"] | {"auth": auth})
              for auth in ("", "A" * 21, "A" * 43, "é" * 22, 5, None, ["A" * 22], "A" * 20 + "+/")),
            *(changed(keys=GOOD["keys"] | {"p256dh": p})
              for p in ("", "A" * 87, "BA" + "B" * 85, 5, None, "A" * 4000,
                        GOOD["keys"]["p256dh"][:-3], GOOD["keys"]["p256dh"] + "AAAA")),
        ],
    )  # fmt: skip
    def test_that_make_no_sense_are_not_either(self, given: Any) -> None:
        with pytest.raises(NotABrowser):
            read_subscription(given)

    def test_with_padding_are_the_same(self) -> None:
        keys = {name: f"{value}=" for name, value in GOOD["keys"].items()}
        keys["auth"] += "="
        assert read_subscription(changed(keys=keys)) == read_subscription(GOOD)

    def test_a_key_that_is_none_is_said(self) -> None:
        with pytest.raises(ValueError, match=r".*"):
            WebPush("A" * 43, "mailto:a@b.fr", SimpleNamespace(), lambda _: SimpleNamespace())  # type: ignore[arg-type, return-value]
