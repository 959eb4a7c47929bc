"""What `understand --explain` shows: what each reader considered, and why one won."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nlu.explain import Explanation, Workbench
from nlu.explained import Candidate
from nlu.meaning import Understanding

_READERS = ("métiers", "lieux", "zones", "rayon", "dates", "diplôme")


def explain(text: str, *, asked: str | None, today: date, console: Console) -> None:
    """Reads ``text`` as ever, and writes how it was read."""
    found = Workbench.load().explain(text, asked=asked, today=today)
    console.print(Text(f"« {text} »", style="bold"), Text(f"lu le {today}", style="dim"))
    if asked:
        console.print(Text(f"en réponse à {asked}", style="dim"))
    console.print(_candidates(found.candidates))
    console.print(_intents(found))
    console.print(_result(found.result))


def _table(*columns: str, title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _candidates(candidates: tuple[Candidate, ...]) -> Table:
    table = _table("lecteur", "mots", "place", "sens", "appui", "", "pourquoi", title="Candidats")
    ranked = sorted(candidates, key=lambda one: _READERS.index(one.reader))
    seen = {reader: list(ones) for reader, ones in groupby(ranked, lambda one: one.reader)}
    for reader in _READERS:
        if reader not in seen:
            table.add_row(reader, "–", style="dim")
        for one in sorted(seen.get(reader, ()), key=lambda one: one.span or (0, 0)):
            place = f"{one.span[0]}–{one.span[1]}" if one.span else ""
            mark = "retenu" if one.kept else "écarté"
            row = (reader, one.text, place, one.meaning, one.claim, mark, one.why)
            table.add_row(*map(Text, row), style="" if one.kept else "dim")
    return table


def _intents(found: Explanation) -> Table:
    table = _table("intention", "probabilité", "pourquoi", title="Intention")
    if found.rule:
        name, words = found.said[-1] if found.said else ("un signe", found.result.text)
        why = f"règle « {name} » : « {words} »"
        table.add_row(Text(_label(found.rule.intent, found.rule.reason)), "règle exacte", Text(why))
    for rank, (label, chance) in enumerate(found.chances):
        why = f"le modèle lit « {' '.join(found.masked.split())} »" if rank == 0 else ""
        table.add_row(Text(label), f"{chance:.3f}", Text(why), style="" if rank == 0 else "dim")
    for name, words in found.said if found.model else ():
        table.add_row("", "", Text(f"mots de « {name} » : « {words} »"), style="dim")
    result = found.result
    label = _label(result.intent, result.reason)
    same = found.rule or found.model is None or found.model.intent == result.intent
    why = "" if same else "les valeurs trouvées, ou le doute, l’emportent sur le modèle"
    table.add_row(Text(f"→ {label}"), f"{result.confidence:.3f}", why, style="bold")
    return table


def _label(intent: str, reason: str | None) -> str:
    return f"{intent}/{reason}" if reason else intent


def _result(read: Understanding) -> Table:
    """The slots that hold something, as they are handed on."""
    when = read.availability
    dates = f"{when.start} – {when.end or '…'}" if when else ""
    dates += " (tout de suite)" if when and when.asap else ""
    dates += " (environ)" if when and when.approx else ""
    asks = [
        f"« {one.text} » : {', '.join(f'{c.name} ({c.departement})' for c in one.candidates)}"
        for one in read.ambiguous_places
    ]
    slots = {
        "intention": _label(read.intent, read.reason),
        "métiers": ", ".join(trade.label for trade in read.trades),
        "métiers refusés": ", ".join(trade.label for trade in read.negated_trades),
        "domaines": ", ".join(read.domains),
        "hors artisanat": ", ".join(trade.label for trade in read.noncraft_trades),
        "lieux": ", ".join(place.name for place in read.places),
        "lieux exclus": ", ".join(place.name for place in read.negated_places),
        "à demander": " ; ".join(asks),
        "zones": ", ".join(area.name for area in read.areas),
        "rayon": f"{read.radius_km} km" if read.radius_km else "",
        "disponibilité": dates,
        "diplôme": read.diploma or "",
        "trajet": read.travel or "",
    }
    table = _table("valeur", "lue", title="Résultat")
    for name, value in slots.items():
        if value:
            table.add_row(name, Text(value))
    return table
