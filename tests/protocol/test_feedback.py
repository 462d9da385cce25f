"""What people write about an error, in both forms."""

from __future__ import annotations

import contextlib
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.protocol.feedback import Feedback, read_feedback, read_user_report

ID = uuid.UUID("9ec79c33ec9942ab8353589fcb2e04dc")
OWN = uuid.UUID(int=5)


def new_form(**given) -> bytes:
    return json.dumps({"type": "feedback", "contexts": {"feedback": given}}).encode()


def test_a_user_report_names_its_event():
    report = {"event_id": ID.hex, "name": "Eva", "email": "e@x.example", "comments": " it broke "}
    read = read_user_report(json.dumps(report).encode())
    assert read == Feedback(ID, "Eva", "e@x.example", "it broke", "")


def test_a_user_report_without_an_event_is_about_that_of_its_envelope():
    assert read_user_report(b'{"comments":"a"}', event_id=OWN).event_id == OWN
    with pytest.raises(ProtocolError) as refused:
        read_user_report(b'{"comments":"a"}')
    assert refused.value.field == "event_id"


def test_feedback_is_about_the_event_it_names_or_stands_for_itself():
    read = read_feedback(
        new_form(message="a", contact_email="e@x.example", associated_event_id=str(ID), url="u"),
        event_id=OWN,
    )
    assert read == Feedback(ID, "", "e@x.example", "a", "u")
    assert read_feedback(new_form(message="a"), event_id=OWN).event_id == OWN


def test_long_texts_are_cut_and_other_types_count_as_absent():
    read = read_feedback(new_form(message="x" * 5000, name=7, url=None), event_id=OWN)
    assert (len(read.comments), read.name, read.url) == (4096, "", "")


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"comments":""}', b'{"comments":7}', b'{"contexts":{"feedback":{}}}',
     b'{"contexts":{"feedback":[]}}', b'{"contexts":7}'],
)  # fmt: skip
def test_what_says_nothing_is_refused(payload):
    with pytest.raises(ProtocolError):
        read_user_report(payload, event_id=OWN)
    with pytest.raises(ProtocolError):
        read_feedback(payload, event_id=OWN)


@given(st.binary(max_size=200))
def test_any_bytes_give_feedback_or_a_protocol_error(data):
    for read in (read_user_report, read_feedback):
        with contextlib.suppress(ProtocolError):
            read(data, event_id=OWN)
