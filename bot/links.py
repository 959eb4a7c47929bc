"""Signed codes: the link a counsellor forwards, in 64 characters, and the payload of a button."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from bot.keyed import Keyed

CODE_LENGTH = 64
"""Telegram's limit for a start payload, of ``A-Z a-z 0-9 _ -``; ours everywhere."""

PRESS_BYTES = 64
"""Telegram's limit for the data of a button, signature included."""

MAX_RADIUS_KM = 200

_VERSION = "1"
_SIGNATURE_BYTES = 8  # 64 bits: a forger would need 2^63 visits, and would win a search
_PRESS_SIGNATURE = 6  # bytes, 8 characters, and bound to one conversation
_CODE = re.compile(r"[A-Za-z0-9_-]{2,64}")

# Words that origins are made of, the commonest last. Part of version 1: never edited, a change
# needs a new version.
_WORDS = (
    " Jean-Marie-Pierre Louis communauté d’agglomération métropole Est Ouest Sud Centre"
    " Villeneuve d’Ascq antenne service agence accueil formation jeunesse information orientation"
    " Saint-Sainte- Pays Littoral Côte d’Opale Flandre Artois Cambrésis Hainaut Avesnois Douaisis"
    " Ternois"
    " Picardie Somme Aisne Oise Nord Pas-de-Calais Laon Soissons Saint-Quentin Château-Thierry"
    " Creil Beauvais Compiègne Abbeville Amiens Maubeuge Cambrai Denain Valenciennes Douai"
    " Hazebrouck Armentières Tourcoing Roubaix Dunkerque Boulogne-sur-Mer Saint-Omer Calais"
    " Montreuil Béthune Bruay-la-Buissière Hénin-Beaumont Liévin Lens Arras Lille"
    " Chambre de métiers et de l’artisanat Hauts-de-France France Travail Cap Emploi E2C École de"
    " la deuxième chance Epide CIO Centre social PIJ Maison de l’emploi Campus des métiers"
    " Collège Lycée professionnel CFA CMA -sur--en--lès--les- des du de la de l’"
    "Mission locale d’Mission locale du Mission locale de "
).encode()


class LinkTooLong(ValueError):
    """L’origine est trop longue pour tenir dans un lien."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link holds: who gives it out, and perhaps a search.

    ``trade`` is an id of the trade table, ``place`` an INSEE code, ``radius_km`` 1 to 200. An
    empty link is a plain arrival.
    """

    origin: str | None = None
    trade: str | None = None
    place: str | None = None
    radius_km: int | None = None

    @property
    def has_search(self) -> bool:
        return bool(self.trade or self.place or self.radius_km)


class Signer:
    """Makes and reads signed codes with one key.

    ``trade_ids`` are those of the trade table: a code holds a hash of the id, so that a poster
    still works after trades were added.
    """

    def __init__(self, key: bytes, trade_ids: Iterable[str]) -> None:
        self._key = Keyed(key)
        self._trades = {_trade_mark(id): id for id in trade_ids}

    def encode(self, link: Link) -> str:
        """The code, at most 64 characters. Raises :class:`LinkTooLong`, ``ValueError``."""
        code = self._code(link)
        if len(code) > CODE_LENGTH:
            raise LinkTooLong(
                f"Le nom «\u202f{link.origin}\u202f» est trop long pour tenir dans un lien\u00a0: "
                f"raccourcissez-le d’environ {self._excess(link)} lettres."
            )
        return code

    def _code(self, link: Link) -> str:
        body = _pack(link)
        return _VERSION + _to_text(body + self._mac(b"link", body)[:_SIGNATURE_BYTES])

    def _excess(self, link: Link) -> int:
        """How many letters to take off the end of the origin before it fits."""
        origin = (clean_origin(link.origin) or "")[:500]
        cuts = range(len(origin), 0, -1)
        kept = next(
            n for n in cuts if len(self._code(replace(link, origin=origin[:n]))) <= CODE_LENGTH
        )
        return len(clean_origin(link.origin) or "") - kept

    def decode(self, code: str) -> Link | None:
        """What a code holds; ``None`` when it was cut, forged or made with another key.

        A trade that has left the table is dropped; the rest of the link still counts.
        """
        if not _CODE.fullmatch(code) or code[0] != _VERSION:
            return None
        data = _from_text(code[1:])
        if data is None or len(data) <= _SIGNATURE_BYTES:
            return None
        body, mac = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
        if not hmac.compare_digest(mac, self._mac(b"link", body)[:_SIGNATURE_BYTES]):
            return None
        return _unpack(body, self._trades)

    def sign(self, payload: str, address: str, *, limit: int | None = None) -> str:
        """A button's payload for one conversation.

        ``address`` says whose it is (« web:… »), so that a press cannot be carried to another
        conversation. Raises ``ValueError`` beyond ``limit`` bytes.
        """
        signed = f"{payload}.{self._press_mark(payload, address)}"
        if limit is not None and len(signed.encode()) > limit:
            raise ValueError(f"{len(signed.encode())} bytes for a button: {payload}")
        return signed

    def verify(self, signed: str, address: str) -> str | None:
        """The payload of a press, ``None`` when it was not made for this conversation."""
        payload, _, mark = signed.rpartition(".")
        try:
            genuine = hmac.compare_digest(
                mark.encode(), self._press_mark(payload, address).encode()
            )
        except UnicodeEncodeError:  # lone surrogates, which we never sign
            return None
        return payload if genuine and payload else None

    def token(self, nonce: str) -> str:
        """What a newcomer who sends this nonce is known by: the same each time, 128 bits in 22
        characters that cannot be had without the nonce and the key."""
        return _to_text(self._mac(b"newcomer", nonce.encode())[:16])

    def _press_mark(self, payload: str, address: str) -> str:
        message = f"{address}\0{payload}".encode()
        return _to_text(self._mac(b"press", message)[:_PRESS_SIGNATURE])

    def _mac(self, use: bytes, message: bytes) -> bytes:
        return self._key.digest(use + b"\0" + message)


