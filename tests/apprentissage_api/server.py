"""The gateway on the wire: keys, quotas, faults, and the routes behind it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from tests.apprentissage_api.applications import take
from tests.apprentissage_api.facts import (
    KEYS,
    LIMITS,
    MOST_BODY,
    UNABLE,
    Json,
    Problem,
    gateway,
    invalid,
    upstream,
)
from tests.apprentissage_api.faults import Fault, cut, truncated
from tests.apprentissage_api.world import Call, World

KEY = "eyJhbGciOiJIUzI1NiJ9.cle-pour-les-tests.0123456789"
BASE = "/api"
_ROUTES = {
    ("GET", "/job/v1/search"): "search",
    ("POST", "/job/v1/apply"): "apply",
    ("GET", "/job/v1/export"): "export",
    ("GET", "/formation/v1/search"): "courses",
    ("POST", "/formation/v1/appointment/generate-link"): "appointment",
}


class Api(World):
    """The server and the judge: a client is pointed at :attr:`url` and :data:`KEY`.

    ``clock`` returns seconds and times the quotas. ``may_write`` is whether the key is allowed to
    apply and to make appointments. ``export_format`` is « array », « object » or « lines »;
    ``exported`` gives what the export holds (by default everything known).
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, log: Path | None = None
    ) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.may_write = True
        self.export_format = "array"
        self.exported: Callable[[], Iterable[Json]] | None = None
        self.export_text: str | None = None  # the file as it is, in place of one written here
        self.exported_at = "2026-11-25T03:00:00.000Z"
        self.link_is_old = False
        self.delay = 0.0
        self.port = 0
        self.arrived = asyncio.Event()
        self.quotas = dict(LIMITS)
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._log: TextIO | None = log.open("a", buffering=1, encoding="utf-8") if log else None
        self._stopping = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """The base address, up to and including `/api`."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    async def start(self, port: int = 0) -> None:
        """Listen on a port of this machine, a free one by default."""
        server = web.Server(self._serve, request_factory=_request, handler_cancellation=True)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """No connection stays."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._log is not None:
            self._log.close()

    def fault(self, kind: Any, **details: Any) -> Fault:
        """Something that goes wrong from now on: the fields of :class:`Fault`."""
        fault = Fault(kind, **details)
        self.faults.append(fault)
        return fault

    def to(self, route: str) -> list[Call]:
        """The calls of one route."""
        return [call for call in self.calls if call.route == route]

    def busiest_minute(self) -> dict[str, int]:
        """The most calls of each route in any sixty seconds in a row."""
        times: dict[str, list[float]] = defaultdict(list)
        for call in self.calls:
            times[call.route].append(call.time)
        return {
            route: max(sum(first <= at < first + 60 for at in ats) for first in ats)
            for route, ats in times.items()
        }

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = unquote(request.path)
        route = self._route(request.method, path)
        query = parse_qsl(request.query_string, keep_blank_values=True)
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(self._clock(), request.method, route, query, headers)
        self.calls.append(call)
        self.arrived.set()
        if self.delay:
            await asyncio.sleep(self.delay)
        fault = next((fault for fault in self.faults if fault.hits(route)), None)
        response = await self._outcome(request, call, fault)
        call.status = call.status or response.status
        if self._log is not None:
            said = {"time": call.time, "route": route, "query": query, "status": call.status}
            self._log.write(json.dumps(said | {"size": call.size}, ensure_ascii=False) + "\n")
        return response

    def _route(self, method: str, path: str) -> str:
        if path.startswith("/bucket/"):
            return "download"
        path = path.removeprefix(BASE)
        if method == "GET" and re.fullmatch(r"/job/v1/offer/[^/]+", path):
            return "offer"
        return _ROUTES.get((method, path), "unknown")

    async def _outcome(
        self, request: web.BaseRequest, call: Call, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is None:
            return await self._done(request, call)
        if problem := fault.problem():
            return _refused(problem)
        if said := fault.body():
            return said
        if fault.kind == "hang":
            await self._stopping.wait()
        if fault.kind in {"hang", "reset"}:
            return cut(request)
        response = await self._done(request, call)
        if fault.kind == "truncated":
            return await truncated(request, response.body, response.status)  # type: ignore[attr-defined]
        if fault.kind == "done_hang":
            await self._stopping.wait()
        return cut(request)

    async def _done(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        quota: dict[str, str] = {}
        try:
            if call.route == "download":
                return await self._download(request, call)
            self._authenticate(call)
            quota = self._count(call.route)
            status, shape = await self._perform(request, call)
        except Problem as problem:
            problem.headers = quota | problem.headers
            return _refused(problem)
        text = json.dumps(shape, ensure_ascii=False)
        return web.Response(
            status=status, text=text, content_type="application/json", headers=quota
        )

    def _authenticate(self, call: Call) -> None:
        given = call.headers.get("authorization")
        if given is None:
            raise gateway(401, KEYS["no_key"])
        token = re.fullmatch(r"bearer\s+(\S+)", given, re.IGNORECASE)
        if token is None:
            raise gateway(401, KEYS["bad_header"])
        if token.group(1) != KEY:
            raise gateway(401, KEYS["undecodable"])
        if call.route in {"apply", "appointment"} and not self.may_write:
            raise gateway(403, "Vous n'êtes pas autorisé à accéder à cette ressource")

    def _count(self, route: str) -> dict[str, str]:
        """The headers of the quota, which a fixed window counts."""
        limit = self.quotas.get(route)
        if limit is None:
            return {}
        now = self._clock()
        began, count = self._windows.get(route, (now, 0))
        if now - began >= 60:
            began, count = now, 0
        self._windows[route] = (began, count + 1)
        reset = str(max(1, round(60 - (now - began))))
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - count - 1)),
            "x-ratelimit-reset": reset,
        }
        if count >= limit:
            self.violations.append(f"{route}: beyond its quota")
            problem = gateway(429, f"Quota dépassé : {limit} requêtes par 1 minute.")
            problem.headers = headers | {"retry-after": reset}
            raise problem
        return headers

    async def _perform(self, request: web.BaseRequest, call: Call) -> tuple[int, Any]:
        match call.route:
            case "search":
                return 200, self.search(self.checked("search", call.query))
            case "courses":
                return 200, self.training(self.checked("courses", call.query))
            case "offer":
                return 200, self._offer(unquote(request.path).rpartition("/")[2])
            case "export":
                name = f"/bucket/export.json?X-Amz-Signature={len(self.calls)}"
                url = self.url.removesuffix(BASE) + name
                return 200, {"url": url, "lastUpdate": self.exported_at}
            case "apply":
                return 202, take(self, await self._body(request, call))
            case "appointment":
                return 200, self._appointment(await self._body(request, call))
        raise gateway(404, "Not Found")

    async def _body(self, request: web.BaseRequest, call: Call) -> bytes:
        body = await request.read()
        call.size = len(body)
        if len(body) > MOST_BODY:
            raise gateway(413, "Request body is too large")
        if not call.headers.get("content-type", "").startswith("application/json"):
            self.violations.append(f"{call.route}: {call.headers.get('content-type')}")
            raise gateway(500, UNABLE)
        return body

    def _offer(self, id: str) -> Json:
        if not re.fullmatch("[0-9a-f]{24}", id):
            raise invalid("params", "id", "Invalid id")
        found = self.offer(id)
        if found is None:
            raise upstream(404, f"Aucune offre d'emploi trouvée pour l'ID: {id}")
        return found

    def _appointment(self, body: bytes) -> Json:
        given = json.loads(body)
        if list(given) != ["cle_ministere_educatif"]:
            raise invalid("body", "", "Invalid input")
        id = given["cle_ministere_educatif"]
        known = {c["identifiant"]["cle_ministere_educatif"] for c in self.courses}
        if id not in known or id in self.no_appointment:
            return {"error": "Appointment request not available"}
        return {"form_url": "https://labonnealternance.apprentissage.beta.gouv.fr/rdva?id=1"}

    async def _download(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """The bucket: it refuses a key it did not ask for, and old links."""
        if "authorization" in call.headers:
            self.violations.append("download: the key was sent elsewhere")
            return web.Response(status=400, text="<Error>Only one auth mechanism allowed</Error>")
        if self.link_is_old:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if self.export_text is not None:
            return web.Response(text=self.export_text, content_type="application/json")
        everything = self.exported or (lambda: [*self.jobs, *(r for r, _ in self.recruiters)])
        if self.exported is None:
            text = "".join(_export(everything(), self.export_format))
            return web.Response(text=text, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in _export(everything(), self.export_format):
            await response.write(piece.encode())
        await response.write_eof()
        return response


def _export(entries: Iterable[Json], form: str) -> Iterable[str]:
    if form == "lines":
        yield from (json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    elif form == "object":
        all_of_them = list(entries)
        jobs = [e for e in all_of_them if "offer" in e]
        recruiters = [e for e in all_of_them if "offer" not in e]
        yield json.dumps({"jobs": jobs, "recruiters": recruiters, "warnings": []})
    else:
        before = "["
        for entry in entries:
            yield before + json.dumps(entry, ensure_ascii=False)
            before = ","
        yield "]" if before == "," else "[]"


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[Api]:
    """A server of this process, for as long as the block lasts."""
    api = Api(**options)
    await api.start()
    try:
        yield api
    finally:
        await api.stop()


def _refused(problem: Problem) -> web.Response:
    text = json.dumps(problem.shape, ensure_ascii=False)
    return web.Response(
        status=problem.status, text=text, content_type="application/json", headers=problem.headers
    )


def _request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=2 * MOST_BODY
    )
