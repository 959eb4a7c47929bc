"""A few at a time, in order, and nobody held back by one that takes long."""

import asyncio

from bot.pace import Pace


async def test_a_few_in_each_round_of_the_loop() -> None:
    pace, passed = Pace(3), list[int]()
    callers = [asyncio.create_task(_pass(pace, number, passed)) for number in range(10)]
    most, before = 0, 0
    while not all(caller.done() for caller in callers):
        await asyncio.sleep(0)
        most, before = max(most, len(passed) - before), len(passed)
    assert passed == list(range(10))
    assert most == 3


async def test_nobody_waits_for_one_that_takes_long() -> None:
    pace, for_ever = Pace(1), asyncio.Event()

    async def slow() -> None:
        await pace.turn()
        await for_ever.wait()

    stuck = [asyncio.create_task(slow()) for _ in range(3)]
    async with asyncio.timeout(5):
        await pace.turn()
    for_ever.set()
    await asyncio.gather(*stuck)


async def test_one_that_gives_up_in_line_takes_no_place() -> None:
    pace, passed = Pace(1), list[int]()
    gives_up, stays = (asyncio.create_task(_pass(pace, number, passed)) for number in range(2))
    await pace.turn()  # before either has begun
    await asyncio.sleep(0)
    gives_up.cancel()
    async with asyncio.timeout(5):
        await stays
    assert passed == [1]


async def _pass(pace: Pace, number: int, passed: list[int]) -> None:
    await pace.turn()
    passed.append(number)
