"""
The server's settings, given on its command line: a small machine that ingests all day.

What a stranger's tuning guide would set and is absent here was left at PostgreSQL's default.
"""

from __future__ import annotations

from collections.abc import Mapping

# Promises of ours, not left to a file in the data folder.
PROMISES = {
    # After a crash of one of its processes the server ends, and our supervisor starts it anew. Were
    # it to restart in itself, a shutdown that is asked for in this moment would hang (seen in 18.4),
    # and with a killed parent the server would stay behind.
    "restart_after_crash": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Before a recovery everything is flushed: with one call, not by opening each of some hundred
    # files per partition.
    "recovery_init_sync_method": "syncfs",
}

MEMORY = {
    # Index pages of the current day and the issues; events themselves are written once and left
    # to the page cache. The default, 128MB, said here because the memory goal rests on it.
    "shared_buffers": "128MB",
    # A search sorts or hashes some thousand rows of issues, not events.
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    # Mesher's processes hold some five connections each; psql and backups need a few.
    "max_connections": "60",
    # A process of its own that we would pay for and not use.
    "max_logical_replication_workers": "0",
}

WRITE_AHEAD_LOG = {
    # 4,000 events a second write some 30 MB of log a second: the default of 1GB would force a
    # checkpoint, and with it whole pages into the log again, every twenty seconds.
    "max_wal_size": "4GB",
    # Kept and reused segments; a quiet server gives the rest back to the disk.
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # Whole pages after a checkpoint, index pages mostly, shrink by a third in no measurable time.
    # pglz, as the wheel is built with neither lz4 nor zstd.
    "wal_compression": "pglz",
}

PLANNER_AND_UPKEEP = {
    # Our queries are short: compiling one costs more than it saves.
    "jit": "off",
    # Solid-state disks: with the default of 4 the planner shuns the indexes that we built.
    "random_page_cost": "1.1",
    # Issues, counts and journal positions are updated with each batch: small tables that bloat
    # within seconds. The default looks once a minute.
    "autovacuum_naptime": "15s",
    # Entries of new events wait in a list per index before they are sorted in, and every search
    # reads that list as a whole: the default, said here so that both sides stay in view.
    "gin_pending_list_limit": "4MB",
}

LOGGING = {
    # To our pipe, which logs each line; the time and the level are added there.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "warning",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    # Statements, keys and COPY lines are data of tenants: they stay out of logs.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def server_options(address: Mapping[str, str]) -> list[str]:
    """The ``-c`` options of ``postgres``; ``address`` says where it listens."""
    groups = (PROMISES, MEMORY, WRITE_AHEAD_LOG, PLANNER_AND_UPKEEP, LOGGING, address)
    return [f"--{name}={value}" for group in groups for name, value in group.items()]
