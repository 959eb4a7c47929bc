"""The fake API apprentissage as a program: says its address, then serves until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.apprentissage_api.jobs import course, job, recruiter
from tests.apprentissage_api.server import Api


async def serve(options: argparse.Namespace) -> None:
    api = Api(log=options.log)
    api.delay = options.delay
    if options.offers:
        with options.offers.open(encoding="utf-8") as lines:
            api.jobs += [json.loads(line) for line in lines if line.strip()]
    else:
        api.jobs += [job(), job("Coiffeur", rome=["D1202"]), job(label="France Travail")]
        api.recruiters.append((recruiter(), frozenset({"F1603"})))
        api.courses.append(course())
    if options.export:
        api.exported = lambda: (
            job(f"Boulanger {n}", address="62000 Arras", description="Pétrir. " * 150)
            for n in range(options.export)
        )
    for kind in options.fault:
        api.fault(kind, times=None)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    if options.until_eof:
        loop.add_reader(sys.stdin, ended.set)
    await api.start(options.port)
    sys.stdout.write(f"{api.url}\n")
    sys.stdout.flush()
    await ended.wait()
    loop.remove_reader(sys.stdin)
    await api.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.apprentissage_api", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--log", type=Path, help="one JSON line for each call")
    parser.add_argument("--offers", type=Path, help="offers to know, one JobOfferRead a line")
    parser.add_argument("--export", type=int, help="so many invented offers in the export")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fault", action="append", default=[], help="a trouble for every call")
    parser.add_argument("--until-eof", action="store_true", help="ends with its standard input")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
