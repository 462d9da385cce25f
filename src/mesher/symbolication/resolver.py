"""Queries to answers, with the files that a shelf has."""

from __future__ import annotations

from mesher.symbolication.debug_symbols import DebugSymbols
from mesher.symbolication.mappings import Mappings
from mesher.symbolication.queries import Answer, NativeQuery, ProguardQuery, Query
from mesher.symbolication.shelf import Shelf
from mesher.symbolication.source_maps import SourceMaps


class Resolver:
    """
    Answers queries. What it has read stays read, within bounds.

    It takes the memory of what it reads, some hundred megabytes at worst, and the time: run it in a
    process that may be ended.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._source_maps = SourceMaps(shelf)
        self._mappings = Mappings(shelf)
        self._symbols = DebugSymbols(shelf)

    def answer(self, query: Query) -> Answer:
        """
        The answer of the file that a query is about.

        Raises:
            Exception: what the shelf raises; files that cannot be read are a ``problem`` instead.
        """
        if isinstance(query, ProguardQuery):
            return self._mappings.answer(query)
        if isinstance(query, NativeQuery):
            return self._symbols.answer(query)
        return self._source_maps.answer(query)
