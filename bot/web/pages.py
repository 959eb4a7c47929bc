"""The pages around the chat: an offer's whole text, legal texts, health, static files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp_jinja2
from aiohttp import web

from bot.web.templating import Asset, safe_url, tel
from dialogs.cards import card, facts
from dialogs.french import in_pairs
from matching.attribution import attribution
from matching.model import DEMONSTRATION, Found, Offer, Unavailable

if TYPE_CHECKING:
    from bot.assembly import Rooms
    from storage.redis_link import RedisLink

LEGAL = {
    "mentions-legales": "Mentions légales",
    "donnees-personnelles": "Données personnelles",
    "accessibilite": "Déclaration d’accessibilité",
}


class Pages:
    """Everything that is read and not talked to."""

    def __init__(self, rooms: Rooms, assets: dict[str, Asset], redis: RedisLink | None) -> None:
        self._rooms = rooms
        self._redis = redis
        self._settings = rooms.settings
        self._assets = assets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/offre/{id:[^/]{1,200}}", self.offer),
            web.get("/static/{name}", self.static),
            *(web.get(f"/{name}", self.legal) for name in LEGAL),
        ]

    def watched(self) -> list[web.RouteDef]:
        """What stands in every process, whatever it does."""
        return [web.get("/healthz", self.health)]

    async def offer(self, request: web.Request) -> web.Response:
        """An offer as it was published, with its source and how to answer it."""
        id = request.match_info["id"]
        if not id.isprintable():  # no offer bears it, and PostgreSQL would choke on some of them
            raise web.HTTPNotFound
        try:
            offer = await self._rooms.matcher.offer(id)
        except Unavailable:
            raise web.HTTPServiceUnavailable from None
        if offer is None:
            known = await self._rooms.offers.get(id)
            raise web.HTTPGone if known else web.HTTPNotFound
        return aiohttp_jinja2.render_template("offer.html", request, self._offer(offer))

    def _offer(self, offer: Offer) -> dict[str, object]:
        invented = offer.source == DEMONSTRATION
        shown = facts(Found(offer, None), self._settings.public_url, detail=True)
        return {
            "card": card(self._rooms.voice, shown, self._settings.today()),
            "invented": invented,
            "phone": "" if invented else in_pairs(offer.phone or ""),
            "phone_link": tel(offer.phone or ""),
            "page": "" if invented else safe_url(offer.url, self._settings.public_url),
            "description": offer.description,
            "owed": attribution(offer),
            "private": True,
            "started": False,
        }

    async def legal(self, request: web.Request) -> web.Response:
        name = request.path.strip("/")
        context = {
            "title": LEGAL[name],
            "days": self._settings.keep_conversation_days,
            "alert_days": self._settings.keep_person_days,
            "minimum_age": self._settings.minimum_age,
            "private": False,
            "started": False,
        }
        return aiohttp_jinja2.render_template(f"{name}.html", request, context)

    async def static(self, request: web.Request) -> web.Response:
        """A file of ours; kept for a year by browsers, since its address changes with it."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": asset.content_type, "Cache-Control": "no-cache"}
        if request.query.get("v") == asset.mark:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return web.Response(body=asset.body, headers=headers)

    async def health(self, _request: web.Request) -> web.Response:
        """What answers and what does not, for the machine that watches; 503 when we cannot work.

        Without Redis the service is slower and loses nothing: it is said, and counts as well.
        """
        state = {"database": "ok" if await self._rooms.database.ping() else "down"}
        if self._redis:
            state["redis"] = "ok" if await self._redis.answers() else "down"
        well = state["database"] == "ok"
        return web.json_response(
            {"status": "ok" if well else "down", **state}, status=200 if well else 503
        )
