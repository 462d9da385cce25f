"""Metrics of several processes: their sums never fall while Mesher runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from mesher.metric_files import metrics_folder, prepare_metrics

# Counts one event as the process of that name, then dies without a word.
_COUNT = """
import os, signal, sys
from pathlib import Path
from mesher.metric_files import keep_metrics
keep_metrics(Path(sys.argv[1]), sys.argv[2])
from mesher import metrics
metrics.QUARANTINED.inc()
metrics.requests("envelope", 200).observe(0.003)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _count_and_die(data_dir: Path, process: str) -> None:
    subprocess.run([sys.executable, "-c", _COUNT, data_dir, process], check=False)


def _value(data_dir: Path, name: str, labels: dict[str, str] | None = None) -> float | None:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics_folder(data_dir)))
    return registry.get_sample_value(name, labels or {})


def test_a_process_that_is_started_again_counts_on_where_the_killed_one_was(tmp_path):
    _count_and_die(tmp_path, "web:0")
    _count_and_die(tmp_path, "web:0")

    assert _value(tmp_path, "mesher_quarantined_records_total") == 2
    assert len(list(metrics_folder(tmp_path).iterdir())) == 2


def test_the_processes_of_a_node_are_added_up(tmp_path):
    _count_and_die(tmp_path, "web:0")
    _count_and_die(tmp_path, "web:1")
    _count_and_die(tmp_path, "digest:0")

    assert _value(tmp_path, "mesher_quarantined_records_total") == 3
    labels = {"endpoint": "envelope", "status": "200"}
    assert _value(tmp_path, "mesher_receive_seconds_count", labels) == 3


def test_a_new_start_forgets_its_own_processes_alone(tmp_path):
    _count_and_die(tmp_path, "web:0")
    _count_and_die(tmp_path, "digest:0")

    prepare_metrics(tmp_path, ["web:0"])

    assert _value(tmp_path, "mesher_quarantined_records_total") == 1


def test_the_disk_is_taken_at_the_start_so_that_a_full_one_cannot_end_the_process(tmp_path):
    _count_and_die(tmp_path, "web:0")

    for path in metrics_folder(tmp_path).iterdir():
        stat = path.stat()
        assert stat.st_blocks * 512 >= stat.st_size


def test_without_room_a_process_counts_for_itself_alone(tmp_path):
    (tmp_path / "metrics").write_text("in the way")

    _count_and_die(tmp_path, "web:0")

    assert (tmp_path / "metrics").read_text() == "in the way"
