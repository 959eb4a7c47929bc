"""How our fake Bot API pushes updates, and how it fails when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.telegram.request import AiohttpRequest, NeverSent
from tests.bot_api import TOKEN, BotApi, running
from tests.bot_api.delivery import chat_of
from tests.bot_api.remote import program
from tests.wire import Answer, Wire, says, wired

SECRET = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with running() as server:
        server.delivery.backoff = 0.001
        yield server


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    requests = AiohttpRequest(), AiohttpRequest(read_timeout=0.2)
    url = f"{api.url}/bot"
    async with Bot(TOKEN, base_url=url, get_updates_request=requests[0], request=requests[1]) as b:
        yield b
    assert api.violations == []


class Hook(Wire):
    """A bot's address: what it was handed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[int] = []
        self.secrets: set[str | None] = set()
        self.inside = self.most = 0
        self.chats: list[int] = []
        self.shared = False
        """Whether two updates of one chat were ever there at once."""

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        update = await request.json()
        self.ids.append(update["update_id"])
        chat = chat_of(update)
        self.shared |= chat in self.chats
        self.chats.append(chat)
        self.secrets.add(request.headers.get(SECRET))
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return await super().serve(request)
        finally:
            self.inside -= 1
            self.chats.remove(chat)

    def once_there_are(self, n: int) -> Answer:
        """Nobody is answered before that many wait for it at once."""
        everybody = asyncio.Event()

        async def answer(request: web.BaseRequest) -> web.Response:
            if self.inside == n:
                everybody.set()
            await everybody.wait()
            return web.Response()

        return answer


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with wired(Hook()) as server:
        yield server


async def test_updates_are_pushed_with_the_secret(api: BotApi, bot: Bot, hook: Hook) -> None:
    lou = api.person(5)
    await lou.start()
    await bot.set_webhook(hook.url, secret_token="s3cret", max_connections=7)
    await lou.say("Bonjour")
    await api.settled()
    assert (hook.ids, hook.secrets) == ([1, 2], {"s3cret"})
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (hook.url, 0, 7)
    assert info.last_error_message is None
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()


async def test_one_chat_at_a_time_and_chats_beside_each_other(
    api: BotApi, bot: Bot, hook: Hook
) -> None:
    hook.answer = hook.once_there_are(3)
    await bot.set_webhook(hook.url)
    for user in (5, 6, 7):
        for n in range(3):
            await api.person(user).say(f"{n}")
    await api.settled()
    assert (hook.most, hook.shared) == (3, False)
    for first in (1, 4, 7):
        own = [id for id in hook.ids if first <= id < first + 3]
        assert own == sorted(own)


async def test_no_more_than_max_connections(api: BotApi, bot: Bot, hook: Hook) -> None:
    hook.answer = hook.once_there_are(2)
    await bot.set_webhook(hook.url, max_connections=2)
    for user in range(5, 25):
        await api.person(user).say("?")
    await api.settled()
    assert (hook.most, len(hook.ids)) == (2, 20)


async def test_a_burst_has_no_order(api: BotApi, bot: Bot, hook: Hook) -> None:
    hook.answer = hook.once_there_are(10)
    api.delivery.unordered = True
    await bot.set_webhook(hook.url)
    for n in range(10):
        await api.person(5).say(f"{n}")
    await api.settled()
    assert (hook.most, hook.shared) == (10, True)


async def _refuse(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=503)


async def _cut(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _silent(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (_refuse, "Wrong response from the webhook: 503 Service Unavailable"),
        (_cut, "Connection reset by peer"),
        (_silent, "Read timeout expired"),
    ],
)
async def test_what_was_not_accepted_comes_again(
    api: BotApi, bot: Bot, hook: Hook, trouble: Answer, told: str
) -> None:
    api.delivery.timeout = 0.05
    hook.answer = trouble
    await bot.set_webhook(hook.url)
    await api.person(5).say("?")
    assert await api.until(lambda: len(api.delivery.attempts) >= 3, 5)
    info = await bot.get_webhook_info()
    assert (info.pending_update_count, info.last_error_message) == (1, told)
    hook.answer = says(200, "")
    await api.settled()
    assert set(hook.ids) == {1}


async def test_a_refused_connection_is_tried_again(api: BotApi, bot: Bot, hook: Hook) -> None:
    api.delivery.urls = ["http://127.0.0.1:1/", hook.url]
    await bot.set_webhook("http://127.0.0.1:1/")
    await api.person(5).say("?")
    await api.settled()
    assert (hook.ids, [a.problem for a in api.delivery.attempts]) == (
        [1],
        ["Connection refused", None],
    )
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Connection refused"


async def test_saying_the_same_address_again_disturbs_nothing(
    api: BotApi, bot: Bot, hook: Hook
) -> None:
    hook.answer = hook.once_there_are(2)
    await bot.set_webhook(hook.url)
    await api.person(5).say("?")
    await hook.arrived.wait()
    await bot.set_webhook(hook.url)
    await api.person(6).say("?")
    await api.settled()
    assert hook.ids == [1, 2]


async def test_a_chosen_address(api: BotApi, bot: Bot, hook: Hook) -> None:
    async with wired(Hook()) as other:
        urls = {5: hook.url, 6: other.url}
        api.delivery.choose = lambda update: urls[update["message"]["from"]["id"]]
        await bot.set_webhook("http://127.0.0.1:1/")
        for user in (5, 6, 5):
            await api.person(user).say("?")
        await api.settled()
        assert (hook.ids, other.ids) == ([1, 3], [2])


