"""The same actions over HTTP, for a team that runs a Rasa server."""

from __future__ import annotations

from rasa_sdk.endpoint import create_app
from sanic import Sanic

from dialogs.engine import Engine


async def serve(engine: Engine, *, host: str, port: int) -> None:
    """Serve ``POST /webhook`` until cancelled; effects come back as custom messages.

    One process: the SDK's own ``run`` starts workers, which cannot be handed our actions, listens
    on every address and accepts any origin. Raises ``OSError`` when the port is taken.
    """
    app = create_app(engine.executor, cors_origins=[])
    server = await app.create_server(
        host=host, port=port, access_log=False, return_asyncio_server=True
    )
    if server is None:
        raise OSError(f"cannot listen on {host}:{port}")
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        await server.serve_forever()
    finally:
        await server.before_stop()
        await server.close()
        await server.after_stop()
        Sanic.unregister_app(app)  # its registry is global: the name must be free for the next one
