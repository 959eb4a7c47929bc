"""``python -m bot offers``: fill the catalogue from a file, look something up in it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.config import Settings
from matching.model import DEMONSTRATION, Found, Page, Search, WayOut
from matching.offers_file import ImportReport, Progress, UnreadableFile, import_file
from matching.sources import IMPORTED

if TYPE_CHECKING:
    from bot.assembly import Rooms
    from nlu.meaning import AmbiguousPlace
    from nlu.trade_table import Trade

offers = typer.Typer(help="Le catalogue des offres.", no_args_is_help=True)

NUMBERS_SHOWN = 20
ROWS_SHOWN = 20
EXAMPLES = {"Métier": "boulanger, coiffure, mécano", "Lieu": "Lens, 62300, Pas-de-Calais"}


class Unclear(Exception):
    """What was asked cannot be understood; the message says why, in French."""


@offers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Une offre JobOfferRead (JSON) par ligne, ou .gz.")],
) -> None:
    """Ajoute ou met à jour les offres d’un fichier ; tout ou rien."""
    try:
        report = asyncio.run(_import(file))
    except UnreadableFile as error:
        _leave(f"{error}.", 2)
    typer.echo(_summary(report))
    for reason, numbers in _by_reason(report).items():
        typer.echo(f"  {_numbered(numbers)}\u00a0: {reason}", err=True)
    if not report.imported:
        raise typer.Exit(1)


@offers.command()
def sync(
    accept: Annotated[
        bool, typer.Option("--accept", help="Croire une liste même très courte.")
    ] = False,
) -> None:
    """Met le catalogue à jour : tout ce que les services ont, sans attendre la nuit."""
    from bot.sync_command import run

    lines, code = asyncio.run(run(Settings.load(), accept=accept))
    for line in lines:
        typer.echo(line)
    if code:
        raise typer.Exit(code)


@offers.command()
def search(
    trade: Annotated[str, typer.Option(help="Le métier\u00a0: « boulanger », « coiffure »…")],
    place: Annotated[str, typer.Option(help="Une commune, un code postal, un département.")],
    radius: Annotated[int | None, typer.Option(help="Le rayon, en km.", min=1, max=200)] = None,
    limit: Annotated[int | None, typer.Option(help="Le nombre d’offres au plus.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Un tableau JSON.")] = False,
) -> None:
    """Cherche des offres, les meilleures d’abord."""
    try:
        page, summary = asyncio.run(
            _search(trade, place, radius, limit or (10_000 if as_json else ROWS_SHOWN))
        )
    except Unclear as error:
        _leave(str(error), 2)
    if as_json:
        typer.echo(json.dumps([_object(found) for found in page.offers], ensure_ascii=False))
    else:
        _show(page, summary)


def _leave(words: str, code: int) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(code)


async def _import(file: Path) -> ImportReport:
    """Invented offers make room as soon as real ones are there: both together would mislead."""
    from bot.assembly import assemble

    async with assemble(Settings.load(), aside=True) as rooms:
        with _bar(file) as progress:
            report = await import_file(
                file,
                rooms.offers,
                rooms.understander.gazetteer.locate,
                now=rooms.settings.now(),
                progress=progress,
            )
        if report.sources - {DEMONSTRATION}:
            await rooms.offers.replace(DEMONSTRATION, [])
            await rooms.offers.was_read(IMPORTED, rooms.settings.now())
        return report


@contextmanager
def _bar(file: Path) -> Iterator[Progress]:
    """A progress bar on the standard error."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name)
        yield lambda done, size: bar.update(task, completed=done, total=size)


def _summary(report: ImportReport) -> str:
    left = report.total - report.imported
    words = [f"{_count(report.imported, 'offre importée', 'offres importées')}"]
    if report.expired:
        words.append(f"dont {_count(report.expired, 'déjà expirée', 'déjà expirées')}")
    if left:
        words.append(f"{_count(left, 'ligne laissée', 'lignes laissées')} de côté")
    return ", ".join(words) + "."


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,}".replace(",", "\u202f") + f" {one if n < 2 else many}"


def _by_reason(report: ImportReport) -> dict[str, list[int]]:
    reasons: dict[str, list[int]] = defaultdict(list)
    for number, reason in report.skipped:
        reasons[reason].append(number)
    return reasons


def _numbered(numbers: list[int]) -> str:
    """« ligne 3 », « lignes 3, 8 et 12 », « lignes 1, 2, … et 1 184 autres »."""
    if len(numbers) == 1:
        return f"ligne {numbers[0]}"
    if len(numbers) > NUMBERS_SHOWN:
        shown = ", ".join(map(str, numbers[:NUMBERS_SHOWN]))
        return f"lignes {shown} et {_count(len(numbers) - NUMBERS_SHOWN, 'autre', 'autres')}"
    return f"lignes {', '.join(map(str, numbers[:-1]))} et {numbers[-1]}"