def clean_origin(origin: str | None) -> str | None:
    """An origin as it is kept: one line, single spaces, no control characters."""
    if origin is None:
        return None
    line = " ".join(unicodedata.normalize("NFC", origin.replace("'", "’")).split())
    printable = " ".join("".join(c for c in line if unicodedata.category(c)[0] != "C").split())
    return printable or None


def _pack(link: Link) -> bytes:
    """One byte of flags, then what they announce: place 3, trade 3, radius 1, origin the rest."""
    origin = clean_origin(link.origin)
    raw = origin.encode() if origin else b""
    short = _deflate(raw)
    deflated = bool(raw) and len(short) < len(raw)
    parts = [
        bytes([
            bool(link.place) | bool(link.trade) << 1 | bool(link.radius_km) << 2 | deflated << 3
        ])
    ]  # fmt: skip
    if link.place:
        parts.append(_place_number(link.place).to_bytes(3, "big"))
    if link.trade:
        parts.append(_trade_mark(link.trade))
    if link.radius_km:
        if not 1 <= link.radius_km <= MAX_RADIUS_KM:
            raise ValueError(f"Le rayon va de 1 à {MAX_RADIUS_KM} km.")
        parts.append(bytes([link.radius_km]))
    return b"".join([*parts, short if deflated else raw])


def _unpack(body: bytes, trades: dict[bytes, str]) -> Link | None:
    flags, rest = body[0], body[1:]
    place = trade = radius = None
    if flags & 1:
        place, rest = _place_code(int.from_bytes(rest[:3], "big")), rest[3:]
    if flags & 2:
        trade, rest = trades.get(rest[:3]), rest[3:]
    if flags & 4:
        radius, rest = rest[0], rest[1:]
    try:
        origin = (_inflate(rest) if flags & 8 else rest).decode()
    except (zlib.error, UnicodeDecodeError):
        return None
    return Link(origin or None, trade, place, radius)


def _trade_mark(id: str) -> bytes:
    return sha256(id.encode()).digest()[:3]


def _place_number(insee: str) -> int:
    """« 62498 » -> 62498; Corsica's « 2A004 » and « 2B033 » above 100,000."""
    if not re.fullmatch(r"([0-9]{2}|2[AB])[0-9]{3}", insee, re.ASCII):
        raise ValueError(f"« {insee} » n’est pas un code de commune.")
    if insee[1] in "AB":
        return 100_000 + 1000 * "AB".index(insee[1]) + int(insee[2:])
    return int(insee)


def _place_code(number: int) -> str:
    if number >= 100_000:
        return f"2{'AB'[(number - 100_000) // 1000]}{number % 1000:03}"
    return f"{number:05}"


def _deflate(raw: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED, _WORDS)
    return squeeze.compress(raw) + squeeze.flush()


def _inflate(data: bytes) -> bytes:
    return zlib.decompressobj(-15, _WORDS).decompress(data, 512)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    # the last character may hold unused bits: only one spelling of a code is ours
    return data if _to_text(data) == text else None


def search_link(signer: Signer, public_url: str, slots: Mapping[str, Any]) -> str | None:
    """The address on our page that holds this search by itself: its trade, town and radius.

    ``slots`` are those of a conversation; ``None`` when there is not one trade and one town.
    """
    where = slots.get("where") or {}
    trades: Sequence[str] = slots.get("trades") or ()
    places: Sequence[str] = where.get("places", ())
    if len(trades) != 1 or len(places) != 1 or where.get("areas"):
        return None
    link = Link(trade=trades[0], place=places[0], radius_km=slots.get("radius_km"))
    return f"{public_url}/l/{signer.encode(link)}"
