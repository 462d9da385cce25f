"""Settings as they are kept: what does not fit never stops ingestion."""

from __future__ import annotations

import uuid

import pytest
import structlog.testing

from mesher.storage.kept_settings import decode_settings
from mesher.values.ingest_settings import IngestSettings


def test_what_is_not_set_has_its_default():
    assert decode_settings(uuid.uuid4(), "{}") == IngestSettings()


@pytest.mark.parametrize(
    "stored",
    [
        '{"from_a_newer_version": 1, "filter_localhost": true}',
        '{"window_seconds": "a minute", "filter_localhost": true}',
        '{"filter_addresses": ["nowhere"], "filter_localhost": true}',
    ],
)
def test_what_is_unknown_or_does_not_fit_counts_as_not_set_and_the_rest_holds(stored):
    assert decode_settings(uuid.uuid4(), stored) == IngestSettings(filter_localhost=True)


def test_a_value_that_does_not_fit_is_logged_once_however_often_it_is_read():
    project_id = uuid.uuid4()
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            decode_settings(project_id, '{"spike_factor": -1}')
    [line] = logs
    assert (line["event"], line["setting"]) == ("ingest_setting_ignored", "spike_factor")
    assert line["project_id"] == str(project_id)
