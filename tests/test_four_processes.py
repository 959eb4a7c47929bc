"""Four processes of the system stay together within what the services document."""

from __future__ import annotations

from nlu.understander import Understander
from tests.askers import Order, ask
from tests.sourcing import Sourced, sourced

FOUR = 4
EACH = 20
"""Searches a process: together more than a minute allows, each alone far fewer."""

PATIENCE = 2.5


def orders(both: Sourced, url: str, redis: str | None) -> list[Order]:
    return [
        Order(both.settings(), url, redis, [*range(n * EACH, (n + 1) * EACH)], PATIENCE)
        for n in range(FOUR)
    ]


async def test_no_call_beyond_what_is_documented(
    postgres_url: str, redis_url: str, understander: Understander
) -> None:
    """Measured at the services: 60 in any minute in a row, ten in any second. How few are made
    depends on the machine alone.

    Redis counts for all four, then PostgreSQL alone does.
    """
    async with sourced(understander) as one, sourced(understander) as other:
        batches = [orders(one, postgres_url, redis_url), orders(other, postgres_url, None)]
        answered = await ask(batches)
        for both, answers in zip((one, other), answered, strict=True):
            assert len(answers) == FOUR
            assert 1 <= both.lba.busiest_minute()["search"] <= 60
            assert 1 <= both.ft.most_in_a_second <= 10
            assert both.ft.violations == []