async def test_after_the_webhook_polling_goes_on(api: BotApi, bot: Bot, hook: Hook) -> None:
    hook.answer = _refuse
    await bot.set_webhook(hook.url)
    await api.person(5).say("?")
    assert await api.until(lambda: len(api.delivery.attempts) >= 1, 5)
    await bot.delete_webhook()
    assert [u.update_id for u in await bot.get_updates()] == [1]
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


FAULTS: dict[str, tuple[type[TelegramError], str | None, int]] = {
    "429": (RetryAfter, "Flood control exceeded. Retry in 7 seconds", 0),
    "500": (NetworkError, "Internal Server Error", 0),
    "502": (NetworkError, "Bad Gateway", 0),
    "garbage": (TelegramError, "Invalid server response", 0),
    "hang": (TimedOut, "Timed out", 0),
    "reset": (NetworkError, None, 0),
    "accepted": (NetworkError, None, 1),
    "accepted_hang": (TimedOut, "Timed out", 1),
    "truncated": (NetworkError, None, 1),
    "blocked": (Forbidden, "bot was blocked by the user", 0),
    "deactivated": (Forbidden, "user is deactivated", 0),
    "chat_not_found": (BadRequest, "Chat not found", 0),
    "not_modified": (BadRequest, "Message is not modified", 0),
    "too_old": (BadRequest, "Query is too old", 0),
    "migrated": (ChatMigrated, "-1001", 0),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_happens_as_often_as_told(api: BotApi, bot: Bot, kind: str) -> None:
    expected, message, accepted = FAULTS[kind]
    for user in (5, 6):
        await api.person(user).start()
    fault = api.fault(kind, method="sendMessage", chat=5, retry_after=7)
    await bot.send_message(6, "Une autre personne")
    await bot.send_chat_action(5, "typing")
    with pytest.raises(TelegramError, match=message) as caught:
        await bot.send_message(5, "Un")
    assert type(caught.value) is expected
    await bot.send_message(5, "Deux")
    assert [m.text for m in api.sent[5]] == ["Un"] * accepted + ["Deux"]
    assert (fault.used, fault.times) == (1, 0)


async def test_a_share_of_the_calls_fails_the_same_way_each_time(api: BotApi, bot: Bot) -> None:
    await api.person(5).start()
    patterns = []
    for _ in range(2):
        fault = api.fault("500", times=None, share=0.3, seed=4)
        patterns.append([await _succeeds(bot) for _ in range(20)])
        fault.clear()
    assert patterns[0] == patterns[1]
    assert 0 < patterns[0].count(False) < 12


async def _succeeds(bot: Bot) -> bool:
    try:
        await bot.send_message(5, "?")
    except NetworkError:
        return False
    return True


async def test_down_and_back(api: BotApi, bot: Bot) -> None:
    api.down = True
    with pytest.raises(NetworkError) as caught:
        await bot.get_me()
    assert not isinstance(caught.value, NeverSent)
    api.down = False
    await bot.get_me()
    await api.close_port()
    request = AiohttpRequest()
    async with request:
        with pytest.raises(NeverSent):
            await Bot(TOKEN, base_url=f"{api.url}/bot", request=request).get_me()
    await api.open_port()
    await bot.get_me()


async def test_the_peak_of_a_second(api: BotApi, bot: Bot) -> None:
    for call_time in (0.0, 0.5, 0.9, 1.0, 1.4, 5.0):
        await api.person(5).start()
        await bot.send_message(5, "?")
        api.calls[-1].time = call_time
    assert (api.peak(), api.peak(seconds=2)) == (4, 5)


async def test_by_itself(tmp_path: Path) -> None:
    """The program, driven from another process."""
    log = tmp_path / "calls.jsonl"
    async with program("--log", str(log), "--first-update", "50") as remote:
        await remote.do(5, "say", text="Bonjour")
        assert await remote.push([{"message": {"text": "?", "chat": {"id": 6, "type": "private"}}}])
        await remote.ask("fault", kind="500", method="sendMessage")
        request = AiohttpRequest()
        async with request:
            bot = Bot(remote.token, base_url=f"{remote.url}/bot", request=request)
            with pytest.raises(NetworkError):
                await bot.send_message(5, "Perdu")
            waiting = asyncio.create_task(remote.wait(accepted=1))
            await bot.send_message(5, "Salut")
            await waiting
            with pytest.raises(BadRequest):
                await bot.send_message(5, "")
        told = await remote.log()
        assert [(c["method"], c["status"]) for c in told["calls"]] == [
            ("sendMessage", 500), ("sendMessage", 200), ("sendMessage", 400),
        ]  # fmt: skip
        assert [sent["text"] for sent in told["sent"]["5"]] == ["Salut"]
        assert (told["pending"], len(told["violations"])) == (2, 1)
        assert (await remote.ask("clear"))["used"] == [1]
        with pytest.raises(AssertionError, match="no such setting"):
            await remote.ask("set", colour="red")
    assert remote.process.returncode == 0
    assert len(log.read_text(encoding="utf-8").splitlines()) == 3
