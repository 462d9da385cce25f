"""
``GET /metrics``: this node in the text form that Prometheus reads.

It is open to whoever has the node's token, a file in the data directory. An address would be no
proof, since behind a proxy on the same machine everybody comes from the loopback; and a token in the
database could not be looked up while the database is away, when metrics are wanted most.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from mesher.errors import AuthError
from mesher.ingest.journal_status import read_journal_status
from mesher.metric_files import metrics_folder, metrics_token
from mesher.resources import resources_of


async def get_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """
    All metrics of this node.

    Raises:
        AuthError: the request does not carry the node's token.
    """
    data_dir = resources_of(request).data_dir
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    token = await asyncio.to_thread(metrics_token, data_dir)
    is_equal = hmac.compare_digest(sent.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not is_equal:
        raise AuthError(
            "metrics are for holders of this node's token",
            hint="send Authorization: Bearer with the content of metrics-token in the data directory",
        )
    text = await asyncio.to_thread(_collect, data_dir)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _collect(data_dir: Path) -> bytes:
    folder = metrics_folder(data_dir)
    registry = CollectorRegistry()
    if folder.is_dir():
        # The library has no types for its part for several processes.
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    registry.register(_JournalCollector(data_dir / "journal"))
    return generate_latest(registry)


class _JournalCollector(Collector):
    """What waits in the journal, looked up when asked."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def collect(self) -> Iterator[GaugeMetricFamily]:
        size = GaugeMetricFamily(
            "mesher_journal_bytes", "Bytes on disk of a shard of the journal.", labels=["shard"]
        )
        waiting = GaugeMetricFamily(
            "mesher_journal_waiting_records",
            "Acknowledged requests of a shard that are not digested yet.",
            labels=["shard"],
        )
        age = GaugeMetricFamily(
            "mesher_journal_oldest_seconds",
            "Age of the oldest of them; 0 where none waits.",
            labels=["shard"],
        )
        now_us = time.time_ns() // 1000
        for shard in read_journal_status(self._journal):
            oldest = now_us if shard.oldest_received_at_us is None else shard.oldest_received_at_us
            size.add_metric([shard.name], shard.size_bytes)
            waiting.add_metric([shard.name], shard.waiting)
            age.add_metric([shard.name], max(0, now_us - oldest) / 1e6)
        yield from (size, waiting, age)
