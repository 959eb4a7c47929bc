"""The commands: ``python -m bot <verb>``."""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, get_args

import typer

from bot.alerts_command import alerts
from bot.config import BadSettings, Settings
from bot.offers_command import offers
from dialogs.french import typeset

_WIDE = 160

app = typer.Typer(
    help="C’est ma chance : le robot qui trouve des apprentissages dans l’artisanat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(offers, name="offers")
app.add_typer(alerts, name="alerts")


@app.command()
def serve(
    only: Annotated[
        str, typer.Option(metavar="RÔLES", help="Ce que fait ce processus : web, telegram, alerts.")
    ] = "web,telegram,alerts",
) -> None:
    """Sert la page web, Telegram et les alertes, jusqu’à Ctrl-C ou SIGTERM."""
    import uvloop

    from bot import log
    from bot.serve import ROLES
    from bot.serve import serve as run

    roles = [role.strip() for role in only.split(",")]
    if unknown := [role for role in roles if role not in ROLES]:
        raise Said(f"--only : « {unknown[0]} » n’est ni web, ni telegram, ni alerts", 2)
    log.configure()
    uvloop.run(run(Settings.load(), typer.echo, only=roles))


@app.command()
def chat(
    keep: Annotated[
        bool, typer.Option("--keep", help="Retrouver la conversation la fois suivante.")
    ] = False,
) -> None:
    """Parle avec le robot dans le terminal, ou répond aux lignes d’un tuyau."""
    from bot import log
    from bot.assembly import assemble
    from bot.channels.terminal import chat as talk

    async def run() -> None:
        async with assemble(Settings.load()) as rooms:
            await talk(rooms, keep=keep)

    log.configure()
    asyncio.run(run())


@app.command()
def understand(
    today: Annotated[
        str | None, typer.Option(metavar="AAAA-MM-JJ", help="La date du jour (sinon TODAY).")
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="MESSAGE", help="Montre comment ce message-là est lu, et pourquoi."),
    ] = None,
    asked: Annotated[
        str | None,
        typer.Option(metavar="QUESTION", help="Avec --explain, ce qu’on venait de demander."),
    ] = None,
) -> None:
    """Lit un message par ligne (texte ou JSON) et écrit ce qu’il veut dire, en JSON."""
    from nlu.command import run

    day = _day(today) if today else Settings.load().today()
    if explain is None:
        run(sys.stdin.buffer, sys.stdout, day)
    else:
        _explain(explain, asked, day)


def _explain(text: str, asked: str | None, day: date) -> None:
    from rich.console import Console

    from bot.explain_command import explain
    from nlu.meaning import Asked

    if asked is not None and asked not in get_args(Asked):
        raise Said(f"--asked : attendu {', '.join(get_args(Asked))}", 2)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # a file or a pipe has no edge
    explain(text, asked=asked, today=day, console=console)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Said("--today : attendu une date comme « 2026-11-23 »", 2) from None


@app.command()
def link(
    *,
    origin: Annotated[
        str | None, typer.Option(help="Qui donne le lien : « Mission locale de Lens ».")
    ] = None,
    trade: Annotated[str | None, typer.Option(help="Un métier, pour une recherche prête.")] = None,
    place: Annotated[str | None, typer.Option(help="Une commune ou un code postal.")] = None,
    insee: Annotated[str | None, typer.Option(help="Le code officiel de la commune.")] = None,
    radius: Annotated[int | None, typer.Option(help="La distance, en km.", min=1, max=200)] = None,
    qr: Annotated[Path | None, typer.Option(help="Où écrire le QR code : .svg ou .png.")] = None,
) -> None:
    """Fabrique le lien à transmettre, avec une recherche dedans si on veut, et son QR code."""
    from bot import link_command

    try:
        made = link_command.make(
            Settings.load(), origin=origin, trade=trade, place=place, insee=insee, radius_km=radius
        )
        if qr is not None:
            link_command.write_qr(made.page, qr)
    except link_command.BadLink as error:
        raise Said(str(error), 2) from None
    typer.echo(made.page)
    if made.telegram:
        typer.echo(made.telegram)
    if qr is not None:
        typer.echo(f"QR code : {qr}", err=True)


@app.command()
def migrate() -> None:
    """Met les tables de la base de données à jour."""
    from storage.database import migrate as run

    asyncio.run(run(Settings.load().database_url))
    typer.echo("Base de données à jour.")


@app.command()
def purge() -> None:
    """Efface ce qui a dépassé sa durée de conservation (`serve` le fait chaque heure)."""
    from bot.assembly import assemble
    from bot.purge import purge as run

    async def clean() -> dict[str, int]:
        async with assemble(Settings.load(), aside=True) as rooms:
            return await run(rooms)

    gone = asyncio.run(clean())
    typer.echo(
        f"Effacé : {gone['conversations']} conversations, {gone['outbox']} réponses, "
        f"{gone['applications']} candidatures, {gone['seen']} marques d’envoi."
    )


@app.command()
def preview(
    out: Annotated[Path, typer.Option(help="La page à écrire.")] = Path("phrases.html"),
) -> None:
    """Écrit une page HTML où chaque phrase du robot se voit en bulle."""
    from dialogs.preview import write

    try:
        count = write(out)
    except OSError as error:
        raise Said(f"Impossible d’écrire {out} : {error.strerror}.", 1) from None
    typer.echo(f"{count} phrases dans {out}")


@app.command()
def actions(
    host: Annotated[str, typer.Option(help="Adresse écoutée.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port écouté.", min=1, max=65535)] = 5055,
) -> None:
    """Sert les actions à un serveur Rasa, par HTTP (POST /webhook)."""
    from bot import log
    from bot.assembly import assemble
    from dialogs.server import serve as run

    async def answer() -> None:
        async with assemble(Settings.load()) as rooms:
            typer.echo(f"Actions sur http://{host}:{port}/webhook (Ctrl-C pour arrêter).")
            await run(rooms.engine, host=host, port=port)

    log.configure()
    try:
        asyncio.run(answer())
    except OSError as error:
        raise Said(f"Impossible d’écouter sur {host}:{port} : {error}", 1) from None


class Said(Exception):
    """Something to tell the person at the keyboard, and the exit code that goes with it."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


def main() -> None:
    """Run a command; what goes wrong is said in a sentence, without a traceback."""
    try:
        app()
    except BadSettings as error:
        _leave(f"Réglage à corriger :\n{error}", 2)
    except Said as error:
        _leave(str(error), error.code)
    except KeyboardInterrupt:
        _leave("", 130)
    except Exception as error:
        from bot.serve import CannotListen, CannotMeet
        from storage.database import DatabaseProblem, Refused

        if not isinstance(error, CannotListen | CannotMeet | DatabaseProblem | Refused):
            raise
        _leave(str(error), 1)


def _leave(words: str, code: int) -> None:
    if words:
        typer.echo(typeset(words), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
