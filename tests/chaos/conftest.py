"""A Mesher to hurt."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.mesher_process import MesherProcess

# Room for an embedded PostgreSQL (some 70 MB, its log of 64 MB at most by then) and a journal.
SMALL_DISK = "256m"


@pytest.fixture(scope="session")
def mesher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MesherProcess]:
    """A running Mesher that the tests share: each must leave it as good as it was."""
    with MesherProcess(
        tmp_path_factory.mktemp("chaos"),
        MESHER_WEB_PROCESSES="2",
        MESHER_DIGEST_PROCESSES="2",
    ) as process:
        process.start()
        yield process
        assert process.stop() == 0, process.log()


@pytest.fixture
def mesher_with_small_journal(tmp_path: Path) -> Iterator[MesherProcess]:
    """A running Mesher whose journal is full within seconds while nothing is digested."""
    with MesherProcess(tmp_path, MESHER_JOURNAL_MAX_BYTES=str(64 * 1024**2)) as process:
        process.start()
        yield process
        assert process.stop() == 0, process.log()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that a test can fill up."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=755", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
