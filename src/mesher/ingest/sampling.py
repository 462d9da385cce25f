"""Which events a project with a sample rate keeps."""

from __future__ import annotations

from hashlib import blake2b


def is_kept(event_id: str, sample_rate: float) -> bool:
    """
    Whether an event is within the share that is kept.

    The id alone decides: every process and every repetition of the event come to the same, and what
    is kept at a rate is kept at every higher one. The hash makes ids that count up random, too.

    Args:
        event_id: 32 hex digits.
        sample_rate: from 0 (none) to 1 (all).
    """
    if sample_rate >= 1:
        return True
    digest = blake2b(event_id.encode("ascii"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < sample_rate
