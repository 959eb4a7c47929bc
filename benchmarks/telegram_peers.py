"""Echo bots of other libraries behind a webhook, each as its documentation shows it.

``python benchmarks/telegram_peers.py aiogram --port 8443 --api http://127.0.0.1:8081`` serves
``POST /telegram/webhook`` and answers every text with the same text.
"""

from __future__ import annotations

import argparse
import asyncio
import logging

SECRET = "secret"  # noqa: S105 - a made-up one
TOKEN = "4242:AAF-a_token_for_tests_only_0123456789"  # noqa: S105 - the fake's
PATH = "/telegram/webhook"


def serve_aiogram(port: int, api: str) -> None:
    """aiogram 3: ``SimpleRequestHandler`` on aiohttp, which answers 200 before it handles."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
    from aiohttp import web

    session = AiohttpSession(api=TelegramAPIServer.from_base(api))
    bot, dispatcher = Bot(TOKEN, session=session), Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=SECRET).register(app, path=PATH)
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


def serve_ptb(port: int, api: str) -> None:
    """python-telegram-bot: ``run_webhook`` on tornado, httpx towards Telegram."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message:
            await update.message.reply_text(update.message.text or "")

    builder = Application.builder().token(TOKEN).base_url(f"{api}/bot").concurrent_updates(True)
    application = builder.connection_pool_size(256).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_webhook(
        listen="127.0.0.1", port=port, url_path=PATH.lstrip("/"), secret_token=SECRET,
        webhook_url=f"http://127.0.0.1:{port}{PATH}",
    )  # fmt: skip


def serve_aiohttp(port: int, api: str) -> None:
    """Nothing but aiohttp on both sides: JSON in, JSON out."""
    from aiohttp import ClientSession, TCPConnector, web

    async def run() -> None:
        async with ClientSession(connector=TCPConnector(limit=256)) as session:

            async def receive(request: web.Request) -> web.Response:
                message = (await request.json())["message"]
                call = {"chat_id": message["chat"]["id"], "text": message["text"]}
                async with session.post(f"{api}/bot{TOKEN}/sendMessage", json=call) as answer:
                    await answer.json()
                return web.Response()

            app = web.Application()
            app.add_routes([web.post(PATH, receive)])
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            await asyncio.Event().wait()

    asyncio.run(run())


SERVERS = {"aiogram": serve_aiogram, "ptb": serve_ptb, "aiohttp": serve_aiohttp}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=SERVERS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", required=True)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    SERVERS[options.library](options.port, options.api)


if __name__ == "__main__":
    main()
