"""What stands around every page: headers, foreign requests, mistakes and how they are told."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp_jinja2
import structlog
from aiohttp import web

from bot.log import where
from storage.database import DatabaseProblem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # « same-origin »: forms still say where they come from, other sites learn nothing
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

WORDS = {
    400: ("Demande incomplète", "Je n’ai pas compris cette demande. Recommence depuis l’accueil."),
    403: (
        "Demande refusée",
        "Cette demande ne vient pas de notre page. Ouvre l’accueil et recommence.",
    ),
    404: ("Page introuvable", "Cette page n’existe pas, ou n’existe plus."),
    405: ("Page introuvable", "Cette page ne s’ouvre pas de cette façon."),
    408: ("Envoi trop lent", "Ton message n’est pas arrivé en entier. Renvoie-le."),
    410: ("Offre retirée", "Cette offre n’est plus proposée. Il y en a d’autres\u202f!"),
    413: ("Message trop lourd", "Ce message est trop long pour moi. Écris-moi plus court."),
    415: ("Demande incomplète", "Je ne lis que du texte. Écris-moi avec des mots."),
    429: ("Doucement", "Tu m’écris trop vite pour moi. Attends quelques secondes et recommence."),
    503: (
        "Service en pause",
        "Je n’arrive pas à répondre pour le moment. Réessaie dans quelques minutes.",
    ),
}
INTERNAL = (
    "Erreur de notre côté",
    "Désolé, quelque chose a mal tourné de notre côté. Réessaie dans quelques minutes.",
)

log = structlog.get_logger()


def wants_fragment(request: web.Request) -> bool:
    """Whether the page's script asks, and not a person's browser."""
    return request.headers.get("X-Requested-With") == "fetch"


def own_request(request: web.Request, public_url: str) -> bool:
    """Whether a form was sent from a page of ours, by what the browser says of it.

    Browsers that say nothing are believed: the cookie is ``SameSite`` and presses are signed.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if source is None:
        return True
    try:
        return urlsplit(source).netloc in {request.host, urlsplit(public_url).netloc}
    except ValueError:
        return False


def visitor(request: web.Request) -> str:
    """The network address of a visitor; behind a relay of our own network, as the relay gives it.

    Only used to slow floods down.
    """
    remote = request.remote or ""
    try:
        relayed = ip_address(remote).is_private
    except ValueError:
        relayed = True  # a local socket
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    return forwarded if relayed and forwarded else remote


def headers(secure: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal that puts the security headers on every answer."""
    always = dict(HEADERS)
    if secure:
        always["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def put(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.pop("Server", None)

    return put


@web.middleware
async def told_kindly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page in French for every refusal; a reference, also in the log, for our own mistakes."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        kept = {k: v for k, v in refusal.headers.items() if k in {"Allow", "Retry-After"}}
        return _told(request, refusal.status, kept)
    except web.RequestPayloadError:  # not compressed as it says
        return _told(request, 400, {})
    except DatabaseProblem:
        log.error("database_down", route=route(request))
        return _told(request, 503, {"Retry-After": "30"})
    except Exception as error:  # noqa: BLE001 - whatever it is, people get an answer
        reference = secrets.token_hex(4)
        log.error(
            "page_failed", reference=reference, error=type(error).__name__, where=where(error),
            route=route(request),
        )  # fmt: skip
        return _told(request, 500, {}, reference)


def route(request: web.Request) -> str:
    """The pattern of an address, never the address: it may hold a link's code."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


def _told(
    request: web.Request, status: int, kept: dict[str, str], reference: str | None = None
) -> web.Response:
    title, words = INTERNAL if status == 500 else WORDS.get(status, WORDS[400])
    if wants_fragment(request):
        text = words if reference is None else f"{words} Référence\u00a0: {reference}."
        return web.Response(status=status, text=text, headers=kept)
    context = {
        "title": title, "words": words, "reference": reference, "private": True, "started": False,
    }  # fmt: skip
    response = aiohttp_jinja2.render_template("problem.html", request, context, status=status)
    response.headers.update(kept)
    return response
