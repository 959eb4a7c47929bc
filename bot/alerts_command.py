"""``python -m bot alerts``: do now what the service does by itself, see it, hold it back."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.config import Settings
from dialogs.french import typeset

if TYPE_CHECKING:
    from rich.progress import Progress

    from bot.assembly import Rooms

alerts = typer.Typer(help="Les alertes : qui est prévenu, et de quoi.", no_args_is_help=True)

Dry = Annotated[
    bool, typer.Option("--dry-run", help="Compter seulement : rien n’est écrit ni envoyé.")
]

KINDS = {
    "alert": ("alerte", "alertes"), "follow_up": ("suite", "suites"),
    "still_looking": ("relance", "relances"),
    "notice": ("signal à un navigateur", "signaux à des navigateurs"),
}  # fmt: skip
"""One of a kind, and several."""
JOBS = {
    "sweep": "recherche", "push": "préparation", "follow_ups": "suites", "resume": "fins de pause",
}  # fmt: skip
STATES = {"pending": "à envoyer", "later": "remis à plus tard", "claimed": "en cours d’envoi"}
RUNS = {"building": "en cours", "ready": "fini", "cancelled": "abandonné"}
RUNS_SHOWN = 8


@alerts.command()
def sweep(dry_run: Dry = False) -> None:
    """Cherche à qui annoncer les offres nouvelles ou changées (`serve` le fait seul)."""
    lines, code = asyncio.run(_sweep(dry_run=dry_run))
    _say(lines)
    if code:
        raise typer.Exit(code)


@alerts.command()
def push(dry_run: Dry = False) -> None:
    """Prépare ce qui est dû, puis envoie ce qui peut l’être maintenant (`serve` le fait)."""
    _say(asyncio.run(_planned() if dry_run else _push()))


@alerts.command()
def status() -> None:
    """Ce qui attend, depuis quand, les dernières préparations, et si l’envoi est en pause."""
    _say(asyncio.run(_status()))


@alerts.command()
def pause() -> None:
    """Suspend tout envoi d’alerte, dans tous les processus, jusqu’à `alerts resume`."""
    asyncio.run(_set(paused=True))
    typer.echo(typeset("Plus aucune alerte ne part. Pour reprendre : python -m bot alerts resume"))


@alerts.command()
def resume() -> None:
    """Reprend l’envoi : ce qui attend part, sauf ce dont l’heure est passée."""
    asyncio.run(_set(paused=False))
    typer.echo("Les alertes partent de nouveau.")


def _say(lines: list[str]) -> None:
    for line in lines:
        typer.echo(typeset(line))


@asynccontextmanager
async def _rooms() -> AsyncIterator[Rooms]:
    from bot.assembly import assemble

    async with assemble(Settings.load(), aside=True) as rooms:
        yield rooms


async def _set(*, paused: bool) -> None:
    async with _rooms() as rooms:
        pauses = rooms.alerting.pauses
        await (pauses.pause() if paused else pauses.resume())


async def _sweep(*, dry_run: bool) -> tuple[list[str], int]:
    from alerts.sweep import Elsewhere
    from alerts.sweep import Progress as Swept

    async with _rooms() as rooms:
        with stopped_by_signals() as stop, bar() as shown:
            task = shown.add_task("Clés des alertes", total=None)

            async def seen(now: Swept) -> None:
                words = f"Offres tenues contre les alertes : {number(now.digests)} trouvailles"
                shown.update(task, description=words, completed=now.offers, total=now.total or None)
                if stop.is_set():
                    raise Interrupted

            try:
                found = await rooms.alerting.sweep.run(seen, dry=dry_run)
            except Elsewhere as elsewhere:
                return [str(elsewhere)], 1
            except Interrupted:
                return ["Interrompu : le prochain passage reprendra là."], 1
    would = " (rien n’est écrit)" if dry_run else ""
    told = f"Alertes relues : {number(found.keyed)}. Offres nouvelles : {number(found.taken_in)}."
    return [f"{told} Annonces préparées : {number(found.digests)}{would}."], 0


class Interrupted(Exception):
    """Somebody wants the command to end."""


async def _planned() -> list[str]:
    async with _rooms() as rooms:
        planned = await rooms.alerting.rounds.planned()
        waiting = await rooms.alerting.pushes.waiting(_networks(rooms), rooms.settings.now())
    lines = [f"{beat} : {_to_say(n)}" for beat, n in planned if n]
    return [*lines, f"À envoyer déjà : {number(waiting)}."]


def _to_say(n: int) -> str:
    return f"{number(n)} {'alertes ont' if n > 1 else 'alerte a'} quelque chose à dire"


def _networks(rooms: Rooms) -> list[str]:
    set_up = {"telegram": rooms.settings.telegram_token, "web_push": rooms.web_push}
    return [name for name, there in set_up.items() if there]


async def _push() -> list[str]:
    from bot.alerting import networks

    sent: Counter[str] = Counter()
    async with _rooms() as rooms:
        alerting = rooms.alerting
        with stopped_by_signals() as stop, bar() as shown:
            task = shown.add_task("Préparation", total=None)

            def prepared(beat: str, done: int, total: int) -> None:
                shown.update(task, description=f"Préparation : {beat}", completed=done, total=total)

            made = await alerting.rounds.look(stop, prepared)
            async with networks(rooms) as channels:
                total = await alerting.pushes.waiting(list(channels), rooms.settings.now())
                shown.update(task, description="Envoi", completed=0, total=total)

                async def told(what: str) -> None:
                    sent[what] += 1
                    shown.advance(task)

                await alerting.pusher(channels, told).push(stop)
            left = await alerting.pushes.waiting(list(channels), rooms.settings.now())
    return _told(made, sent, left)


def _told(made: int, sent: Counter[str], left: int) -> list[str]:
    others = ", ".join(f"{what} {number(n)}" for what, n in sorted(sent.items()) if what != "sent")
    counts = f"Messages préparés : {number(made)}. Envoyés : {number(sent['sent'])}."
    lines = [f"{counts} Attendent encore : {number(left)}."]
    return [*lines, f"  Le reste : {others}."] if others else lines


async def _status() -> list[str]:
    async with _rooms() as rooms:
        alerting, now = rooms.alerting, rooms.settings.now()
        lines = []
        if await alerting.pauses.asked():
            lines.append("En pause : rien ne part avant « alerts resume ».")
        for channel in _networks(rooms):
            until = await alerting.pauses.until(channel, now)
            if until is not None and not lines:
                lines.append(f"{channel} demande d’attendre {age(until - now)}.")
        waiting = await alerting.pushes.status()
        runs = await alerting.runs.latest(RUNS_SHOWN)
    for channel, kind, state, count, since in waiting:
        lines.append(_waits(channel, kind, state, count, now - since))
    if not waiting:
        lines.append("Rien n’attend.")
    return lines + [_run(run) for run in runs]


def _waits(channel: str, kind: str, state: str, count: int, since: timedelta) -> str:
    from bot.turn import PUSHED
    from storage.notices import CHANNEL as NOTICES

    read = channel not in PUSHED | {NOTICES}
    what = f"{KINDS[kind][count > 1]} {'à lire' if read else STATES[state]}"
    return f"{channel} : {number(count)} {what}, depuis {age(since)} au plus"


def _run(run: Any) -> str:
    counts = f"{number(run.done)} sur {number(max(run.total, run.done))}"
    began: datetime = run.started
    return (
        f"{began:%Y-%m-%d %H:%M} UTC {JOBS.get(run.job, run.job)} {run.tick} : {RUNS[run.state]},"
        f" {counts}, {number(run.written)} {'écrits' if run.written > 1 else 'écrit'}"
    )


def age(time: timedelta) -> str:
    """« 40 s », « 12 min », « 3 h », « 2 j »."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "j"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def number(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


@contextmanager
def bar() -> Iterator[Progress]:
    """How far it is, on the standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        yield shown


@contextmanager
def stopped_by_signals() -> Iterator[asyncio.Event]:
    """Ctrl-C and SIGTERM end what is being done cleanly: what was begun is finished."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    handled: Callable[[], None] = stop.set
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, handled)
    try:
        yield stop
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
