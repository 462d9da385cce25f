"""What fails in alerting is logged, and stops nothing else: it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from mesher.errors import MesherError

log = structlog.get_logger(__name__)


@contextmanager
def failures_logged(what: str) -> Iterator[None]:
    """
    Go on after a failure; a bug of ours is logged with where it is.

    Args:
        what: is done within, for the log.
    """
    try:
        yield
    except MesherError as error:
        log.warning("alerting_interrupted", what=what, reason=error.message)
    except Exception:
        log.exception("alerting_failed", what=what)
