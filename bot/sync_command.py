"""``python -m bot offers sync``: read every source now, and say what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.sync import Elsewhere, alone, daily, tidy
from dialogs.french import typeset
from matching.model import Unavailable
from matching.sources import EXPORT, FRANCE_TRAVAIL
from matching.sync import Beat, Report

NAMES = {EXPORT: "API apprentissage", FRANCE_TRAVAIL: "France Travail"}

NOTHING_SET = (
    "Aucun service n’est réglé : donnez APPRENTISSAGE_API_KEY, ou les quatre réglages "
    "FRANCE_TRAVAIL_… (voir docs/sources.md)."
)


async def run(settings: Settings, *, accept: bool = False) -> tuple[list[str], int]:
    """What to say, and the exit code: 2 without a source, 1 when one of them failed."""
    if not settings.has_backends:
        return [typeset(NOTHING_SET)], 2
    async with assemble(settings) as rooms:
        try:
            with _bar() as shown:
                async with alone(rooms, shown) as beat:
                    lines, failed = await _all(rooms, beat, accept=accept)
        except Elsewhere as elsewhere:
            return [str(elsewhere)], 1
    return [typeset(line) for line in lines], int(failed)


async def _all(rooms: Rooms, beat: Beat, *, accept: bool) -> tuple[list[str], bool]:
    lines, failed = [], False
    for name, job in daily(rooms, again=True, accept=accept).items():
        try:
            report = await job(beat)
        except Unavailable as error:
            lines.append(f"{NAMES[name]} : interrompu ({error}). Ce qui est lu est gardé.")
            failed = True
            continue
        lines += _told(report)
        failed = failed or report.incomplete
    if not failed and (gone := await tidy(rooms)):
        lines.append(f"Vues un jour, et disparues des listes : {gone}.")
    return lines, failed


def _told(report: Report) -> list[str]:
    counts = (
        f"{_number(report.read)} offres lues, {_number(report.new)} nouvelles, "
        f"{_number(report.changed)} changées, {_number(report.gone)} parties."
    )
    lines = [f"{NAMES[report.source]} : {counts}"]
    left_out = [f"{reason} ({_number(n)})" for reason, n in report.left_out.most_common() if n]
    if left_out:
        lines.append(f"  Laissées de côté : {', '.join(left_out)}.")
    if report.incomplete:
        lines.append(
            "  La liste est deux fois plus courte que ce qui est ouvert : rien n’a été fermé. "
            "Si elle est juste, relancez avec --accept."
        )
    return lines


def _number(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


@contextmanager
def _bar() -> Iterator[Beat]:
    """How far each source was read, on the standard error; how much there is is not known."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {name: bar.add_task(NAMES[name], visible=False) for name in NAMES}

        async def beat(report: Report) -> None:
            words = (
                f"{NAMES[report.source]} : {_number(report.read)} offres, "
                f"{_number(report.new)} nouvelles, {_number(report.changed)} changées"
            )
            bar.update(tasks[report.source], description=words, visible=True)

        yield beat
