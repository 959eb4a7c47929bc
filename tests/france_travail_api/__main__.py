"""The double as a program: says its two addresses, then serves until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from nlu.gazetteer import Gazetteer
from tests.france_travail_api.ads import make_ads
from tests.france_travail_api.faults import KINDS
from tests.france_travail_api.server import FranceTravailApi


async def serve(options: argparse.Namespace) -> None:
    gazetteer = Gazetteer.load()
    ads = make_ads(gazetteer, options.offers, seed=options.seed)
    api = FranceTravailApi(gazetteer, ads, log=options.log)
    if options.fault:
        api.fault(options.fault, times=None)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    await api.start(options.port)
    sys.stdout.write(
        f"FRANCE_TRAVAIL_API_URL={api.api_url}\nFRANCE_TRAVAIL_TOKEN_URL={api.token_url}\n"
    )
    sys.stdout.flush()
    await ended.wait()
    await api.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.france_travail_api", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--offers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", type=Path, help="one JSON line for each call")
    parser.add_argument("--fault", choices=KINDS, help="what every call of an offer meets")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
