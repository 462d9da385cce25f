"""Stored secrets are read by who has the key, and by nobody else."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mesher.errors import SetupError
from mesher.secret_box import KEY_NAME, SecretBox


def test_a_sealed_secret_is_read_again_by_another_process(tmp_path: Path) -> None:
    sealed = SecretBox(tmp_path).seal("JBSWY3DPEHPK3PXP")
    assert SecretBox(tmp_path).open(sealed) == "JBSWY3DPEHPK3PXP"


def test_the_sealed_form_shows_nothing_of_the_secret_and_differs_each_time(tmp_path: Path) -> None:
    box = SecretBox(tmp_path)
    first, second = box.seal("ünïcode secret"), box.seal("ünïcode secret")
    assert b"secret" not in first
    assert first != second


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    SecretBox(tmp_path).seal("x")
    assert stat.S_IMODE((tmp_path / KEY_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]


def test_processes_that_need_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    boxes = [SecretBox(tmp_path) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda box: box.seal("x"), boxes))
    assert {SecretBox(tmp_path).open(each) for each in sealed} == {"x"}


def test_a_key_that_is_given_makes_no_file(tmp_path: Path) -> None:
    sealed = SecretBox(tmp_path, key="k" * 32).seal("x")
    assert SecretBox(tmp_path / "other node", key="k" * 32).open(sealed) == "x"
    assert list(tmp_path.iterdir()) == []


def test_another_key_is_told_apart_from_damage(tmp_path: Path) -> None:
    box = SecretBox(tmp_path, key="k" * 32)
    sealed = box.seal("x")
    with pytest.raises(SetupError, match="sealed by another key"):
        SecretBox(tmp_path, key="l" * 32).open(sealed)
    with pytest.raises(SetupError, match="damaged"):
        box.open(sealed[:-3])


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"secret\.key"):
        SecretBox(tmp_path / "missing").seal("x")
