"""The push services of browsers' makers, at the wire: they check who sends, the browser decrypts.

One TLS server on this machine, with a certificate of its own, stands for all of them: a session of
:func:`leading_here` finds it under their names.
"""

from __future__ import annotations

import json
import secrets
import ssl
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import http_ece
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

HOSTS = (
    "fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com",
    "wns2-par02p.notify.windows.com",
)  # fmt: skip


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw(key: ec.EllipticCurvePublicKey) -> bytes:
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, form)


def private_key() -> str:
    """One as ``WEB_PUSH_PRIVATE_KEY`` wants it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return text(number.to_bytes(32, "big"))


@dataclass(slots=True)
class FakeBrowser:
    """A browser that subscribed: what it gives to us, and the keys it keeps for itself."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def subscription(self) -> dict[str, Any]:
        keys = {"p256dh": text(raw(self.key.public_key())), "auth": text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def opens(self, body: bytes) -> bytes:
        return http_ece.decrypt(  # type: ignore[no-any-return]
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )


@dataclass(slots=True)
class Told:
    """One message as it came: its raw path, its headers, its body, and the claims it was signed
    with."""

    path: str
    headers: dict[str, str]
    body: bytes
    claims: dict[str, Any]


@dataclass(slots=True)
class PushServices:
    """``key`` is the sender's, known from the subscriptions; ``answers`` holds what is answered
    instead of 201, by path: a status, or one with headers; those of ``broken`` get none. ``asked``
    is every request that reached any of them, signed or not: its method and address."""

    key: str
    answers: dict[str, int | tuple[int, dict[str, str]]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, f"https://{request.host}{request.raw_path}"))
        body = await request.read()
        claims = self._signed(request)
        if claims is None:
            return web.Response(status=403)
        self.told.append(Told(request.raw_path, dict(request.headers), body, claims))
        if request.raw_path in self.broken:
            request.transport.abort()  # type: ignore[union-attr]
        answer = self.answers.get(request.raw_path, 201)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return web.Response(status=status, headers=headers)

    def _signed(self, request: web.Request) -> dict[str, Any] | None:
        """What a sender claims, if they are who subscribed and said so for this service, today."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme != "vapid" or parts.get("k", "").rstrip("=") != self.key:
            return None
        signed, _, signature = parts["t"].rpartition(".")
        head, _, claims = signed.partition(".")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data(self.key))
        both = data(signature)
        pair = (int.from_bytes(half, "big") for half in (both[:32], both[32:]))
        key.verify(utils.encode_dss_signature(*pair), signed.encode(), ec.ECDSA(hashes.SHA256()))
        said: dict[str, Any] = json.loads(data(claims))
        assert json.loads(data(head)) == {"typ": "JWT", "alg": "ES256"}
        assert said["aud"] == f"https://{request.host}"
        assert 0 < said["exp"] - time.time() <= 24 * 3600
        assert said["sub"].startswith(("mailto:", "https://"))
        return said


class _Here(AbstractResolver):
    """Every name is this machine's, on one port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        assert host in HOSTS, f"nobody may be called there: {host}"
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=self._port, family=2, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing is open."""


def certificate(folder: Path) -> Path:
    """A certificate for all of them, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push services")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(h) for h in HOSTS]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    own = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    file = folder / "push.pem"
    file.write_bytes(own + made.public_bytes(pem))
    return file


@asynccontextmanager
async def serving(services: PushServices, folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """The services, and a session like ours that finds them under their real names."""
    file = certificate(folder)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", services.answer)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        trusted = ssl.create_default_context(cafile=str(file))
        here = _Here(runner.addresses[0][1])
        connector = aiohttp.TCPConnector(resolver=here, ssl=trusted)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            yield session
    finally:
        await runner.cleanup()
