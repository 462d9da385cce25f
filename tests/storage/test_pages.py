"""Pages of lists, and the cursors between them."""

from __future__ import annotations

from mesher.storage.pages import cut_page, decode_cursor


def test_a_row_more_than_the_page_has_means_that_another_page_follows_the_last_row_of_this() -> (
    None
):
    page = cut_page([("a", 1), ("b", 2), ("c", 3)], 2, lambda row: row)
    assert page.items == [("a", 1), ("b", 2)]
    assert page.next_cursor is not None
    assert decode_cursor(page.next_cursor, tuple[str, int]) == ("b", 2)


def test_a_page_that_is_just_full_is_the_last() -> None:
    page = cut_page([1, 2], 2, lambda row: (row,))
    assert (page.items, page.next_cursor) == ([1, 2], None)
