"""
MessagePack values one behind the other, as sentry-native writes breadcrumbs: each is appended to the
file when it happens, and a crash may cut the last one short.
"""

from __future__ import annotations

# By first byte: how many bytes of a count follow, how many bytes follow for each of the count, and
# how many values. https://github.com/msgpack/msgpack/blob/master/spec.md, "Formats".
_COUNTED = {
    **{0xC4 + n: (1 << n, 1, 0) for n in range(3)},  # bin 8, 16, 32
    **{0xD9 + n: (1 << n, 1, 0) for n in range(3)},  # str 8, 16, 32
    0xDC: (2, 0, 1),
    0xDD: (4, 0, 1),  # array 16, 32
    0xDE: (2, 0, 2),
    0xDF: (4, 0, 2),  # map 16, 32
}
_FIXED_BYTES = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 0),  # nil, false, true
    **{0xCC + n: 1 << n for n in range(4)},  # uint 8 to 64
    **{0xD0 + n: 1 << n for n in range(4)},  # int 8 to 64
    0xCA: 4,
    0xCB: 8,  # float 32, 64
}


def split_stream(data: bytes, *, max_values: int) -> list[bytes]:
    """The bytes of each complete value, the first ``max_values`` of them; the rest is left out."""
    values: list[bytes] = []
    start = 0
    while start < len(data) and len(values) < max_values:
        end = _end_of_value(data, start)
        if end is None:
            break
        values.append(data[start:end])
        start = end
    return values


def _end_of_value(data: bytes, at: int) -> int | None:
    """Where the value ends that begins at ``at``; ``None`` where it is cut short or damaged."""
    pending = 1  # a counter rather than a recursion: nesting costs nothing
    while pending:
        if at >= len(data):
            return None
        first = data[at]
        at += 1
        inside = _small_inside(first)
        if inside is None:
            size_bytes, per_byte, per_value = _COUNTED.get(first, (0, 0, 0))
            if not size_bytes and first not in _FIXED_BYTES:
                return None  # extension types: no SDK writes one
            count = int.from_bytes(data[at : at + size_bytes])
            inside = (size_bytes + count * per_byte + _FIXED_BYTES.get(first, 0), count * per_value)
        at += inside[0]
        pending += inside[1] - 1
    return at if at <= len(data) else None


def _small_inside(first: int) -> tuple[int, int] | None:
    """Bytes and values behind a first byte that says it all; ``None`` for the others."""
    if first <= 0x7F or first >= 0xE0:  # small integers
        return 0, 0
    if first <= 0x8F:
        return 0, 2 * (first & 0x0F)
    if first <= 0x9F:
        return 0, first & 0x0F
    if first <= 0xBF:
        return first & 0x1F, 0
    return None
