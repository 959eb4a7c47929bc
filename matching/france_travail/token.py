"""The pass France Travail lends for 25 minutes: asked for once, whoever needs it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextvars import Context
from typing import Any

from matching.calling import Answer, Backend, CallFailed, Misread, Route, left

SCOPE = "api_offresdemploiv2 o2dsoffre"

EARLY_SECONDS = 60.0
"""How long before its end a token is replaced."""

REFUSED_SECONDS = 60.0
"""How long refused credentials are not shown again: they will not get better in between."""

_ROUTE = Route("token", "POST", seconds=4.0, most_bytes=64 * 1024)
_CREDENTIALS = frozenset({"invalid_client", "unauthorized_client", "invalid_scope"})


class BadCredentials(CallFailed):
    """France Travail ne reconnaît pas l’application."""

    def __init__(self, backend: str, status: int) -> None:
        super().__init__(backend, "denied", status=status, sent=False)

    def __str__(self) -> str:
        return (
            "France Travail refuse FRANCE_TRAVAIL_CLIENT_ID et son secret : vérifiez-les, et que "
            "l’API « Offres d’emploi v2 » est bien ajoutée à l’application sur francetravail.io"
        )


class Tokens:
    """Hands out the access token (OAuth 2, client credentials).

    Renewed :data:`EARLY_SECONDS` before its end, and when :meth:`refused` says it is no good any
    more; never twice at once: all who need it wait for the same call, each for as long as it has
    time. ``clock`` returns seconds.
    """

    def __init__(
        self,
        backend: Backend,
        url: str,
        client_id: str,
        client_secret: str,
        clock: Callable[[], float],
    ) -> None:
        self._backend = backend
        self._url = url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": SCOPE,
        }
        self._clock = clock
        self._token = ""
        self._until = -math.inf
        self._refused_until = -math.inf
        self._renewal: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """The token. Raises :class:`BadCredentials` and :class:`CallFailed`."""
        if self._clock() < self._until:
            return self._token
        if self._clock() < self._refused_until:
            raise BadCredentials(self._backend.name, 400)
        if self._renewal is None:
            # In a context of its own: one caller short of time must not cut short the others.
            self._renewal = asyncio.create_task(self._renew(), context=Context())
            self._renewal.add_done_callback(self._renewed)
        try:
            async with asyncio.timeout(None if math.isinf(left()) else left()):
                return await asyncio.shield(self._renewal)
        except TimeoutError as error:
            raise CallFailed(self._backend.name, "timeout", sent=False) from error

    def refused(self, token: str) -> None:
        """This token was answered 401; another may have taken its place already."""
        if token == self._token:
            self._until = -math.inf

    async def _renew(self) -> str:
        asked = self._clock()
        token, seconds = await self._backend.ask(
            _ROUTE,
            self._url,
            self._read,
            headers={"Accept": "application/json"},
            data=self._form,
            accept=frozenset({200, 400, 401}),
        )
        self._token, self._until = token, asked + max(1.0, seconds - EARLY_SECONDS)
        return token

    def _renewed(self, renewal: asyncio.Task[str]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen, even when nobody waits any more

    def _read(self, answer: Answer) -> tuple[str, float]:
        """The token and how many seconds it is good for."""
        said: Any = answer.json() if answer.body else {}
        if not isinstance(said, dict):
            raise Misread
        if answer.status != 200:
            if answer.status == 401 or said.get("error") in _CREDENTIALS:
                self._refused_until = self._clock() + REFUSED_SECONDS
                raise BadCredentials(self._backend.name, answer.status)
            raise Misread("invalid")
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or isinstance(seconds, bool):
            raise Misread
        if not isinstance(seconds, int | float) or not seconds > 0:
            raise Misread
        return token, float(seconds)
