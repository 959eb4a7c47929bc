"""France Travail on the wire: lends tokens, counts calls, answers, and writes it all down."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl

from aiohttp import web

from nlu.gazetteer import Gazetteer
from tests.france_travail_api.ads import Ad
from tests.france_travail_api.faults import Fault, instead, shortened, too_many
from tests.france_travail_api.rules import DOCUMENTED, Incorrect, Rules, slice_of

CLIENT = "PAR_cmachance_0123456789"
SECRET = "not-a-secret-0123456789"
SCOPES = frozenset({"api_offresdemploiv2", "o2dsoffre", f"application_{CLIENT}"})

_TOKEN = "/connexion/oauth2/access_token"
_API = "/partenaire/offresdemploi/v2"


@dataclass(slots=True)
class Call:
    """What was asked (``what``: token, search, offer), and the status of the answer."""

    at: float
    what: str
    params: dict[str, str]
    status: int = 0


@dataclass(slots=True)
class _Bucket:
    """So many calls, filled up again at as many a second."""

    size: float
    clock: Callable[[], float]
    left: float = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.size
        self.since = self.clock()

    def take(self) -> bool:
        now = self.clock()
        self.left = min(self.size, self.left + (now - self.since) * self.size)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class FranceTravailApi:
    """The server and the judge: ``violations`` holds what the documentation does not allow.

    ``clock`` returns the seconds tokens age by; ``lifetime`` is what they are lent for.
    ``tolerance`` is the share by which a distance is exceeded (documented: about 0.3).
    ``per_second`` calls are allowed, of the seconds of ``counts_by``. ``licensed``: whether the API
    was added to the application.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        ads: list[Ad],
        *,
        clock: Callable[[], float] = time.monotonic,
        tolerance: float = 0.0,
        per_second: float = 10.0,
        counts_by: Callable[[], float] = time.monotonic,
        log: Path | None = None,
    ) -> None:
        self.ads = ads
        self.lifetime = 1499
        self.licensed = True
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.tokens: dict[str, float] = {}
        self.url = ""
        self._numbers = itertools.count()
        self._gazetteer = gazetteer
        self._clock = clock
        self._tolerance = tolerance
        self._counts_by = counts_by
        self._bucket = _Bucket(per_second, counts_by)
        self._lately: deque[float] = deque()
        self.most_in_a_second = 0
        self._log: TextIO | None = log.open("a", buffering=1, encoding="utf-8") if log else None
        self._ended = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @property
    def api_url(self) -> str:
        return f"{self.url}{_API}"

    @property
    def token_url(self) -> str:
        return f"{self.url}{_TOKEN}?realm=%2Fpartenaire"

    async def start(self, port: int = 0) -> None:
        """Listen on a port of this machine, a free one by default."""
        server = web.Server(self._serve, handler_cancellation=True)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._ended.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._log is not None:
            self._log.close()

    def fault(self, kind: Any, **details: Any) -> Fault:
        """Something that goes wrong from now on: the fields of :class:`Fault`."""
        fault = Fault(kind, **details)
        self.faults.append(fault)
        return fault

    def asked(self, what: str) -> list[dict[str, str]]:
        """The parameters of every call of a kind, in order."""
        return [call.params for call in self.calls if call.what == what]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        what = _kind(request.path)
        call = Call(self._counts_by(), what, dict(request.query))
        self.calls.append(call)
        if len(parse_qsl(request.query_string)) != len(request.query):
            self.violations.append(f"{what}: a parameter is repeated")
        fault = next((fault for fault in self.faults if fault.hits(what)), None)
        response = await instead(fault, request, self._ended) if fault else None
        if response is None:
            response = await self._answer(request, call)
            if fault and fault.kind == "no_range":
                response.headers.popall("Content-Range", None)
            elif fault and fault.kind == "truncated":
                return await shortened(request, response)
        call.status = response.status
        if self._log:
            self._log.write(json.dumps(asdict(call), ensure_ascii=False) + "\n")
        return response

    async def _answer(self, request: web.BaseRequest, call: Call) -> web.Response:
        if call.what == "token":
            return await self._lend(request, call)
        if call.what == "unknown" or request.method != "GET":
            self.violations.append(f"no such call: {request.method} {request.path}")
            return web.Response(status=404)
        if not self._known(request.headers.get("Authorization", "")):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        self._count()
        if not self._bucket.take():
            self.violations.append("more than ten calls a second")
            return too_many()
        if call.what == "offer":
            return self._detail(request.path.rpartition("/")[2])
        return self._search(call.params)

    def _count(self) -> None:
        now = self._counts_by()
        self._lately.append(now)
        while self._lately[0] <= now - 1:
            self._lately.popleft()
        self.most_in_a_second = max(self.most_in_a_second, len(self._lately))

    def _known(self, header: str) -> bool:
        kind, _, token = header.partition(" ")
        return kind == "Bearer" and self.tokens.get(token, 0.0) > self._clock()

    async def _lend(self, request: web.BaseRequest, call: Call) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode()))
        call.params |= {name: "…" if name == "client_secret" else form[name] for name in form}
        if (
            request.method != "POST"
            or request.content_type != "application/x-www-form-urlencoded"
            or request.query.get("realm") != "/partenaire"
        ):
            self.violations.append("token: not as documented")
            return _error("invalid_request", "Invalid realm or content type")
        if form.get("grant_type") != "client_credentials":
            return _error("unsupported_grant_type", "Grant type is not supported")
        known = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if not known or not self.licensed:
            return _error("invalid_client", "Client authentication failed")
        if not set(form.get("scope", "").split()) <= SCOPES or not form.get("scope"):
            return _error("invalid_scope", "Unknown/invalid scope(s)")
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = self._clock() + self.lifetime
        lent = {"scope": form["scope"], "expires_in": self.lifetime, "token_type": "Bearer"}
        return _json(200, {**lent, "access_token": token})

    def _detail(self, id: str) -> web.Response:
        if not re.fullmatch(r"[0-9A-Z]{7}", id):
            return _json(400, {"message": "Le format de l'id de l'offre recherchée est incorrect."})
        ad = next((ad for ad in self.ads if ad["id"] == id), None)
        return web.Response(status=204) if ad is None else _json(200, ad)

    def _search(self, params: dict[str, str]) -> web.Response:
        self.violations += [f"search: no parameter {name}" for name in params.keys() - DOCUMENTED]
        try:
            wanted = slice_of(params)
            found = Rules(params, self._gazetteer, self._tolerance).of(self.ads)
        except Incorrect as problem:
            return _json(400, {"message": str(problem)})
        page = found[wanted.first : wanted.last + 1]
        if not page:
            return web.Response(status=204, headers={"Content-Range": f"*/{len(found)}"})
        last = wanted.first + len(page) - 1
        whole = len(page) == len(found) < 150  # a full page is a part, even of itself
        return _json(
            200 if whole else 206,
            {"resultats": page, "filtresPossibles": []},
            {
                "Content-Range": f"offres {wanted.first}-{last}/{len(found)}",
                "Accept-Range": "150",
            },
        )


def _kind(path: str) -> str:
    if path == _TOKEN:
        return "token"
    if path == f"{_API}/offres/search":
        return "search"
    return "offer" if path.startswith(f"{_API}/offres/") else "unknown"


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(status=status, body=text, headers=headers, content_type="application/json")


def _error(error: str, description: str) -> web.Response:
    return _json(400, {"error": error, "error_description": description})


@asynccontextmanager
async def running(
    gazetteer: Gazetteer, ads: list[Ad], **options: Any
) -> AsyncIterator[FranceTravailApi]:
    """A server of this process, for as long as the block lasts; nothing may break its rules."""
    api = FranceTravailApi(gazetteer, ads, **options)
    await api.start()
    try:
        yield api
    finally:
        await api.stop()
    assert api.violations == []
