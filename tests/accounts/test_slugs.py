"""Slugs of names in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.accounts.slugs import (
    MAX_SLUG_CHARACTERS,
    candidate_slugs,
    check_slug,
    slug_of,
)
from mesher.errors import ProtocolError


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Shop", "my-shop"),
        ("  Überstraße -- café!", "uberstrasse-cafe"),
        ("Магазин", "magazin"),
        ("影師嗎", "yingshima"),
        ("a" * 100, "a" * MAX_SLUG_CHARACTERS),
        ("!!!", "project"),  # nothing to make one of
        ("2026", "project"),  # would be a project's number
        ("New", "project"),  # a word of our own
        ("00000000-0000-4000-8000-000000000001", "project"),  # would be an id
    ],
)
def test_a_slug_is_made_of_the_name(name: str, slug: str) -> None:
    assert slug_of(name, otherwise="project") == slug


@given(st.text())
def test_what_is_made_of_any_name_is_a_slug(name: str) -> None:
    for slug in candidate_slugs(name, None, otherwise="project"):
        assert check_slug(slug) == slug


def test_a_taken_slug_is_tried_again_with_random_endings() -> None:
    first, *further = candidate_slugs("x" * 100, None, otherwise="project")
    assert len({first, *further}) == 5
    assert all(len(slug) == MAX_SLUG_CHARACTERS for slug in further)


def test_a_chosen_slug_is_the_only_candidate() -> None:
    assert list(candidate_slugs("Shop", "till", otherwise="project")) == ["till"]


@pytest.mark.parametrize(
    "slug",
    ["", "A", "a b", "-a", "a-", "a--b", "ä", "12", "me", "a/b", "a" * 64, "f" * 32, "a\0"],
)
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(ProtocolError):
        check_slug(slug)
