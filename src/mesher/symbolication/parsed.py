"""Files that stay read, bounded by the memory that they take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mesher.symbolication.limits import MAX_PARSED, PARSED_CACHE_BYTES, PARSED_FACTOR

T = TypeVar("T")


class ParsedFiles(Generic[T]):
    """
    What was read last, least recently used out first.

    A file that alone is over the bound is read, used and forgotten: it must not push out all others.
    """

    def __init__(self, max_bytes: int = PARSED_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, read: Callable[[], tuple[T, int]]) -> T:
        """
        The file of this key.

        Args:
            key: the same key, the same bytes.
            read: reads it, where it is not kept, and says how many bytes it was read from.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        value, read_bytes = read()
        size = read_bytes * PARSED_FACTOR
        if size <= self._max_bytes:
            self._kept[key] = value, size
            self._bytes += size
            while self._bytes > self._max_bytes or len(self._kept) > MAX_PARSED:
                _, (_, freed) = self._kept.popitem(last=False)
                self._bytes -= freed
        return value
