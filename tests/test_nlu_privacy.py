"""What people write is not kept once it is read."""

from collections.abc import Iterator
from datetime import date
from types import ModuleType

from nlu import heard, intents, trade_spelling
from nlu import text as text_room
from nlu.understander import Understander

STRANGE = frozenset({"zorgluberino", "papatechnick", "trifouillarde"})


def test_no_word_of_a_message_stays_in_memory(understander: Understander) -> None:
    text = f"je suis {' '.join(sorted(STRANGE))} et jcherche boulengé à lens"
    for _ in range(2):
        understander.read(text, today=date(2026, 11, 23))
    rooms = (heard, intents, text_room, trade_spelling)
    held = [held for room in rooms for name, held in vars(room).items() if name[:2] != "__"]
    kept = [word for word in words([understander, *held], set()) if word in STRANGE]
    assert kept == []


def words(holder: object, seen: set[int]) -> Iterator[str]:
    """The words that an object keeps, however deep, classes and modules aside."""
    waiting = [holder]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif id(one) not in seen and not isinstance(one, type | ModuleType):
            seen.add(id(one))
            if isinstance(one, dict):
                waiting += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple | set | frozenset):
                waiting += one
            else:
                waiting += [
                    getattr(one, name)
                    for name in (
                        *(getattr(one, "__dict__", None) or ()),
                        *(getattr(one, "__slots__", None) or ()),
                    )
                    if hasattr(one, name)
                ]
