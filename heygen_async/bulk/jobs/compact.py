"""Sets and tables of numbers for lists of a million rows, in a tenth of the memory of Python's own."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_FIRST_PLACES = 1024
_FULLEST = 0.75  # above it, finding a place takes many steps


class NumberSet:
    """Numbers of rows, from 0: one bit for each up to the highest."""

    def __init__(self) -> None:
        """Begin empty."""
        self._bits = bytearray()

    def __contains__(self, number: int) -> bool:
        """Return True if the number was added."""
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (number & 7) & 1)

    def add(self, number: int) -> None:
        """Add a number."""
        byte = number >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << (number & 7)

    def update(self, numbers: Iterable[int]) -> None:
        """Add several numbers."""
        for number in numbers:
            self.add(number)

    def discard(self, number: int) -> None:
        """Remove a number if it is there."""
        if number in self:
            self._bits[number >> 3] &= ~(1 << (number & 7))

    def clear(self) -> None:
        """Remove all numbers."""
        self._bits.clear()


class NumberTable:
    """Numbers of up to 31 bits by hashes: 12 bytes a place, where a dict takes a hundred for each entry.

    Two keys are the same if their hashes of 64 bits are: among a million rows, less likely than one in ten million.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._count = 0
        self._make_places(_FIRST_PLACES)

    def __len__(self) -> int:
        """Return the number of keys."""
        return self._count

    def get(self, key: int) -> int | None:
        """Return the number of *key*; None if there is none."""
        number = self._numbers[self._place(key)]
        return number - 1 if number else None

    def __setitem__(self, key: int, number: int) -> None:
        """Store the number of *key*."""
        place = self._place(key)
        if not self._numbers[place]:
            self._count += 1
        self._keys[place], self._numbers[place] = key, number + 1  # 0 is a free place
        if self._count > _FULLEST * len(self._keys):
            self._grow()

    def setdefault(self, key: int, number: int) -> int:
        """Return the number of *key*; if there is none yet, store and return *number*."""
        known = self.get(key)
        if known is not None:
            return known
        self[key] = number
        return number

    def _place(self, key: int) -> int:
        """Return the place of *key*, or the free one where it belongs."""
        last = len(self._keys) - 1
        place = key & last
        while self._numbers[place] and self._keys[place] != key:
            place = (place + 1) & last
        return place

    def _make_places(self, places: int) -> None:
        self._keys = array("q", [0]) * places
        self._numbers = array("I", [0]) * places

    def _grow(self) -> None:
        keys, numbers = self._keys, self._numbers
        self._make_places(2 * len(keys))
        for key, number in zip(keys, numbers, strict=True):
            if number:
                place = self._place(key)
                self._keys[place], self._numbers[place] = key, number
