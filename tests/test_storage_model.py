"""The ledger against a model of twenty lines: whatever comes, in whatever batches, on both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.conversations import Stale
from storage.database import Database
from storage.ledger import Kept, Ledger, Left
from tests.ledgers import LEASE, NOW, left, texts

Outcome = tuple[bool, list[str], bool] | None
"""New, claimed and behind; ``None``: stale."""


@dataclass
class Model:
    """What the ledger promises."""

    versions: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    pressed: set[tuple[str, int]] = field(default_factory=set)
    """Presses, each with the version it led to."""
    outbox: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)

    def keep(self, turn: Left) -> Outcome:
        person = turn.conversation
        if turn.update in self.seen:
            return False, [], False
        if turn.press and (turn.press, turn.version) in self.pressed:
            self.seen.add(turn.update)
            return False, [], False
        if self.versions.get(person, 0) != turn.version:
            return None
        self.seen.add(turn.update)
        if turn.press:
            self.pressed.add((turn.press, 0 if turn.state is None else turn.version + 1))
        if turn.state is None:
            self.versions.pop(person, None)
            self.outbox[person] = []
        else:
            self.versions[person] = turn.version + 1
        waiting = self.outbox.setdefault(person, [])
        said = [reply["text"] for reply in turn.replies]
        pushed = turn.lease is not None and bool(said)
        behind = pushed and bool(waiting)
        waiting += [(words, pushed and not behind) for words in said]
        return True, said if pushed and not behind else [], behind

    def sent(self, person: str) -> list[str]:
        """The oldest is: what was behind it is ours."""
        waiting = self.outbox[person]
        waiting.pop(0)
        if waiting and waiting[0][1]:
            return []
        self.outbox[person] = [(words, True) for words, _ in waiting]
        return [words for words, _ in waiting]


turn_values: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "conversation": st.sampled_from("ab"),
        "update": st.sampled_from([f"u{n}" for n in range(12)]),
        "press": st.sampled_from([None, None, "b1", "b2"]),
        "version": st.sampled_from([0, 1, None, None]),
        "state": st.sampled_from([{}, {}, {}, None]),
        "said": st.integers(0, 2),
        "lease": st.sampled_from([LEASE, LEASE, None]),
    }
)
steps = st.lists(
    st.one_of(st.lists(turn_values, min_size=1, max_size=5), st.sampled_from("ab")), max_size=10
)


async def test_any_turns_in_any_batches_do_what_the_model_says(database_url: str) -> None:
    loop, runs = asyncio.get_running_loop(), count()
    db = Database.open(database_url)
    ledger = Ledger(db, "a")

    @settings(
        max_examples=60, deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(steps)
    def play(wanted: list[Any]) -> None:
        played = _played(ledger, wanted, f"run {next(runs)} ")
        asyncio.run_coroutine_threadsafe(played, loop).result()

    await asyncio.to_thread(play)
    await db.close()


async def _played(ledger: Ledger, wanted: list[Any], run: str) -> None:
    model, words, claimed = Model(), count(), dict[str, list[Any]]()
    for step in wanted:
        if isinstance(step, str):
            person = run + step
            if message := (claimed.get(person) or [None]).pop(0):
                then = await ledger.settle(message.id, person, "sent", NOW, lease=LEASE)
                assert texts(then) == model.sent(person)
                claimed[person] += then
            continue
        turns = [_turn(values, model, run, words) for values in step]
        kept = await asyncio.gather(*(ledger.keep(t, NOW) for t in turns), return_exceptions=True)
        assert [_outcome(k) for k in kept] == [model.keep(turn) for turn in turns]
        for turn, outcome in zip(turns, kept, strict=True):
            if isinstance(outcome, Kept) and outcome.new:
                before = [] if turn.state is None else claimed.get(turn.conversation, [])
                claimed[turn.conversation] = before + outcome.claimed
    for person in (f"{run}a", f"{run}b"):
        stored = await ledger.load(person)
        assert (stored.version if stored else None) == model.versions.get(person)


def _turn(values: dict[str, Any], model: Model, run: str, words: Any) -> Left:
    values = dict(values)
    person = run + values.pop("conversation")
    said = [f"{next(words)}" for _ in range(values.pop("said"))]
    values["update"] = run + values["update"]
    values["press"] = values["press"] and run + values["press"]
    if values["version"] is None:  # the one it would have loaded
        values["version"] = model.versions.get(person, 0)
    return left(person, *said, **values)


def _outcome(kept: Kept | BaseException) -> Outcome:
    if isinstance(kept, Kept):
        return kept.new, texts(kept.claimed), kept.behind
    assert isinstance(kept, Stale), kept
    return None
