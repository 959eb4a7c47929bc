"""The whole service in processes that die on demand, and begin again in a quarter of a second.

``async with nursery() as born`` warms one process up; each life is a fork of it that runs
`python -m bot serve`, with settings of its own and, if asked, one point where it dies.
"""

from tests.mortal.nursery import Life, Nursery, nursery

__all__ = ["Life", "Nursery", "nursery"]
