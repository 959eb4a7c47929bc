"""Names on shelves, by first letter and length: only what may resemble a word is compared."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

_WIDEST = 48  # letters
# Names by size, their rows, and where those of each size begin.
_BySize = tuple[list[str], list[int], list[int]]


class Shelves:
    """Names written without spaces, each with its row."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name, row in names:
            found[name[0]].append((name, row))
        self._by_letter = {letter: _by_size(one) for letter, one in found.items()}

    def within(self, word: str, limit: int) -> Iterator[tuple[int, int]]:
        """(errors, row) of the names with the same first letter within ``limit`` errors."""
        if (same := self._by_letter.get(word[0])) is None:
            return
        names, rows, starts = same
        size = len(word)
        first, last = starts[max(0, size - limit)], starts[min(size + limit, _WIDEST) + 1]
        for _, errors, index in process.extract(
            word, names[first:last], scorer=OSA.distance, score_cutoff=limit, limit=None
        ):
            yield int(errors), rows[first + index]


def _by_size(found: list[tuple[str, int]]) -> _BySize:
    found.sort(key=lambda one: len(one[0]))
    sizes = [len(name) for name, _ in found]
    starts = [bisect_left(sizes, size) for size in range(_WIDEST + 2)]
    return [name for name, _ in found], [row for _, row in found], starts
