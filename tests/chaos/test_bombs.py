"""Bodies that unpack to far more than is sent: refused, and at no cost to others."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

from acceptance.load import Load, audit, children, find_child
from acceptance.mesher_process import MesherProcess
from chaos.faults import MEBIBYTE

SEED = 1
# A web process may grow by so much while bombs are sent that would be far larger each.
BOMB_BYTES = 512 * MEBIBYTE
MAX_GROWTH_BYTES = 128 * MEBIBYTE


def _zstd_bomb() -> bytes:
    compressor = zstandard.ZstdCompressor().compressobj()
    return _compressed(compressor.compress, compressor.flush)


def _brotli_bomb() -> bytes:
    compressor = brotli.Compressor(quality=1)
    return _compressed(compressor.process, compressor.finish)


def _zlib_bomb(window_bits: int) -> bytes:
    compressor = zlib.compressobj(level=1, wbits=window_bits)  # blanks pack well at any level
    return _compressed(compressor.compress, compressor.flush)


def _compressed(compress, finish) -> bytes:
    block = b" " * MEBIBYTE
    return b"".join([*(compress(block) for _ in range(BOMB_BYTES // MEBIBYTE)), finish()])


BOMBS = {
    "gzip": lambda: _zlib_bomb(31),
    "deflate": lambda: _zlib_bomb(15),
    "br": _brotli_bomb,
    "zstd": _zstd_bomb,
    "gzip, gzip": lambda: gzip.compress(_zlib_bomb(31)),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_decompression_bomb_is_refused_and_fills_no_memory(mesher: MesherProcess, encoding: str):
    bomb = BOMBS[encoding]()
    before = _peak_bytes(mesher)
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        for _ in range(2):
            answer = httpx.post(
                mesher.envelope_url,
                content=bomb,
                headers={"Content-Encoding": encoding},
                timeout=30,
            )
            assert answer.status_code in {413, 415}, answer.text
        load.wait_for_acknowledged(50)
    assert _peak_bytes(mesher) - before < MAX_GROWTH_BYTES
    audit(mesher, load)


def _peak_bytes(mesher: MesherProcess) -> int:
    """The most memory that a process of ours has had so far."""
    peaks = [
        int(line.split()[1]) * 1024
        for pid in children(mesher.pid)
        if pid != find_child(mesher.pid, "postgres")
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return max(peaks)
