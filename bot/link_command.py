"""The link that counsellors forward, and its QR code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.channels.telegram import deep_link
from bot.config import Settings
from bot.links import Link, Signer, clean_origin
from nlu.meaning import Place
from nlu.understander import Understander


class BadLink(Exception):
    """Le lien demandé n’est pas possible ; le message dit pourquoi."""


@dataclass(frozen=True, slots=True)
class Made:
    """A link on our page, the same on Telegram when there is a bot, and its code."""

    page: str
    telegram: str | None
    code: str


def make(
    settings: Settings,
    *,
    origin: str | None,
    trade: str | None = None,
    place: str | None = None,
    insee: str | None = None,
    radius_km: int | None = None,
) -> Made:
    """Read the words of a command line as we read those of a message. Raises :class:`BadLink`."""
    understander = Understander.load()
    link = Link(
        origin=clean_origin(origin),
        trade=_trade(understander, settings, trade) if trade else None,
        place=_commune(understander, settings, place, insee),
        radius_km=radius_km,
    )
    signer = Signer(settings.key(), (known.id for known in understander.table))
    try:
        code = signer.encode(link)
    except ValueError as error:
        raise BadLink(str(error)) from None
    bot = settings.telegram_bot_name
    return Made(f"{settings.public_url}/l/{code}", deep_link(bot, code) if bot else None, code)


def write_qr(url: str, path: Path) -> None:
    """A QR code that survives a bad print (level M), as SVG or PNG. Raises :class:`BadLink`."""
    import segno

    if path.suffix.lower() not in {".svg", ".png"}:
        raise BadLink(f"Le QR code s’écrit dans un fichier .svg ou .png, pas « {path.name} ».")
    try:
        segno.make(url, error="m", micro=False).save(str(path), scale=8, border=4)
    except OSError as error:
        raise BadLink(f"Impossible d’écrire {path} : {error.strerror}.") from None


def _trade(understander: Understander, settings: Settings, words: str) -> str:
    found = understander.table.find(words)
    if found is None:
        read = understander.read(words, asked="ask_trade", today=settings.today())
        if len(read.trades) != 1:
            raise BadLink(f"Métier non reconnu : « {words} ». Par exemple : --trade boulanger")
        return read.trades[0].id
    return found.id


def _commune(
    understander: Understander, settings: Settings, words: str | None, insee: str | None
) -> str | None:
    """A commune by its official code, or by its name or postcode."""
    if insee:
        if known := understander.gazetteer.by_insee(insee.strip().upper()):
            return known.insee
        raise BadLink(f"Code de commune inconnu : « {insee} ».")
    if not words:
        return None
    read = understander.read(words, asked="ask_place", today=settings.today())
    if len(read.places) == 1:
        return read.places[0].insee
    for ambiguous in read.ambiguous_places:
        raise BadLink(
            f"Plusieurs communes s’appellent « {words} ». Choisissez :\n"
            + "\n".join(map(_choice, ambiguous.candidates))
        )
    raise BadLink(f"Commune non reconnue : « {words} ». Par exemple : --place Lens")


def _choice(place: Place) -> str:
    return f"  --insee {place.insee}   {place.name} ({place.departement})"
