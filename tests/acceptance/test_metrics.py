"""The metrics of a whole node: every stage, and every process."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from acceptance.load import kill
from acceptance.mesher_process import MesherProcess, wait_for
from mesher.metric_files import metrics_token


def _samples(mesher: MesherProcess) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {metrics_token(mesher.data_dir)}"}
    answer = httpx.get(f"{mesher.ready['url']}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def test_an_event_is_seen_in_each_stage_and_a_killed_process_takes_no_count_along(
    mesher: MesherProcess,
) -> None:
    before = _samples(mesher).get("mesher_items_total error stored ", 0)
    mesher.post_native("events", {"message": "measured"}).raise_for_status()
    mesher.post_native("events", "no event")

    def stored() -> dict[str, float] | None:
        found = _samples(mesher)
        is_stored = found.get("mesher_items_total error stored ", 0) > before
        # The refusal above becomes a record within a second, and waits for a moment as others do.
        return found if is_stored and found["mesher_journal_waiting_records 000"] == 0 else None

    counted = wait_for("a stored event in the metrics", stored)
    assert counted["mesher_receive_seconds_count native_event 200"] >= 1
    assert counted["mesher_receive_seconds_count native_event 400"] >= 1
    assert counted["mesher_journal_group_records_count"] >= 1
    assert counted["mesher_journal_flush_seconds_count"] >= 1
    assert counted["mesher_digest_batch_records_sum"] >= 1
    for stage in ("read", "digest", "store"):
        assert counted[f"mesher_digest_seconds_count {stage}"] >= 1
    assert counted["mesher_quarantined_records_total"] == 0

    for kind in ("web", "digest"):
        kill(mesher, kind)
    wait_for("a Mesher that is ready", mesher.is_ready)
    after = _samples(mesher)
    for name, value in counted.items():
        if name.endswith(("_total", "_count", "_sum")):
            assert after[name] >= value, name
