"""The fake Bot API as a program: says its port, then serves until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from tests.bot_api.server import TOKEN, BotApi


async def serve(options: argparse.Namespace) -> None:
    api = BotApi(
        token=options.token,
        first_update=options.first_update,
        any_chat=options.any_chat,
        log=options.log,
    )
    api.delay = options.delay
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
    parser = argparse.ArgumentParser(prog="python -m tests.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--log", type=Path, help="one JSON line for each call")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--first-update", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--any-chat", action="store_true", help="may write to unknown people")
    parser.add_argument("--until-eof", action="store_true", help="ends with its standard input")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
