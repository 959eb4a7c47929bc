"""Our whole turn through Telegram's webhook, beside the echo bots of other libraries, in one run.

Ours understands, searches, keeps state and reply durably and answers in order; the others repeat
the text. Rounds of all of them alternate, so that whatever else the machine does hits each alike.
CPU is that of the bot's process (user and system); PostgreSQL's own comes in a column of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from aiohttp.test_utils import unused_port
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.telegram_peers import PATH, SECRET, SERVERS, TOKEN
from benchmarks.telegram_wire import Wire
from tests import servers

SCRIPT = (
    "slt jcherche boulanger vers lens",
    "septembre",
    "nan enfaite coiffeuse",
    "trop loin jai pas le permis",
    "scooter",
    "on gagne combien ?",
    "la suite",
    "merci",
)
ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Contender:
    """A bot under load: its process, its webhook, and what its rounds showed."""

    name: str
    process: subprocess.Popen[bytes]
    hook: str
    script: list[tuple[str, int]] = field(default_factory=list)
    rounds: list[dict[str, float]] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of processor so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / TICKS

    def memory(self) -> float:
        """MiB resident."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def launch(name: str, wire: str, folder: Path, database: str | None = None) -> Contender:
    """Start one bot; ``database`` makes it ours."""
    port = unused_port()
    hook = f"http://127.0.0.1:{port}{PATH}"
    if database is None:
        command = [sys.executable, "-m", "benchmarks.telegram_peers", name]
        command += ["--port", str(port), "--api", wire]
        env = dict(os.environ)
    else:
        command = [sys.executable, "-m", "bot", "serve", "--only", "telegram"]
        env = {
            "PATH": os.environ["PATH"], "DATABASE_URL": database, "SECRET_KEY": "k" * 32,
            "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "TODAY": "2026-11-23",
            "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_MODE": "webhook", "TELEGRAM_API_URL": wire,
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
        }  # fmt: skip
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
    )
    return Contender(name, process, hook)


async def answers(wire: Wire, bot: Contender) -> None:
    """Wait until a bot takes updates, and learn how many messages answer each sentence."""
    for _ in range(200):
        try:
            await wire.say(bot.hook, SECRET, 1, "bonjour", 1)
            break
        except (OSError, AssertionError):
            await asyncio.sleep(0.1)
    counts = await wire.replies_to(bot.hook, SECRET, SCRIPT)
    bot.script = list(zip(SCRIPT, counts, strict=True))


def round_of(bot: Contender, waits: list[float], seconds: float, cpu: float) -> dict[str, float]:
    ordered = sorted(waits)
    return {
        "updates_per_s": len(waits) / seconds,
        "p50_ms": median(ordered) * 1000,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
        "cpu_ms": cpu / len(waits) * 1000,
        "rss_mib": bot.memory(),
    }


async def measure(options: argparse.Namespace, bots: list[Contender], wire: Wire) -> dict[str, Any]:
    for bot in bots:
        await answers(wire, bot)
    cases = [(delay, n) for delay in (0.0, 0.06) for n in (1, 16, 64)]
    results: dict[str, Any] = {}
    with Progress(transient=True) as progress:
        bar = progress.add_task("mesure", total=len(cases) * options.rounds * len(bots))
        for delay, at_once in cases:
            wire.delay = delay
            updates = max(options.updates * at_once // 64, 40 if delay else 150)
            for number in range(options.rounds):
                order = bots[number % len(bots) :] + bots[: number % len(bots)]
                for bot in order:
                    before = bot.cpu()
                    seen = await wire.run(bot.hook, SECRET, bot.script, at_once, updates)
                    spent = bot.cpu() - before
                    bot.rounds.append(round_of(bot, seen.waits, seen.seconds, spent))
                    progress.advance(bar)
            for bot in bots:
                mid = {k: median(r[k] for r in bot.rounds) for k in bot.rounds[0]}
                results[f"{bot.name} {delay * 1000:.0f} ms x{at_once}"] = mid
                bot.rounds.clear()
    return results


def ratios(results: dict[str, Any]) -> dict[str, float]:
    """Ours beside aiogram's echo: what is wanted is said in benchmarks/README.md."""
    found = {}
    for name in ("postgresql", "sqlite"):
        ours, theirs = results[f"{name} 60 ms x64"], results["aiogram 60 ms x64"]
        found[f"{name}_throughput_60ms_x64"] = ours["updates_per_s"] / theirs["updates_per_s"]
        for n in (1, 16, 64):
            ours, theirs = results[f"{name} 0 ms x{n}"], results[f"aiogram 0 ms x{n}"]
            found[f"{name}_cpu_0ms_x{n}"] = ours["cpu_ms"] / theirs["cpu_ms"]
    return {name: round(value, 2) for name, value in found.items()}


def show(results: dict[str, Any], found: dict[str, float]) -> None:
    table = Table(title="Webhook : ours (whole turn) beside echo bots")
    table.add_column("bot")
    columns = ("updates_per_s", "p50_ms", "p99_ms", "cpu_ms", "rss_mib")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in results.items():
        table.add_row(name, *(f"{row[c]:.2f}" for c in columns))
    console = Console(width=100)
    console.print(table)
    for name, value in found.items():
        console.print(f"{name}: {value}")


async def run(options: argparse.Namespace) -> dict[str, Any]:
    wire = Wire(unused_port())
    await wire.start()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = servers.start_postgres()
        stack.callback(postgres.stop)
        bots = [launch(name, wire.url, folder) for name in SERVERS]
        bots.append(launch("postgresql", wire.url, folder, postgres.url))
        bots.append(launch("sqlite", wire.url, folder, f"sqlite+aiosqlite:///{folder}/b.sqlite"))
        try:
            if options.settle:
                await asyncio.sleep(options.settle)
            results = await measure(options, bots, wire)
        finally:
            for bot in bots:
                bot.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 10
            for bot in bots:
                try:
                    bot.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    bot.process.kill()
            await wire.stop()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=1500, help="per round, at 64 at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settle", type=float, default=2.0, help="seconds before measuring")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    results = uvloop.run(run(options))
    found = ratios(results)
    show(results, found)
    if options.json:
        print(json.dumps({"ratios": found, **results}))


if __name__ == "__main__":
    main()
