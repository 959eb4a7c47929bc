"""The fake Bot API on the wire: reads calls, meets faults, answers and writes it all down."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, Unpack
from urllib.parse import parse_qsl

from aiohttp import web

from tests.bot_api.control import Control
from tests.bot_api.delivery import Delivery
from tests.bot_api.faults import Fault, as_json, cut, garbage, other_json, page, truncated
from tests.bot_api.limits import check
from tests.bot_api.methods import perform
from tests.bot_api.person import Person
from tests.bot_api.rules import NAMES, Json, Refused, Upload, broken, read_parameters
from tests.bot_api.world import Call, World

if TYPE_CHECKING:
    from tests.bot_api.person import Traits

TOKEN = "4242:AAF-a_token_for_tests_only_0123456789"
_MOST_BYTES = 50 * 1024 * 1024
_LONGEST_HOLD = 60.0


class BotApi(World):
    """The server and the judge: the bot is pointed at :attr:`url` and :attr:`token`.

    ``delay`` (seconds) holds back every answer once the work is done; ``down`` cuts every
    connection; :meth:`hold` accepts no more messages for a while; the rest is told by
    :class:`World`, :class:`Delivery` and :class:`Fault`.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        first_update: int = 1,
        any_chat: bool = False,
        log: Path | None = None,
    ) -> None:
        super().__init__(first_update=first_update, any_chat=any_chat)
        self.token = token
        self.delay = 0.0
        self.down = False
        self.faults: list[Fault] = []
        self.delivery = Delivery(self)
        self.port = 0
        self._persons: dict[int, Person] = {}
        self._prefix = f"/bot{token}/"
        self._log: TextIO | None = log.open("a", buffering=1, encoding="utf-8") if log else None
        self._control = Control(self)
        self._stopping = asyncio.Event()
        self._most: int | None = None
        self._runner: web.ServerRunner | None = None
        self._sites: list[web.TCPSite] = []

    @property
    def url(self) -> str:
        """`http://…`, without the end slash; the library wants it followed by `/bot`."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on a port of this machine, a free one by default."""
        server = web.Server(self._serve, request_factory=_request, handler_cancellation=True)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await self.open_port(port)

    async def open_port(self, port: int = 0) -> None:
        """Listen again after :meth:`close_port`, on the same port unless told."""
        assert self._runner is not None
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        self._sites.append(site)
        self.port = self._runner.addresses[0][1]

    async def close_port(self) -> None:
        """Connections are refused from now on; those already open stay."""
        while self._sites:
            await self._sites.pop().stop()

    async def stop(self) -> None:
        """No task and no connection stays."""
        self._stopping.set()
        self.delivery.stop_polling()
        await self.delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._log is not None:
            self._log.close()

    def person(self, user_id: int, **traits: Unpack[Traits]) -> Person:
        """Somebody with a phone, always the same for a number."""
        if user_id not in self._persons:
            self._persons[user_id] = Person(self, user_id, **traits)
        return self._persons[user_id]

    def fault(self, kind: Any, **details: Any) -> Fault:
        """Something that goes wrong from now on: the fields of :class:`Fault`."""
        fault = Fault(kind, **details)
        self.faults.append(fault)
        return fault

    def hold(self, most: int) -> None:
        """Accept ``most`` messages in all; the others wait, undone, until :meth:`let_go`."""
        self._most = most

    def let_go(self) -> None:
        """Accept whatever was held back, and what comes after."""
        self._most = None
        self.changed()

    def _takes(self) -> bool:
        return self._most is None or self.accepted < self._most

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/control/"):
            return await self._control.serve(request)
        if self.down:
            return cut(request)
        if path.startswith("/file/bot"):
            return self._file(path)
        if not path.startswith(self._prefix):
            code = 401 if path.startswith("/bot") else 404
            what = "Unauthorized" if code == 401 else "Not Found"
            return _answer(code, {"ok": False, "error_code": code, "description": what})
        method = NAMES.get(path.removeprefix(self._prefix).lower())
        if method is None:
            self.violations.append(f"no such method: {path.removeprefix(self._prefix)}")
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return await self._called(request, method)

    async def _called(self, request: web.BaseRequest, method: str) -> web.StreamResponse:
        call = Call(time.time(), method, {})
        self.calls.append(call)
        self.changed()
        refused: Refused | None = None
        try:
            call.params = await _given(request)
            call.params = read_parameters(method, call.params)
        except Refused as problem:
            refused = problem
        if method == "sendMessage":
            await self.until(self._takes, _LONGEST_HOLD)
        fault = self._fault(method, call.params.get("chat_id"))
        response = await self._outcome(request, call, fault, refused)
        if self._log is not None:
            self._log.write(json.dumps(shape_of(call), ensure_ascii=False) + "\n")
        self.changed()
        if self.delay:
            await asyncio.sleep(self.delay)
        return response

    def _fault(self, method: str, chat: Any) -> Fault | None:
        return next((fault for fault in self.faults if fault.hits(method, chat)), None)

    async def _outcome(
        self, request: web.BaseRequest, call: Call, fault: Fault | None, refused: Refused | None
    ) -> web.StreamResponse:
        if fault is None:
            return await self._done(call, refused)
        instead = fault.refusal()
        if instead is not None:
            return self._refuse(call, instead)
        match fault.kind:
            case "502":
                call.status = 502
                return page()
            case "garbage":
                call.status = 200
                return garbage()
            case "null" | "list":
                return other_json(fault.kind)
            case "reset":
                return cut(request)
            case "hang":
                await self._stopping.wait()
                return cut(request)
        response = await self._done(call, refused)
        call.status = 0
        if fault.kind == "truncated":
            return await truncated(request, response.body)  # type: ignore[arg-type]
        if fault.kind == "accepted_hang":
            await self._stopping.wait()
        return cut(request)

    async def _done(self, call: Call, refused: Refused | None) -> web.Response:
        try:
            if refused is not None:
                raise refused
            result = await self._perform(call.method, call.params)
        except Refused as problem:
            return self._refuse(call, problem)
        call.status = 200
        return _answer(200, {"ok": True, "result": result})

    async def _perform(self, method: str, values: Json) -> Any:
        match method:
            case "getUpdates":
                check(method, values, private=True)
                self._allow(values)
                return await self.delivery.poll(values)
            case "setWebhook":
                check(method, values, private=True)
                return self._set_webhook(values)
            case "deleteWebhook":
                self.delivery.cancel()
                self._drop(values)
                return True
            case "getWebhookInfo":
                return self.delivery.info()
        return perform(self, method, values)

    def _set_webhook(self, values: Json) -> bool:
        self._drop(values)
        self._allow(values)
        if not values["url"]:
            self.delivery.cancel()
            return True
        self.delivery.set_webhook(
            values["url"], values.get("secret_token"), values.get("max_connections", 40)
        )
        return True

    def _allow(self, values: Json) -> None:
        """Said once, it holds until something else is said."""
        if "allowed_updates" in values:
            self.allowed = frozenset(values["allowed_updates"]) or None

    def _drop(self, values: Json) -> None:
        if values.get("drop_pending_updates"):
            self.queue.clear()
            self.changed()

    def _refuse(self, call: Call, problem: Refused) -> web.Response:
        call.status = problem.code
        if problem.violation:
            self.violations.append(f"{call.method}: {problem.description}")
        return _answer(problem.code, as_json(problem))

    def _file(self, path: str) -> web.Response:
        content = self.files.get(path.rpartition("/")[2])
        if not path.startswith(f"/file{self._prefix}") or content is None:
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return web.Response(body=content, content_type="application/octet-stream")


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[BotApi]:
    """A server of this process, for as long as the block lasts."""
    api = BotApi(**options)
    await api.start()
    try:
        yield api
    finally:
        await api.stop()


