"""Our fake Telegram Bot API: an HTTP server that knows the documentation and forgives nothing.

In a test: ``async with running() as api`` and ``api.person(5)``. For chaos and measures it runs by
itself, ``python -m tests.bot_api --port 8081 --log FILE``, driven through ``/control/``.
"""

from tests.bot_api.faults import Fault
from tests.bot_api.person import Person
from tests.bot_api.rules import Upload
from tests.bot_api.server import TOKEN, BotApi, running
from tests.bot_api.world import Call, Sent

__all__ = ["TOKEN", "BotApi", "Call", "Fault", "Person", "Sent", "Upload", "running"]
