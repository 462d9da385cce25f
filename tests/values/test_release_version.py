"""Which of two releases is newer by what they are called."""

from __future__ import annotations

import pytest

from mesher.values.release_version import compare_versions, current_version


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.2.3", "1.2.4"),
        ("1.9.0", "1.10.0"),  # numbers, not text
        ("1.2", "1.2.1"),  # what is missing is zero
        ("1.2.3", "1.2.3.1"),
        ("shop@1.2.3", "shop@1.3.0"),
        ("@org/shop@1.2.3", "@org/shop@1.3.0"),
        ("v1.2.3", "v2.0.0"),
        ("1.2.3-rc.1", "1.2.3"),  # a pre-release comes before its release
        ("1.2.3-alpha", "1.2.3-alpha.1"),
        ("1.2.3-alpha.9", "1.2.3-alpha.10"),
        ("1.2.3-1", "1.2.3-alpha"),  # a number comes before a word
        ("shop@1.2.3+41", "shop@1.2.3+100"),  # builds as stores count them
    ],
)
def test_versions_of_one_package_have_an_order(older, newer):
    assert compare_versions(newer, older) > 0
    assert compare_versions(older, newer) < 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2", "1.2.0"),
        ("1.2.3+a", "1.2.3+b"),  # https://semver.org, 10: builds have no precedence
        ("1.2.3+7", "1.2.3"),
    ],
)
def test_some_versions_are_equally_new(one, other):
    assert compare_versions(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shop@1.2.3", "till@1.2.4"),  # of two packages
        ("shop@1.2.3", "1.2.4"),
        ("3f2a91c", "9b01d22"),  # commits
        ("20261126", "20261127"),  # one number alone is as likely a build or a date
        ("1.2.3", "nightly"),
        ("1.2.3.4.5", "1.2.3.4.6"),
        ("", "1.2.3"),
    ],
)
def test_other_texts_have_none(one, other):
    assert compare_versions(one, other) is None


@pytest.mark.parametrize(
    ("latest_first", "current"),
    [
        (["1.1.5", "1.2.0", "1.1.4"], "1.2.0"),  # a fix of an older line came last
        (["b", "a"], "b"),
        (["till@1.0.0", "shop@2.0.0"], "till@1.0.0"),
        (["1.0.0", "nightly", "1.1.0"], "1.1.0"),
        ([], None),
    ],
)
def test_the_current_release_is_the_newest_by_name_where_names_tell(latest_first, current):
    assert current_version(latest_first) == current
