"""
What Mesher counts and times, declared once; ``GET /metrics`` shows the sums over a node's processes.

No label names a tenant: whoever may read metrics may not for that read whose events these are.
"""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram

# From a request that is refused at once to a body that never ends, and a batch that waits for locks.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
_RECORDS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 800)

# Of this process, without those that the library adds by itself.
REGISTRY = CollectorRegistry()

REQUESTS = Histogram(
    "mesher_receive_seconds",
    "From the head of a request to an ingest endpoint until its answer.",
    ["endpoint", "status"],
    registry=REGISTRY,
    buckets=_SECONDS,
)
GROUP_RECORDS = Histogram(
    "mesher_journal_group_records",
    "Requests that shared a flush of the journal to disk.",
    registry=REGISTRY,
    buckets=_RECORDS,
)
FLUSH_SECONDS = Histogram(
    "mesher_journal_flush_seconds",
    "How long a flush of the journal to disk took.",
    registry=REGISTRY,
    buckets=_SECONDS,
)
JOURNAL_REFUSALS = Counter(
    "mesher_journal_refusals",
    "Requests that the journal did not take: over its limit, or refused by the disk.",
    ["reason"],
    registry=REGISTRY,
)
BATCH_RECORDS = Histogram(
    "mesher_digest_batch_records",
    "Records of the journal in a batch.",
    registry=REGISTRY,
    buckets=_RECORDS,
)
DIGEST_SECONDS = Histogram(
    "mesher_digest_seconds",
    "How long a batch took in each stage: read, digest (decode, normalise, group), store.",
    ["stage"],
    registry=REGISTRY,
    buckets=_SECONDS,
)
ITEMS = Counter(
    "mesher_items",
    "Items by what became of them, as in the ledger.",
    ["category", "outcome", "reason"],
    registry=REGISTRY,
)
QUARANTINED = Counter(
    "mesher_quarantined_records",
    "Records of the journal that could not be digested.",
    registry=REGISTRY,
)
DATABASE_ERRORS = Counter(
    "mesher_database_errors",
    "Times that the database was away or refused, by who met it: digest, keys, pages or jobs.",
    ["met_by"],
    registry=REGISTRY,
)


@cache  # finding a metric by its labels takes longer than counting
def requests(endpoint: str, status: int) -> Histogram:
    """The times of an endpoint's requests that were answered with a status."""
    return REQUESTS.labels(endpoint, str(status))
