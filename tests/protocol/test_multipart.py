"""Forms with files: what is cut out of them, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol import limits
from mesher.protocol.multipart import Part, parse_multipart

TYPE = "multipart/form-data; boundary=b"


def form(*parts: tuple[str, bytes]) -> bytes:
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), data)
        for head, data in parts
    )
    return body + b"--b--\r\n"


def test_fields_and_files_come_in_their_order():
    body = form(('name="sentry"', b"{}"), ('name="f"; filename="a.dmp"', b"MDMP\r\n\0--b"))
    assert parse_multipart(body, TYPE) == [
        Part("sentry", None, None, b"{}"),
        Part("f", "a.dmp", None, b"MDMP\r\n\0--b"),
    ]


def test_an_empty_file_is_a_part():
    [part] = parse_multipart(form(('name="f"; filename="a"', b"")), TYPE)
    assert part.data == b""


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "multipart/form-data", "multipart/mixed"]
)
def test_what_is_no_form_is_refused_by_its_content_type(content_type):
    with pytest.raises(UnsupportedEncoding):
        parse_multipart(b"", content_type)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="no boundary"),
        pytest.param(form(('name="a"', b"x"))[:-8], id="cut short"),
        pytest.param(b"--b\r\nno header\r\n\r\nx\r\n--b--", id="a header without a colon"),
        pytest.param(b"--b\r\nA: b\r\n\r\nx\r\n--b--", id="a part without a name"),
    ],
)
def test_a_damaged_form_is_refused(body):
    with pytest.raises(ProtocolError):
        parse_multipart(body, TYPE)


def test_too_many_parts_and_too_large_ones_are_refused():
    with pytest.raises(TooLarge):
        parse_multipart(form(*[('name="a"', b"")] * (limits.MAX_FORM_PARTS + 1)), TYPE)
    with pytest.raises(TooLarge):
        parse_multipart(form(('name="a"', b"x" * (limits.MAX_ATTACHMENT_BYTES + 1))), TYPE)


@given(st.binary(max_size=200))
def test_any_bytes_give_parts_or_a_protocol_error(data):
    for body in (data, b"--b\r\n" + data, form(('name="a"', data))):
        with contextlib.suppress(ProtocolError):
            parse_multipart(body, TYPE)
