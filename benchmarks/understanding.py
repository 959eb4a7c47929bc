"""How much of what people write is understood: each slot, all slots at once, and what it costs.

    python benchmarks/understanding.py [FILE.jsonl] [--today 2026-11-23] [--errors] [--json]
        [--against OTHER.jsonl] [--original] [--reliability] [--chatter FILE.txt]

``FILE.jsonl`` holds one message per line with what it means; without it, the whole messages of
``tests/sentences`` are read, which the tests hold right: then only the cost is news. ``--errors``
counts what was read wrong, by slot and kind, then lists it. ``--against`` scores the output of
another program, one object per line in the form of the `understand` command, beside ours;
``--original`` the same readers around the scikit-learn model ours is exported from (trained on the
spot, so in half a minute). ``--reliability`` says how often an intent said with some confidence is
right. ``--chatter`` reads messages that ask nothing of a bot for apprenticeships: a trade or place
found there is a false alarm.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.false_alarms import show_alarms
from nlu.text import fold
from nlu.understander import Understander

Json = dict[str, Any]
SLOTS = ("trades", "places", "radius", "availability", "diploma")
_DIPLOMAS = {"MC": "CS"}

RECORDED = (
    "Recorded once on two shared cores, not measured here: Rasa 3.6.21 with DIET, 11 ms a message,"
    " 1.2 GiB."
)
OURS = Path(__file__).parent.parent / "tests" / "sentences" / "intents_values.yml"
OUR_DAY = date(2026, 11, 23)
"""The day our sentences are written for."""


def intent_right(wanted: Json, got: Json) -> bool:
    """Right when it is one of those accepted; asking for offers and giving a value count as one."""
    accepted = {wanted["intent"], *wanted.get("intent_alt", ())}
    if wanted.get("sub_intent") == "pause_alerts":
        accepted.add("pause_alerts")
    return _family(got.get("intent", "")) in {_family(intent) for intent in accepted}


def _same_intent(wanted: Json, got: Json) -> bool:
    """The same, asking for offers and giving a value told apart."""
    return got.get("intent") in {wanted["intent"], *wanted.get("intent_alt", ())}


def _family(intent: str) -> str:
    return "search" if intent == "give_info" else intent


def trades_right(wanted: Json, got: Json) -> bool:
    """Each wanted trade is found by one of its codes, nothing else is; the same for refusals."""
    return _covers(wanted["trades"], got["trades"], same_trade) and _covers(
        wanted.get("negated_trades", []), got["negated_trades"], same_trade
    )


def same_trade(wanted: Json, got: Json) -> bool:
    accepted = {*wanted.get("rome", ()), *wanted.get("rome_alt", ())}
    return bool(accepted & set(got["rome"]))


def places_right(wanted: Json, got: Json) -> bool:
    """Wanted communes, refusals and questions; those said to be optional may be there or not."""
    optional = wanted.get("optional_places", [])
    found = [p for p in got["places"] if p["name"] not in optional]
    expected = [p for p in wanted["places"] if p["name"] not in optional]
    return (
        _covers(expected, found, same_place)
        and _covers(wanted.get("negated_places", []), got["negated_places"], same_place)
        and _ambiguous_right(wanted, got)
        and areas_right(wanted, got)
    )


def areas_right(wanted: Json, got: Json) -> bool:
    """The same départements, regions and zones, by code or else by name, where the file says so."""
    if wanted.get("areas") is None:
        return True
    return _covers(wanted["areas"], got.get("areas", []), same_area)


def same_area(wanted: Json, got: Json) -> bool:
    if wanted.get("code") and got.get("code"):
        return bool(wanted["code"] == got["code"])
    return fold(wanted["name"]) == fold(got["name"])


def same_place(wanted: Json, got: Json) -> bool:
    return got["insee"] in {wanted["insee"], *wanted.get("insee_alt", ())}


def _ambiguous_right(wanted: Json, got: Json) -> bool:
    """As many questions as wanted; the likeliest answer asked about first, or second."""
    expected, asked = wanted.get("ambiguous_places") or [], got["ambiguous_places"]
    if len(expected) != len(asked):
        return False
    depth = 2 if wanted.get("top2_ok") else 1
    return all(
        e["candidates"][0]["insee"] in [c["insee"] for c in a["candidates"][:depth]]
        or (depth == 2 and a["candidates"][0]["insee"] in [c["insee"] for c in e["candidates"][:2]])
        for e, a in zip(expected, asked, strict=True)
    )


def _covers(wanted: list[Json], got: list[Json], same: Callable[[Json, Json], bool]) -> bool:
    """Every wanted value is found, and nothing is found that is not wanted."""
    return all(any(same(w, g) for g in got) for w in wanted) and all(
        any(same(w, g) for w in wanted) for g in got
    )


def radius_right(wanted: Json, got: Json) -> bool:
    return bool(wanted["radius_km"] == got["radius_km"])


def availability_right(wanted: Json, got: Json) -> bool:
    """Same first and last day, and « at once » said or not; another first day may be accepted."""
    expected, found = wanted["availability"], got["availability"]
    if expected is None or found is None:
        return expected is found or (expected or {}).get("optional", False)
    starts = accepted_starts(wanted)
    same_end = expected.get("end") == found["end"] or "end" not in expected
    return found["start"] in starts and same_end and bool(expected.get("asap")) == found["asap"]


def accepted_starts(wanted: Json) -> set[str]:
    """The first day, and those that are as good."""
    expected = wanted["availability"]
    others = _listed(wanted.get("alt_start")), _listed(expected.get("alt_start"))
    return {expected["start"], *others[0], *others[1]}


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def diploma_right(wanted: Json, got: Json) -> bool:
    """One of several may be accepted: « BTM|BM »."""
    if wanted.get("diploma") is None or got["diploma"] is None:
        return wanted.get("diploma") is got["diploma"]
    return got["diploma"] in [_DIPLOMAS.get(d, d) for d in wanted["diploma"].split("|")]


JUDGES: dict[str, Callable[[Json, Json], bool]] = {
    "intent": intent_right,
    "trades": trades_right,
    "places": places_right,
    "radius": radius_right,
    "availability": availability_right,
    "diploma": diploma_right,
}


def judge(wanted: Json, got: Json) -> dict[str, bool]:
    """What of one message is right, by name; slots that do not count are left out."""
    names = JUDGES if wanted.get("score_slots", True) else ("intent",)
    return {name: JUDGES[name](completed(wanted), got) for name in names}


def completed(wanted: Json) -> Json:
    empty: Json = {
        "trades": [],
        "places": [],
        "radius_km": None,
        "availability": None,
        "diploma": None,
    }
    return empty | wanted


def score(wanted: list[Json], got: list[Json]) -> dict[str, Any]:
    """Share right per slot, all slots at once, and wrong positives (values nobody gave)."""
    verdicts = [judge(w, g) for w, g in zip(wanted, got, strict=True)]
    figures: dict[str, Any] = {"messages": len(wanted)}
    for name in JUDGES:
        marks = [v[name] for v in verdicts if name in v]
        figures[name] = round(sum(marks) / max(len(marks), 1), 4)
    figures["intent_apart"] = round(
        sum(_same_intent(w, g) for w, g in zip(wanted, got, strict=True)) / len(wanted), 4
    )
    slots = [all(v[s] for s in SLOTS) for v in verdicts if "trades" in v]
    figures["all_slots"] = round(sum(slots) / max(len(slots), 1), 4)
    figures["wrong_positives"] = sum(_invented(w, g) for w, g in zip(wanted, got, strict=True))
    figures["distractors_taken"] = sum(_distracted(w, g) for w, g in zip(wanted, got, strict=True))
    return figures


def _invented(wanted: Json, got: Json) -> bool:
    """Whether something was found in a slot that should have stayed empty."""
    if not wanted.get("score_slots", True):
        return False
    full = completed(wanted)
    optional = wanted.get("optional_places", [])
    empty: Json = {**full, "places": full["places"] + wanted.get("ambiguous_places", []) + optional}
    names = ("trades", "places", "radius_km", "availability", "diploma")
    return any(not empty[name] and got[name] for name in names)


def _distracted(wanted: Json, got: Json) -> bool:
    """Whether a trade or a town that was only mentioned was taken for a wish."""
    trades = {fold(name) for name in wanted.get("distractor_trades", ())}
    towns = {fold(name) for name in wanted.get("distractor_places", ())}
    return bool(
        trades & {fold(t["label"]) for t in got["trades"]}
        or towns & {fold(p["name"]) for p in got["places"]}
    )


def read_all(
    understander: Understander, wanted: list[Json], today: date
) -> tuple[list[Json], list[float]]:
    """The readings, and the CPU milliseconds each took (the second time, caches warm)."""
    got = [
        understander.read(line["text"], asked=line.get("context"), today=today).to_json()
        for line in wanted
    ]
    costs = []
    for line in wanted:
        start = time.process_time_ns()
        understander.read(line["text"], asked=line.get("context"), today=today)
        costs.append((time.process_time_ns() - start) / 1e6)
    return got, sorted(costs)


def cold_start() -> float:
    """Seconds of a new process that loads everything and reads one message."""
    code = (
        "from datetime import date; from nlu.understander import Understander;"
        "Understander.load().read('boulanger a lens', today=date(2026, 11, 23))"
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
    return round(time.perf_counter() - start, 3)


def show(console: Console, columns: dict[str, dict[str, Any]]) -> None:
    table = Table("", *columns)
    for name in next(iter(columns.values())):
        table.add_row(name, *(str(column.get(name, "")) for column in columns.values()))
    console.print(table)


def _cost(costs: list[float]) -> Json:
    return {
        "cpu_ms_median": round(costs[len(costs) // 2], 3),
        "cpu_ms_p99": round(costs[min(len(costs) - 1, int(len(costs) * 0.99))], 3),
    }


def _memory() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _original(wanted: list[Json], today: date) -> Json:
    # Needs scikit-learn, which comes with the tests only.
    from benchmarks.intents import original

    got, costs = read_all(original(), wanted, today)
    return score(wanted, got) | _cost(costs) | {"rss_mib": _memory()}


def show_reliability(console: Console, wanted: list[Json], got: list[Json]) -> None:
    """One line for each bin of confidence: a true one is right as often as it is sure."""
    from benchmarks.intents import reliability

    right = [intent_right(w, g) for w, g in zip(wanted, got, strict=True)]
    table = Table("sure from", "to", "messages", "confidence", "right")
    for line in reliability([g["confidence"] for g in got], right):
        table.add_row(*map(str, line.values()))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--today", type=date.fromisoformat, default=OUR_DAY)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--chatter", type=Path, help="everyday messages, one a line")
    parser.add_argument("--original", action="store_true")
    parser.add_argument("--reliability", action="store_true")
    options = parser.parse_args()
    console = Console()
    if options.chatter:
        lines = [line for line in options.chatter.read_text("utf-8").splitlines() if line.strip()]
        figures = show_alarms(console, lines, options.today)
        show(console, {"ours": {"messages": len(lines)} | figures})
        if options.json:
            print(json.dumps({"ours": figures}))
        return
    wanted = _all_or_none(_lines(options.file) if options.file else our_messages())
    got, costs = read_all(Understander.load(), wanted, options.today)
    ours = score(wanted, got) | _cost(costs) | {"cold_start_s": cold_start()}
    columns = {"ours": ours | {"rss_mib": _memory()}}
    if options.original:
        columns["scikit-learn"] = _original(wanted, options.today)
    if options.against:
        columns[options.against.stem] = score(wanted, _lines(options.against))
    if options.errors:
        # It judges with what stands here, so it can only be read once this is.
        from benchmarks.errors import show_errors

        show_errors(console, wanted, got)
    show(console, columns)
    console.print(RECORDED, highlight=False)
    if options.reliability:
        show_reliability(console, wanted, got)
    if options.json:
        print(json.dumps(columns))


def our_messages() -> list[Json]:
    """Our own whole messages, in the shape of a file; their day is :data:`OUR_DAY`."""
    understander = Understander.load()
    places, table = understander.gazetteer, understander.table

    def communes(names: list[str]) -> list[Json]:
        return [{"name": n, "insee": places.lookup(n)[0].insee} for n in names]

    def trades(names: list[str]) -> list[Json]:
        found = [table.find(name) for name in names]
        return [{"rome": list(trade.rome)} for trade in found if trade]

    return [
        {
            "text": e["text"],
            "context": e.get("asked"),
            "intent": e["intent"],
            "trades": trades(e.get("trades", [])),
            "negated_trades": trades(e.get("no_trades", [])),
            "places": communes(e.get("places", [])),
            "negated_places": communes(e.get("no_places", [])),
            "areas": [{"name": name} for name in e.get("areas", [])],
            "radius_km": e.get("radius"),
            "availability": _wished(e) if "from" in e else None,
            "diploma": e.get("diploma"),
        }
        for e in yaml.safe_load(OURS.read_text("utf-8"))
    ]


def _wished(entry: Json) -> Json:
    at_once = entry["from"] == OUR_DAY.isoformat() and "until" not in entry
    return {"start": entry["from"], "end": entry.get("until"), "asap": at_once}


def _all_or_none(wanted: list[Json]) -> list[Json]:
    """A file that speaks of areas means none where it says nothing."""
    told = any("areas" in line for line in wanted)
    return [{"areas": []} | line for line in wanted] if told else wanted


def _lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
