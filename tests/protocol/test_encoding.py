"""Content codings: what comes out, what is refused, and that a bomb costs no more than the ceiling."""

from __future__ import annotations

import base64
import contextlib
import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol.encoding import decode_body, decode_store_body

CEILING = 100_000


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
coded = pytest.mark.parametrize("coding", CODINGS)


@pytest.mark.parametrize("coding", [None, "", "identity", "utf-8", "UTF8", " "])
def test_what_is_no_coding_leaves_the_body_alone(coding):
    assert decode_body(b"{}", coding, max_bytes=CEILING) == b"{}"


@given(data=st.binary(max_size=2000), coding=st.sampled_from(sorted(CODINGS)))
def test_every_coding_gives_back_what_was_encoded(data, coding):
    assert decode_body(CODINGS[coding](data), coding, max_bytes=CEILING) == data


@pytest.mark.parametrize("coding", ["GZIP", " gzip ", "x-gzip"])
def test_the_name_of_a_coding_may_be_written_otherwise(coding):
    assert decode_body(gzip.compress(b"x"), coding, max_bytes=CEILING) == b"x"


def test_deflate_may_lack_its_header():
    assert decode_body(bare_deflate(b"hello"), "deflate", max_bytes=CEILING) == b"hello"


def test_gzip_may_have_several_members_and_zeros_behind_them():
    body = gzip.compress(b"one") + gzip.compress(b"two") + bytes(512)
    assert decode_body(body, "gzip", max_bytes=CEILING) == b"onetwo"


def test_the_last_of_several_members_is_not_taken_for_all_of_a_gzip_file():
    for count in (2, 3):
        body = gzip.compress(b"hello") * count
        assert decode_body(body, "gzip", max_bytes=CEILING) == b"hello" * count


def test_gzip_may_hold_what_looks_like_the_begin_of_another_member():
    content = gzip.compress(b"inner")
    body = gzip.compress(content, compresslevel=0)
    assert decode_body(body, "gzip", max_bytes=CEILING) == content


@pytest.mark.parametrize("size", [4, 6, 2**32 - 1])
def test_gzip_that_lies_about_the_size_of_its_content_is_refused(size):
    body = gzip.compress(b"hello")[:-4] + size.to_bytes(4, "little")
    with pytest.raises(ProtocolError):
        decode_body(body, "gzip", max_bytes=CEILING)


def test_gzip_with_very_many_members_is_refused():
    with pytest.raises(ProtocolError, match="more than 16 members"):
        decode_body(gzip.compress(b"") * 17, "gzip", max_bytes=CEILING)


def test_an_unknown_coding_is_refused():
    with pytest.raises(UnsupportedEncoding, match="compress"):
        decode_body(b"x", "compress", max_bytes=CEILING)


@coded
def test_a_body_of_exactly_the_ceiling_is_accepted_and_one_byte_more_is_not(coding):
    body = CODINGS[coding](bytes(CEILING))
    assert len(decode_body(body, coding, max_bytes=CEILING)) == CEILING
    with pytest.raises(TooLarge):
        decode_body(body, coding, max_bytes=CEILING - 1)


def test_a_plain_body_over_the_ceiling_is_refused():
    with pytest.raises(TooLarge):
        decode_body(b"xx", None, max_bytes=1)


def test_the_ceiling_holds_for_all_members_of_a_gzip_file_together():
    with pytest.raises(TooLarge):
        decode_body(gzip.compress(bytes(60)) * 2, "gzip", max_bytes=100)


@coded
def test_a_bomb_costs_no_more_memory_than_the_ceiling(coding):
    bomb = CODINGS[coding](bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decode_body(bomb, coding, max_bytes=CEILING)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * CEILING


@coded
def test_a_body_that_is_cut_short_anywhere_is_refused(coding):
    body = CODINGS[coding](b'{"message":"hello"}' * 20)
    for length in range(1, len(body)):
        with pytest.raises(ProtocolError):
            decode_body(body[:length], coding, max_bytes=CEILING)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_body_that_goes_on_behind_its_end_is_refused(coding):
    with pytest.raises(ProtocolError):
        decode_body(CODINGS[coding](b"hello") + b"more", coding, max_bytes=CEILING)


@given(
    data=st.binary(min_size=1, max_size=300),
    coding=st.sampled_from(sorted(CODINGS)),
    where=st.floats(0, 0.999),
    bit=st.integers(0, 7),
)
def test_a_damaged_body_gives_bytes_or_a_protocol_error(data, coding, where, bit):
    body = bytearray(CODINGS[coding](data))
    body[int(len(body) * where)] ^= 1 << bit
    with contextlib.suppress(ProtocolError):
        decode_body(bytes(body), coding, max_bytes=CEILING)


@given(data=st.binary(max_size=300), coding=st.sampled_from(sorted(CODINGS)))
def test_any_bytes_give_bytes_or_a_protocol_error(data, coding):
    with contextlib.suppress(ProtocolError):
        decode_body(data, coding, max_bytes=CEILING)


EVENT = b'{"message":"hello"}'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (EVENT, "plain JSON"),
        (b" \n" + EVENT, "with white space in front"),
        (base64.b64encode(EVENT), "base64 of JSON"),
        (base64.b64encode(zlib.compress(EVENT)), "raven-node: base64 of zlib"),
        (base64.encodebytes(zlib.compress(EVENT)), "base64 in lines"),
    ],
)
def test_a_store_body_is_json_in_one_of_three_wrappings(body, why):
    assert decode_store_body(body, max_bytes=CEILING) == EVENT, why


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"not json", "text"),
        (b"abc", "base64 of a wrong length"),
        (base64.b64encode(b"neither"), "base64 of something else"),
        (base64.b64encode(zlib.compress(EVENT)[:-5]), "zlib that is cut short"),
    ],
)
def test_another_store_body_is_refused(body, why):
    with pytest.raises(ProtocolError):
        assert decode_store_body(body, max_bytes=CEILING), why


def test_the_ceiling_holds_for_what_is_packed_inside_base64():
    with pytest.raises(TooLarge):
        decode_store_body(base64.b64encode(zlib.compress(bytes(1000))), max_bytes=999)
