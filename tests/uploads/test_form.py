"""The form of chunks, however the body is cut on its way."""

from __future__ import annotations

import hashlib

import pytest

from mesher.errors import ProtocolError, UnsupportedEncoding
from mesher.uploads.form import ChunkForm

CONTENT_TYPE = "multipart/form-data; boundary=x"
DATA = b"line\r\n--y not quite\r\nend"
NAME = hashlib.sha1(DATA, usedforsecurity=False).hexdigest()
BODY = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n%s\r\n"
    b'--x\r\nContent-Disposition: form-data; name="file_gzip"; filename="%s"\r\n\r\n%s\r\n--x--\r\n'
) % (NAME.encode(), DATA, NAME.encode(), DATA)


@pytest.mark.parametrize("size", [1, 2, 7, 64, len(BODY)])
def test_the_chunks_are_the_same_whatever_the_pieces_are(size):
    form = ChunkForm(CONTENT_TYPE)
    pieces = [BODY[begin : begin + size] for begin in range(0, len(BODY), size)]
    chunks = [chunk for piece in pieces for chunk in form.feed(piece)]
    form.end()
    assert chunks == [(NAME, False, DATA), (NAME, True, DATA)]


def test_a_form_that_ends_too_early_is_refused():
    form = ChunkForm(CONTENT_TYPE)
    list(form.feed(BODY[:-10]))
    with pytest.raises(ProtocolError, match="too early"):
        form.end()


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data"])
def test_a_body_that_is_no_form_is_refused(content_type):
    with pytest.raises(UnsupportedEncoding):
        ChunkForm(content_type)


def test_a_damaged_form_is_refused():
    form = ChunkForm(CONTENT_TYPE)
    with pytest.raises(ProtocolError, match="cannot be read"):
        list(form.feed(b"--xno line break" + BODY))
