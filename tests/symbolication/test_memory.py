"""What stays read is bounded, and messages between processes are whole or none."""

from __future__ import annotations

import io

from mesher.symbolication.messages import read_message, write_message
from mesher.symbolication.parsed import ParsedFiles


def test_the_files_that_were_used_last_stay_read():
    read = []

    def reader(name, size):
        def run():
            read.append(name)
            return name, size

        return run

    files = ParsedFiles(max_bytes=100)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert files.get(name, reader(name, 10)) == name  # each takes five times as much
    assert read == ["a", "b", "c", "b"]


def test_a_file_over_the_bound_is_used_and_forgotten_and_pushes_nothing_out():
    files = ParsedFiles(max_bytes=100)
    files.get("small", lambda: ("small", 10))
    assert files.get("huge", lambda: ("huge", 1000)) == "huge"
    assert files.get("small", lambda: ("read again", 10)) == "small"
    assert files.get("huge", lambda: ("read again", 1000)) == "read again"


def test_a_message_is_read_as_it_was_written_and_a_part_of_one_is_none():
    stream = io.BytesIO()
    write_message(stream, b"query")
    write_message(stream, b"")
    whole = stream.getvalue()
    stream.seek(0)
    assert [read_message(stream), read_message(stream), read_message(stream)] == [
        b"query",
        b"",
        None,
    ]
    for length in range(len(whole) - 5):
        assert read_message(io.BytesIO(whole[:length])) is None