async def _search(trade: str, place: str, radius: int | None, limit: int) -> tuple[Page, str]:
    """The answer, and what was understood in one line. Raises :class:`Unclear`."""
    from bot.assembly import assemble
    from dialogs.criteria import Criteria

    async with assemble(Settings.load(), aside=True) as rooms:
        understander = rooms.understander
        criteria = Criteria(understander.table, understander.gazetteer, rooms.voice)
        slots = {
            "trades": [_trade(rooms, trade).id], "where": _where(rooms, place),
            "radius_km": radius, "excluded": None, "availability": None, "diploma": None,
            "hidden": None,
        }  # fmt: skip
        wished: Search = criteria.search(slots)
        page = await rooms.matcher.find(wished, limit=limit)
        return page, criteria.summary(slots)


def _trade(rooms: Rooms, words: str) -> Trade:
    """A trade by its name, or read in a few words (« faire du pain »). Raises :class:`Unclear`."""
    table = rooms.understander.table
    if found := table.find(words):
        return found
    read = rooms.understander.read(words, asked="ask_trade", today=rooms.settings.today())
    if len(read.trades) == 1:
        return table.get(read.trades[0].id)
    raise Unclear(_unknown("Métier", words, [t.id for t in read.trades] or [t.id for t in table]))


def _unknown(what: str, words: str, names: list[str]) -> str:
    """« Métier inconnu : « plonbié ». Essayez « plombier ». »"""
    from rapidfuzz import fuzz, process, utils

    close = process.extract(
        words, names, scorer=fuzz.WRatio, processor=utils.default_process, limit=3, score_cutoff=66
    )
    listed = ", ".join(f"«\u202f{name}\u202f»" for name, _, _ in close)
    hint = f"Essayez {listed}." if listed else f"Par exemple\u00a0: {EXAMPLES[what]}."
    return f"{what} inconnu\u00a0: «\u202f{words}\u202f». {hint}"


def _where(rooms: Rooms, words: str) -> dict[str, Any]:
    """Communes and areas, as the conversation keeps them. Raises :class:`Unclear`."""
    read = rooms.understander.read(words, asked="ask_place", today=rooms.settings.today())
    for ambiguous in read.ambiguous_places:
        raise Unclear(_choices(rooms, ambiguous))
    if not (read.places or read.areas):
        gazetteer = rooms.understander.gazetteer
        rows = (n for n, people in enumerate(gazetteer.population) if people >= 3_000)
        towns = [gazetteer.place(row).name for row in rows]
        raise Unclear(_unknown("Lieu", words, towns))
    return {
        "places": [place.insee for place in read.places],
        "areas": [] if read.places else [asdict(area) for area in read.areas],
    }


def _choices(rooms: Rooms, ambiguous: AmbiguousPlace) -> str:
    """« Saint-Pol » -> each commune with the postcode that tells it from the others."""
    gazetteer = rooms.understander.gazetteer
    lines = []
    for commune in ambiguous.candidates:
        code = next(iter(gazetteer.postcodes(commune.insee)), commune.insee)
        lines.append(f"  --place {code}   {commune.name} ({commune.departement})")
    words = f"Plusieurs communes répondent à «\u202f{ambiguous.text}\u202f». Précisez\u00a0:"
    return "\n".join([words, *lines])


def _object(found: Found) -> dict[str, Any]:
    """An offer as ``--json`` writes it; distances in km, dates in ISO 8601."""
    offer = asdict(found.offer)
    for key in ("published", "expires", "start"):
        offer[key] = offer[key].isoformat() if offer[key] else None
    km = None if found.distance_km is None else round(found.distance_km, 1)
    return offer | {"distance_km": km, "demonstration": found.offer.source == DEMONSTRATION}


def _show(page: Page, summary: str) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    head = summary[:1].upper() + summary[1:]
    console.print(f"{head}\u00a0: {_count(page.total, 'offre', 'offres')}", markup=False)
    if page.offers:
        console.print(_table(page))
    if page.total > len(page.offers):
        console.print(f"… et {page.total - len(page.offers)} de plus (--limit).")
    for way in page.ways_out:
        console.print(f"  {_way(way)}", markup=False)


def _table(page: Page) -> Any:
    """Two lines an offer, narrow enough for a terminal of 80 columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("Offre", "Lieu", "Début", "Diplôme", box=box.SIMPLE)
    for found in page.offers:
        offer = found.offer
        source = "offre de démonstration" if offer.source == DEMONSTRATION else offer.source
        who = ", ".join(filter(None, (offer.company, source)))
        km = "" if found.distance_km is None else f"{found.distance_km:.0f} km"
        table.add_row(
            f"{escape(offer.title)}\n[dim]{escape(who)}[/dim]",
            f"{escape(offer.city)} ({offer.departement})\n[dim]{km}[/dim]",
            offer.start.strftime("%d/%m/%Y") if offer.start else "–",
            escape(offer.diploma or "–"),
        )
    return table


def _way(way: WayOut) -> str:
    where = {
        "radius": f"à moins de {way.value} km",
        "trade": f"en changeant de métier\u00a0: {way.label}",
        "france": "partout en France",
        "any_trade": f"tous métiers, à {way.value} km" if way.value else "tous métiers, partout",
    }.get(way.kind, "en changeant une condition")
    return f"{_count(way.count, 'offre', 'offres')} {where} ({', '.join(way.towns)})"
