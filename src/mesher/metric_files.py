"""
Where the processes of a node keep their metrics: files in ``<data directory>/metrics``, mapped into
memory, one for each process and kind of metric.

A file belongs to the process's name (``web-0``) and not to its number, so a process that is started
again counts on where the one before it was killed: the sums over all processes never fall. The
library that does it is loaded by the processes that count; their supervisor only clears.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import structlog

from mesher.private_file import write_private_file

# Some 200 bytes for each time series. Taken from the disk in full at the start: a mapped file whose
# page finds no room on a full disk ends the process with SIGBUS.
FILE_BYTES = 1024**2
_KINDS = ("counter", "histogram")
_TOKEN_BYTES = 32

log = structlog.get_logger(__name__)


def metrics_folder(data_dir: Path) -> Path:
    """Where the files of a node lie."""
    return data_dir / "metrics"


def keep_metrics(data_dir: Path, process: str) -> None:
    """
    Make this process count in its files; without room for them it counts for itself alone.

    Args:
        data_dir: the node's data directory.
        process: its name, as web:0; no other process that runs has it.

    To be called before ``mesher.metrics`` is imported: a metric finds its place when it is declared.
    """
    from prometheus_client import values  # noqa: PLC0415 - see the module

    folder = metrics_folder(data_dir)
    name = _file_stem(process)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for kind in _KINDS:
            _reserve(folder / f"{kind}_{name}.db")
    except OSError as error:
        log.warning("metrics_not_kept", reason=str(error))
        return
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # The library has no types for its part for several processes.
    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]


def prepare_metrics(data_dir: Path, processes: Iterable[str]) -> None:
    """
    Begin anew with a new start of the whole, since a power cut may have left halves of files; and
    make the token, so that an operator finds it.
    """
    try:
        metrics_token(data_dir)
        for process in processes:
            for path in metrics_folder(data_dir).glob(f"*_{_file_stem(process)}.db"):
                path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("metrics_not_prepared", reason=str(error))


def metrics_token(data_dir: Path) -> str:
    """
    What opens ``GET /metrics`` of this node; made where there is none.

    Raises:
        OSError: it can be neither read nor written.
    """
    path = data_dir / "metrics-token"
    if not path.exists():
        write_private_file(path, secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
    return path.read_text("ascii").strip()


def _file_stem(process: str) -> str:
    return process.replace(":", "-")


def _reserve(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, FILE_BYTES)
    finally:
        os.close(descriptor)
