"""Our prepared HMAC is the standard one, whatever the key and the message."""

from __future__ import annotations

import hmac

from hypothesis import example, given
from hypothesis import strategies as st

from bot.keyed import Keyed


@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), max_size=3))
@example(b"", [b""])
@example(b"k" * 64, [b"a", b"b"])
@example(b"k" * 65, [b"a" * 64, b"b"])
def test_it_says_what_hmac_says(key: bytes, messages: list[bytes]) -> None:
    keyed = Keyed(key)
    for message in messages:
        assert keyed.digest(message) == hmac.digest(key, message, "sha256")
