"""How pages are written: templates, the files they need, and what their filters let through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from urllib.parse import urlsplit

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup, escape

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_LINK = re.compile(r"https?://[^\s<>«»\"]*[^\s<>«»\".,;:!?)]")
_PHONE = re.compile(r"(?<![\d+])0[1-9](?:[ .\u00a0\u202f]?\d{2}){4}(?!\d)")
_TOUCHABLE = re.compile(f"(?P<link>{_LINK.pattern})|(?P<phone>{_PHONE.pattern})")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file a page needs: its bytes, its type, and a mark that changes with it."""

    body: bytes
    content_type: str
    mark: str


@cache
def read_assets() -> dict[str, Asset]:
    """Everything under ``static``, by name; read once a process."""
    found = {}
    for path in files("bot.web").joinpath("static").iterdir():
        suffix = path.name[path.name.rfind(".") :]
        if suffix in TYPES:
            body = path.read_bytes()
            found[path.name] = Asset(body, TYPES[suffix], sha256(body).hexdigest()[:12])
    return found


def setup(app: web.Application, public_url: str) -> None:
    """Give an application its templates."""
    app[aiohttp_jinja2.APP_KEY] = _environment(public_url)


@lru_cache(maxsize=4)
def _environment(public_url: str) -> jinja2.Environment:
    """Every template, compiled once a process however many applications show them."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = read_assets()
    environment.filters["paragraphs"] = paragraphs
    environment.filters["safe_url"] = lambda url: safe_url(url, public_url)
    environment.globals["asset"] = lambda name: f"/static/{name}?v={assets[name].mark}"
    return environment


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs; web addresses and French phone numbers can be touched."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(map(_line, block.split("\n"))))
        for block in blocks
    )


def _line(line: str) -> Markup:
    parts, end = [], 0
    for found in _TOUCHABLE.finditer(line):
        parts.append(escape(line[end : found.start()]))
        parts.append(_touchable(found))
        end = found.end()
    return Markup("").join([*parts, escape(line[end:])])


def _touchable(found: re.Match[str]) -> Markup:
    if found["link"]:
        return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(found["link"])
    return Markup('<a href="{}">{}</a>').format(tel(found["phone"]), found["phone"])


def tel(phone: str) -> str:
    """A phone number as something to call: « 03 21 00 00 00 » -> « tel:0321000000 »."""
    return "tel:" + re.sub(r"[^\d+]", "", phone)


def safe_url(url: str, public_url: str) -> str:
    """The address when it is a web page or a number to call, else nothing; our own are relative."""
    if url.startswith(f"{public_url}/"):
        return url.removeprefix(public_url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme in {"http", "https"}:
        return url if parts.hostname else ""
    return url if parts.scheme in {"tel", "sms"} else ""
