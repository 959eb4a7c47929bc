"""The whole service in processes that die on demand, and begin again in a quarter of a second.

``warm`` is a process that has imported and read everything; ``async with nursery(…) as born``
lets a test start lives: forks of it that run `python -m bot serve`, with settings of their own and,
if asked, one point where they die.
"""

from tests.mortal.nursery import Life, Nursery, nursery, warm

__all__ = ["Life", "Nursery", "nursery", "warm"]