def shape_of(call: Call) -> Json:
    """A call for the log: files are told by name and size."""
    params = {
        name: {"filename": value.filename, "size": len(value.content)}
        if isinstance(value, Upload)
        else value
        for name, value in call.params.items()
    }
    return {"time": call.time, "method": call.method, "status": call.status, "params": params}


def _answer(status: int, shape: Json) -> web.Response:
    body = json.dumps(shape, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return web.Response(status=status, body=body, content_type="application/json")


def _request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=_MOST_BYTES
    )


async def _given(request: web.BaseRequest) -> Json:
    """The parameters as they came: in the address, a form or a JSON body."""
    given: Json = dict(request.query) if request.query_string else {}
    kind = request.content_type
    if kind == "application/json":
        given |= _object(await request.read())
    elif kind == "application/x-www-form-urlencoded":
        body = (await request.read()).decode()
        given |= dict(parse_qsl(body, keep_blank_values=True))
    elif kind == "multipart/form-data":
        given |= {name: _part(value) for name, value in (await request.post()).items()}
    return given


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise broken("can't parse request JSON object") from None
    if not isinstance(value, dict):
        raise broken("the body must be an object")
    return value


def _part(value: Any) -> Any:
    if isinstance(value, web.FileField):
        return Upload(value.filename, value.content_type, value.file.read())
    return value
