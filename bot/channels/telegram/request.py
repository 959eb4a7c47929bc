"""python-telegram-bot's HTTP transport on aiohttp: a fraction of the work of its own, on httpx."""

from __future__ import annotations

import asyncio
import json
import secrets
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue  # what transports must tell from a number
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegram._utils.types import ODVInput
    from telegram._utils.types import UploadFileDict as Files

KEEP_ALIVE_SECONDS = 30.0
"""How long a connection nobody uses stays open."""

_HEADERS = {"User-Agent": BaseRequest.USER_AGENT}
_JSON = {**_HEADERS, "Content-Type": "application/json"}
_ESCAPES = {
    **{number: f"%{number:02X}" for number in range(0x20) if number != 0x1B},
    ord('"'): "%22",
    ord("\\"): "\\\\",
}
"""What a name in a form must not hold, as browsers write it."""


class NeverSent(NetworkError):
    """Nothing was written: Telegram cannot have seen the call, and it may be made again."""


class NeverSentInTime(TimedOut, NeverSent):
    """The same, because no connection could be had in time."""


class TooBig(NetworkError):
    """A file is larger than we look at."""


class AiohttpRequest(BaseRequest):
    """Calls the Bot API; times are seconds, and ``None`` waits for ever.

    Its timeouts are those of the library's own transport, and so are its errors, but for
    :class:`NeverSent`. Nothing is sent twice by itself. Every call ends, answered or not, within
    the sum of its timeouts. No error tells the address, which holds the bot's token.

    :param connection_pool_size: the most calls at once; others wait for ``pool_timeout``.
    :param media_write_timeout: takes the place of ``write_timeout`` when a file is sent.
    :param proxy: the address of an HTTP proxy; none is taken from the environment.
    """

    __slots__ = ("_media", "_pool", "_proxy", "_session", "_size", "_slots", "_times")

    def __init__(
        self,
        connection_pool_size: int = 256,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 1.0,
        media_write_timeout: float | None = 20.0,
        proxy: str | None = None,
    ) -> None:
        self._size = connection_pool_size
        self._times = (read_timeout, write_timeout, connect_timeout)
        self._pool = pool_timeout
        self._media = media_write_timeout
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(connection_pool_size)

    @property
    def read_timeout(self) -> float | None:
        return self._times[0]

    async def initialize(self) -> None:
        """Ready to call; being so already is harmless."""
        if self._session is None:
            self._slots = asyncio.Semaphore(self._size)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        """Close every connection; twice is harmless."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One call: the status and the body of its answer.

        Raises :class:`TimedOut` and :class:`NetworkError`.
        """
        session = self._session
        if session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        files = request_data is not None and request_data.contains_files
        read, write, connect = self._times
        limits = _limits(
            _chosen(read_timeout, read),
            _chosen(write_timeout, self._media if files else write),
            _chosen(connect_timeout, connect),
        )
        headers, body = _body(request_data)
        await self._take_slot(_chosen(pool_timeout, self._pool))
        try:
            return await self._exchange(session, method, url, headers, body, limits)
        finally:
            self._slots.release()

    async def call(
        self, url: str, parameters: Mapping[str, Any], read_timeout: float | None = None
    ) -> Any:
        """The result of one call of the Bot API, whose parameters are JSON; ``read_timeout`` in
        place of the usual one.

        Raises ``TelegramError`` as :meth:`telegram.request.BaseRequest.post` does, which judges
        every answer but a result.
        """
        status, answer = await self._ask(url, parameters, read_timeout)
        if status == 200:
            try:
                return json.loads(answer)["result"]
            except (ValueError, KeyError, TypeError):
                pass  # no answer of Telegram's: it is judged as any other
        try:
            return await _Answered(status, answer).post(url)
        except (AttributeError, KeyError, TypeError):
            # JSON that is no answer of Telegram's: the library trips over it.
            raise TelegramError("Invalid server response") from None

    async def _ask(
        self, url: str, parameters: Mapping[str, Any], read_timeout: float | None
    ) -> tuple[int, bytes]:
        session = self._session
        if session is None:
            raise NetworkError("not initialized")
        read, write, connect = self._times
        limits = _limits(read if read_timeout is None else read_timeout, write, connect)
        headers, body = (_JSON, json.dumps(parameters).encode()) if parameters else (_HEADERS, None)
        await self._take_slot(self._pool)
        try:
            return await self._exchange(session, "POST", url, headers, body, limits)
        except TelegramError:
            raise
        except Exception as error:  # noqa: BLE001 - as the library does: another try may do better
            raise NetworkError(f"aiohttp: {type(error).__name__}") from None
        finally:
            self._slots.release()

    async def download(self, url: str, most_bytes: int, seconds: float) -> bytes:
        """A file, of bounded size, in bounded time.

        Raises :class:`TooBig`, :class:`TimedOut` and :class:`NetworkError`.
        """
        session = self._session
        if session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        content = bytearray()
        await self._take_slot(self._pool)
        try:
            # its errors may hold the address, with the token in it: ours follow « from None »
            async with session.get(
                url, headers=_HEADERS, timeout=aiohttp.ClientTimeout(total=seconds),
                proxy=self._proxy, allow_redirects=False,
            ) as response:  # fmt: skip
                if response.status != 200:
                    raise NetworkError(f"status {response.status}")
                async for piece in response.content.iter_chunked(64 * 1024):
                    content += piece
                    if len(content) > most_bytes:
                        raise TooBig("file too big")
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"aiohttp.{type(error).__name__}") from None
        finally:
            self._slots.release()
        return bytes(content)

    async def _take_slot(self, seconds: float | None) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise NeverSentInTime(
                "Pool timeout: All connections in the connection pool are occupied. "
                "Request was *not* sent to Telegram. Consider adjusting the connection "
                "pool size or the pool timeout."
            ) from None

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        limits: aiohttp.ClientTimeout,
    ) -> tuple[int, bytes]:
        # aiohttp's own errors may hold the address: ours follow « from None »
        try:
            async with session.request(
                method, url, data=body, headers=headers, timeout=limits, proxy=self._proxy,
                allow_redirects=False,
            ) as response:  # fmt: skip
                return response.status, await response.read()
        except aiohttp.ConnectionTimeoutError:
            raise NeverSentInTime from None
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientConnectorError as error:
            raise NeverSent(f"aiohttp.{type(error).__name__}: {error}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"aiohttp.{type(error).__name__}") from None


class _Answered(BaseRequest):
    """An answer that has come already, for the library to say what it means."""

    __slots__ = ("_answer",)

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = status, body

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """Nothing is opened."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return self._answer


def _chosen(value: ODVInput[float], default: float | None) -> float | None:
    """What the caller asked; the library hands on a value of its own when nothing was."""
    return default if isinstance(value, DefaultValue) else value


@lru_cache(maxsize=256)
def _limits(
    read: float | None, write: float | None, connect: float | None
) -> aiohttp.ClientTimeout:
    if read is None or write is None or connect is None:
        total = None
    else:
        total = read + write + connect
    return aiohttp.ClientTimeout(total=total, sock_connect=connect, sock_read=read)


def _body(data: RequestData | None) -> tuple[dict[str, str], bytes | None]:
    """Headers and body: JSON, or a form when files are sent."""
    if data is None:
        return _HEADERS, None
    if data.contains_files:
        return _form(data.json_parameters, data.multipart_data)
    parameters = data.parameters
    if not parameters:
        return _HEADERS, None
    return _JSON, json.dumps(parameters).encode()


def _form(fields: Mapping[str, str], files: Files) -> tuple[dict[str, str], bytes]:
    """`multipart/form-data` as browsers write it: file names in plain UTF-8.

    aiohttp's own would write « lettre%20… », which people would then read.
    """
    boundary = secrets.token_hex(16)
    opening = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts: list[bytes] = []
    for name, value in fields.items():
        parts.append(f'{opening}"{_quoted(name)}"\r\n\r\n{value}\r\n'.encode())
    for name, (filename, content, mime_type) in files.items():
        head = f'{opening}"{_quoted(name)}"; filename="{_quoted(filename)}"'
        parts.append(f"{head}\r\nContent-Type: {mime_type}\r\n\r\n".encode())
        parts += [_bytes(content), b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    headers = {**_HEADERS, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    return headers, b"".join(parts)


def _quoted(name: str) -> str:
    return name.translate(_ESCAPES)


def _bytes(content: bytes | IO[Any]) -> bytes:
    if isinstance(content, bytes):
        return content
    read = content.read()
    return read if isinstance(read, bytes) else bytes(read, "utf-8")
