"""The note of the work in hand, by which a record that kills its process is recognised."""

from __future__ import annotations

from mesher.ingest.marker import Marker, noted_position


def test_a_process_that_ended_its_work_leaves_no_suspicion(tmp_path):
    marker = Marker(tmp_path / "note")
    marker.begin(10, 20)
    marker.end(20)
    marker.close()

    assert Marker(tmp_path / "note").unfinished_until == 0


def test_a_process_that_died_leaves_the_records_it_had_in_hand(tmp_path):
    Marker(tmp_path / "note").begin(10, 20)

    assert Marker(tmp_path / "note").unfinished_until == 20


def test_each_death_on_the_same_record_is_counted(tmp_path):
    assert Marker(tmp_path / "note").begin(10, 20) == 0
    assert Marker(tmp_path / "note").begin(10, 11) == 1
    assert Marker(tmp_path / "note").begin(10, 11) == 2


def test_a_death_on_another_record_is_counted_apart(tmp_path):
    Marker(tmp_path / "note").begin(10, 20)

    marker = Marker(tmp_path / "note")
    assert marker.begin(10, 11) == 1
    marker.end(11)
    assert marker.begin(11, 12) == 0


def test_the_position_that_was_reached_can_be_read_by_others(tmp_path):
    assert noted_position(tmp_path / "note") == 0
    marker = Marker(tmp_path / "note")
    marker.begin(10, 20)
    assert noted_position(tmp_path / "note") == 10

    marker.end(20)
    assert noted_position(tmp_path / "note") == 20
