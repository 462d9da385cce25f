"""The name and types under which an attachment is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.attachment import MAX_NAME_CHARACTERS, describe_attachment
from mesher.protocol.envelope import ItemHeader


@pytest.mark.parametrize(
    ("filename", "name", "why"),
    [
        ("log.txt", "log.txt", "as it is"),
        ("/var/log/app.log", "app.log", "the last part of a path"),
        ("C:\\logs\\app.log", "app.log", "of Windows"),
        ("../../etc/passwd", "passwd", "that climbs"),
        ("a/b/", "b", "with a slash at the end"),
        ("a\r\nSet-Cookie: x\0", "aSet-Cookie: x", "no control characters"),
        ("gpj.\u202eexe", "gpj.exe", "nor those that turn the direction"),
        ("", "attachment", "empty"),
        ("..", "..", "dots name nothing here"),
        (None, "attachment", "null"),
        (7, "attachment", "a number"),
    ],
)
def test_a_name_is_the_last_part_of_what_the_client_calls_it(filename, name, why):
    assert describe_attachment(ItemHeader(type="attachment", filename=filename)).name == name, why


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        (None, "application/octet-stream"),
        ("text/plain\r\nx: y", "application/octet-stream"),
        ("x" * 129, "application/octet-stream"),
        ([], "application/octet-stream"),
    ],
)
def test_a_content_type_that_is_none_has_its_default(given_type, kept):
    header = ItemHeader(type="attachment", content_type=given_type)
    assert describe_attachment(header).content_type == kept


def test_an_attachment_is_of_its_event_unless_it_says_otherwise():
    assert describe_attachment(ItemHeader(type="attachment")).attachment_type == "event.attachment"
    minidump = ItemHeader(type="attachment", attachment_type="event.minidump")
    assert describe_attachment(minidump).attachment_type == "event.minidump"


@given(st.text())
def test_any_name_is_one_that_can_be_stored(filename):
    name = describe_attachment(ItemHeader(type="attachment", filename=filename)).name
    assert 0 < len(name) <= MAX_NAME_CHARACTERS
    assert "\0" not in name
    assert name.encode()
