"""Many rows of small whole numbers summed at once, each row held as one large whole number."""

from __future__ import annotations

from struct import Struct

import numpy as np
import numpy.typing as npt

from nlu.memory import Memory

_BITS = 32  # a lane holds the sum of sixteen million bytes


class Lanes:
    """The rows of a matrix of bytes as whole numbers that add up column by column.

    Each column has 32 bits of the number: to add two such numbers is to add all their columns, for
    which numpy would cost more than it does on so few.
    """

    def __init__(self, matrix: npt.NDArray[np.int8]) -> None:
        """``matrix``: (rows, columns)."""
        columns = matrix.shape[1]
        self._matrix = matrix
        self._signs = sum(1 << (_BITS * column + _BITS - 1) for column in range(columns))
        self._size = columns * _BITS // 8
        self._unpack = Struct(f"<{columns}i").unpack
        self._met = Memory[int, int]()

    def of(self, row: int) -> int:
        """One row; those that were met are remembered."""
        lanes = self._met.get(row)
        if lanes is None:
            signed = int.from_bytes(self._matrix[row].astype("<i4").tobytes(), "little")
            # Each lane as if it were alone: a negative one borrows from those above it.
            lanes = self._met.keep(row, (signed ^ self._signs) - self._signs)
        return lanes

    def columns(self, total: int) -> tuple[int, ...]:
        """The sum of each column, of a sum of rows."""
        signed = (total + self._signs) ^ self._signs
        return self._unpack(signed.to_bytes(self._size, "little"))
