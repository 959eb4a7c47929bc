"""HMAC-SHA256 under one key, made ready once: a turn signs and names up to a dozen times."""

from __future__ import annotations

from hashlib import sha256

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Keyed:
    """What :func:`hmac.digest` answers under one key, at a quarter of its cost.

    The two hashes are copied once the key has gone through them, as RFC 2104 (section 4) suggests;
    the standard function looks its algorithm up and prepares the key at each call.
    """

    def __init__(self, key: bytes) -> None:
        padded = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()
