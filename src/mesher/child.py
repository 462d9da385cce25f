"""
What the supervisor starts: ``python -m mesher.child web:0``, configured by ``MESHER_*`` variables.

It begins its work when its stdin ends. Importing takes a second or two, which ``mesher up`` uses to
start and migrate the database.

Each role imports its own part alone, in its branch below: the digest process does without the web
framework, the jobs process without either, which saves tens of megabytes in each.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from functools import partial

import structlog

from mesher.errors import MesherError
from mesher.logs import configure_logging
from mesher.metric_files import keep_metrics
from mesher.settings import Settings, load_settings

# An event is a tree of some thousand maps, lists and texts, which reference counting frees as soon
# as its row is made; looking for circles after every 700 of them is for nothing.
GARBAGE_THRESHOLD = 100_000

log = structlog.get_logger(__name__)


def main(name: str) -> int:
    """Run ``web:0``, ``digest:0`` or ``jobs`` until SIGTERM; 0 = it ended because it was asked."""
    os.umask(0o077)  # the journal holds what tenants sent
    settings = load_settings(os.environ)
    configure_logging(level=settings.log_level, log_format=settings.log_format, process=name)
    keep_metrics(settings.data_dir, name)
    run = _prepare(name, settings)
    # What was imported stays: looking through it for circles would hold up requests.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.stdin.buffer.read()
    try:
        run()
    except MesherError as error:
        log.critical("process_failed", reason=error.message, hint=error.hint)
        return 1
    return 0


def _prepare(name: str, settings: Settings) -> Callable[[], None]:
    role, _, index = name.partition(":")
    if role == "web":
        from mesher.app import run_web  # noqa: PLC0415 - see above

        return partial(run_web, settings, int(index))
    if role == "digest":
        from mesher.worker import run_digest  # noqa: PLC0415 - see above

        return partial(run_digest, settings, int(index))
    from mesher.jobs import run_jobs  # noqa: PLC0415 - see above

    return partial(run_jobs, settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
