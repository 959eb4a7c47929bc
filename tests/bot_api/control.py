"""The fake server driven and judged from another process, under ``/control/``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.bot_api.rules import Json

if TYPE_CHECKING:
    from tests.bot_api.server import BotApi

_SETTINGS = {"delay", "down", "any_chat"}
_DELIVERY = {"unordered", "urls", "backoff", "timeout"}


class Control:
    """JSON in, JSON out; each public method is an address of its own."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._addresses: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "push": self.push,
            "do": self.do,
            "fault": self.fault,
            "clear": self.clear,
            "set": self.set,
            "delay": self.set,
            "log": self.log,
            "wait": self.wait,
        }

    async def serve(self, request: web.BaseRequest) -> web.Response:
        action = self._addresses.get(request.path.removeprefix("/control/"))
        if action is None:
            return web.Response(status=404)
        body = await request.read()
        asked: Json = json.loads(body) if body else dict(request.query)
        try:
            answer = await action(asked)
        except (AssertionError, TypeError, KeyError, ValueError) as problem:
            return web.Response(status=400, text=repr(problem))
        text = json.dumps(answer, ensure_ascii=False, default=_told)
        return web.Response(text=text, content_type="application/json")

    async def push(self, asked: Json) -> Json:
        """`{"updates": […]}`: their numbers."""
        return {"ids": [self._api.push(update) for update in asked["updates"]]}

    async def do(self, asked: Json) -> Json:
        """`{"acts": [{"person": 5, "do": "say", "with": {"text": "…"}}, …]}`: what each gave."""
        results: list[Any] = []
        for act in asked["acts"]:
            person = self._api.person(act["person"])
            assert not act["do"].startswith("_")
            results.append(await getattr(person, act["do"])(**act.get("with", {})))
        return {"results": results}

    async def fault(self, asked: Json) -> Json:
        """The fields of a fault."""
        self._api.fault(**asked)
        return {"faults": len(self._api.faults)}

    async def clear(self, asked: Json) -> Json:
        """No fault any more; how often each had happened."""
        used = [fault.used for fault in self._api.faults]
        self._api.faults.clear()
        return {"used": used}

    async def set(self, asked: Json) -> Json:
        """`delay`, `down`, `any_chat`, and how updates are pushed."""
        for name, value in asked.items():
            assert name in _SETTINGS | _DELIVERY, f"no such setting: {name}"
            setattr(self._api if name in _SETTINGS else self._api.delivery, name, value)
        return {}

    async def log(self, asked: Json) -> Json:
        """Everything, or the calls from number ``after`` on."""
        api = self._api
        calls = api.calls[int(asked.get("after", 0)) :]
        return {
            "calls": [asdict(call) for call in calls],
            "sent": {str(chat): [_sent(s) for s in sent] for chat, sent in api.sent.items()},
            "violations": api.violations,
            "pending": api.pending,
            "accepted": api.accepted,
            "attempts": [attempt._asdict() for attempt in api.delivery.attempts],
            "webhook": api.delivery.info(),
        }

    async def wait(self, asked: Json) -> Json:
        """Until that many messages were ``accepted`` and at most ``pending`` updates wait."""
        api = self._api
        accepted, pending = int(asked.get("accepted", 0)), int(asked.get("pending", 1 << 40))
        done = await api.until(
            lambda: api.accepted >= accepted and api.pending <= pending,
            float(asked.get("seconds", 5)),
        )
        return {"done": done, "accepted": api.accepted, "pending": api.pending}


def _sent(sent: Any) -> Json:
    return {
        "message_id": sent.message_id,
        "method": sent.method,
        "time": sent.time,
        "text": sent.text,
        "labels": sent.labels,
        "message": sent.message,
        "deleted": sent.deleted,
        "edits": len(sent.before),
    }


def _told(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
