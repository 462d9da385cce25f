"""
Mesher: self-hosted error monitoring for the Sentry SDKs, on PostgreSQL.

The packages follow the path of an event: ``protocol`` (bytes to values), ``ingest`` (receive,
journal, digest), ``grouping`` (event to fingerprint), ``storage`` (all SQL), then ``api`` and
``web`` as two thin readers of storage. ``docs/architecture.md`` walks through one of each.
"""

__version__ = "0.1.0"
