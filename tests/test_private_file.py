"""Files that only their owner reads."""

from __future__ import annotations

import pytest

from mesher.private_file import write_private_file


def test_only_the_owner_reads_it(tmp_path):
    write_private_file(tmp_path / "secret", "text")

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_it_replaces_what_was_there_with_its_mode(tmp_path):
    path = tmp_path / "secret"
    path.write_text("older and longer")
    path.chmod(0o644)

    write_private_file(path, "new")

    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_else_stays_in_the_folder(tmp_path):
    write_private_file(tmp_path / "secret", "one")
    write_private_file(tmp_path / "secret", "two")

    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path):
    path = tmp_path / "secret"
    write_private_file(path, "old")
    with path.open() as reader:
        write_private_file(path, "new")

        assert reader.read() == "old"


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_private_file(tmp_path / "absent" / "secret", "text")
