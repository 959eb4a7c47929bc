"""Tells a browser that something waits, through its maker's push service; never what."""

from __future__ import annotations

import asyncio
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from yarl import URL

from bot.log import where
from dialogs.reply import SENT, Delivery, Reply
from matching.calling import Answer, Backend, CallFailed, Route
from storage.browsers import Browser, Browsers
from storage.database import DatabaseProblem

WORD = b"news"
"""All that is ever sent, the same for everybody: the page says the rest."""

KEPT = timedelta(days=1)
"""How long a push service may keep it for a browser that is off."""

HEADERS = {
    "Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm",
    "TTL": str(int(KEPT.total_seconds())), "Urgency": "normal",
    "Topic": "news",  # one that was not shown yet is replaced, not added to
}  # fmt: skip

SIGNED_SECONDS, VALID_SECONDS = 3600, 12 * 3600
"""How long one proof of who we are is used (Apple wants no new one more than once an hour), and
until when it holds (24 hours at most, RFC 8292)."""

ROUTE = Route("notice", "POST", seconds=5.0, most_bytes=64 * 1024)

TAKEN = frozenset({200, 201, 202, 204})
GONE = frozenset({404, 410})
UNFIT = frozenset({400, 413})

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)

_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
_ENDPOINT = re.compile(
    r"https://(?:"
    r"(?P<google>fcm\.googleapis\.com)"
    r"|(?P<mozilla>updates\.push\.services\.mozilla\.com)"
    rf"|(?P<apple>{_LABELS}push\.apple\.com)"
    rf"|(?P<microsoft>{_LABELS}notify\.windows\.com)"
    r")/[A-Za-z0-9._~%!$&'()*+,;=:@/?-]{1,1800}"
)
"""Push services, whole: no port, no user, nothing that two readers of addresses read otherwise."""

logger = structlog.get_logger(__name__)


class NotABrowser(ValueError):
    """What was given is no subscription of a browser at a push service we know."""


def service_of(endpoint: str) -> str | None:
    """Whose push service an address is at; ``None``: nobody's we know, never to be called."""
    found = _ENDPOINT.fullmatch(endpoint)
    return found.lastgroup if found else None


def read_subscription(given: Any) -> Browser:
    """What ``PushSubscription.toJSON()`` gives, from JSON. Raises :class:`NotABrowser`."""
    try:
        endpoint, keys = given["endpoint"], given["keys"]
        point, auth = (_bytes(keys[name]) for name in ("p256dh", "auth"))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NotABrowser from None
    if not isinstance(endpoint, str) or service_of(endpoint) is None:
        raise NotABrowser
    if len(point) != 65 or len(auth) != 16:
        raise NotABrowser
    return Browser(endpoint, _text(point), _text(auth))


class WebPush:
    """Implements :class:`dialogs.reply.Channel`; an address there is a conversation's id.

    ``key`` is a private key of P-256, 32 bytes in base64url; ``contact`` is told to push services.
    ``backend`` makes a backend from its name: each service has its own, since one that is down says
    nothing of the others. ``clock`` returns seconds since 1970. Raises ``ValueError`` for a key
    that is none.
    """

    def __init__(
        self,
        key: str,
        contact: str,
        browsers: Browsers,
        backend: Callable[[str], Backend],
        clock: Callable[[], float] = time.time,
    ) -> None:
        from pywebpush import Vapid, WebPusher  # for who has a key: it brings a second HTTP client

        self._vapid = Vapid.from_raw(key.encode())
        self._pusher = WebPusher
        self._contact = contact
        self._browsers = browsers
        self._services = {name: backend(f"push_{name}") for name in _ENDPOINT.groupindex}
        self._clock = clock
        self._signed: dict[str, tuple[float, Mapping[str, str]]] = {}

    @property
    def public_key(self) -> str:
        """What browsers ask for when they subscribe: our key, in base64url."""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _text(point)

    async def send(
        self, address: str, replies: Sequence[Reply], *, attempts: int, quiet: bool = False
    ) -> Delivery:
        """Tell all browsers of that person, whatever the ``replies``: they are read on the page.

        One that was told is enough. Never « gone »: who left a browser has not left us; without
        any, it is « refused ».
        """
        try:
            browsers = await self._browsers.of(address)
            outcomes = await asyncio.gather(*(self._tell(one, attempts) for one in browsers))
        except DatabaseProblem:
            return Delivery("pending", _backoff(attempts))
        states = [outcome.state for outcome in outcomes]
        best = next((s for s in ("sent", "later", "pending") if s in states), None)
        return outcomes[states.index(best)] if best else Delivery("refused")

    async def _tell(self, browser: Browser, attempts: int) -> Delivery:
        try:
            status = await self._post(browser)
        except CallFailed as failed:
            return _judged(failed, attempts)
        except DatabaseProblem:
            raise
        except Exception as error:  # noqa: BLE001 - it would fail again, and hold the others back
            logger.error("notice_not_sendable", error=type(error).__name__, where=where(error))
            return Delivery("refused")
        if status in TAKEN:
            return SENT
        if status in GONE:
            await self._browsers.drop(browser.endpoint)
        else:
            logger.warning("notice_refused", status=status)
        return Delivery("refused")

    async def _post(self, browser: Browser) -> int:
        """The status. Raises :class:`CallFailed`."""
        service = service_of(browser.endpoint)
        if service is None:  # kept by a version that knew more of them
            raise NotABrowser
        keys = {"p256dh": browser.p256dh, "auth": browser.auth}
        pusher = self._pusher({"endpoint": browser.endpoint, "keys": keys})
        return await self._services[service].ask(
            ROUTE, URL(browser.endpoint, encoded=True), _status,
            headers={**HEADERS, **self._proof(browser.endpoint)},
            data=pusher.encode(WORD)["body"], accept=TAKEN | GONE | UNFIT,
        )  # fmt: skip

    def _proof(self, endpoint: str) -> Mapping[str, str]:
        """Who we are, signed for one push service (VAPID, RFC 8292)."""
        now, audience = self._clock(), f"https://{urlsplit(endpoint).netloc}"
        until, proof = self._signed.get(audience, (0.0, {}))
        if now >= until:
            claims = {"aud": audience, "sub": self._contact, "exp": int(now) + VALID_SECONDS}
            proof = self._vapid.sign(claims)
            kept = {k: v for k, v in self._signed.items() if v[0] > now}
            self._signed = {**kept, audience: (now + SIGNED_SECONDS, proof)}
        return proof


def _judged(failed: CallFailed, attempts: int) -> Delivery:
    """What becomes of a notice that a push service did not take."""
    if failed.reason == "busy":
        wait = timedelta(seconds=failed.retry_after)
        return Delivery("later", max(wait, timedelta(seconds=1)))
    if failed.reason in {"denied", "invalid"}:
        logger.warning("notice_refused", status=failed.status or 0, reason=failed.reason)
        return Delivery("refused")
    return Delivery("pending", _backoff(attempts))


def _status(answer: Answer) -> int:
    return answer.status


def _backoff(attempts: int) -> timedelta:
    """1, 2, 4… minutes, up to an hour: nobody waits for it."""
    doubled = 1 << min(max(attempts - 1, 0), 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _bytes(text: str) -> bytes:
    """From base64url, padded or not; strictly. Raises ``ValueError``, for text."""
    bare = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", bare):
        raise ValueError("no base64url")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
