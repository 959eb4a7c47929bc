"""What people write is not kept once it is read."""

import gc
from datetime import date

from nlu.understander import Understander

STRANGE = ("zorgluberino", "papatechnick", "trifouillarde")


def test_no_word_of_a_message_stays_in_memory(understander: Understander) -> None:
    text = f"je suis {STRANGE[0]} {STRANGE[1]} de {STRANGE[2]} et jcherche boulengé à lens"
    for _ in range(2):
        understander.read(text, today=date(2026, 11, 23))
    del text
    gc.collect()
    for holder in gc.get_objects():
        if isinstance(holder, dict) and holder is not globals():
            held = [key for key in [*holder] if isinstance(key, str) and key in STRANGE]
            assert not held, held
