"""What a client says of its own cuts and removals."""

from __future__ import annotations

import pytest

from mesher.protocol import limits
from mesher.protocol.annotations import annotated_changes


@pytest.mark.parametrize(
    ("meta", "changes", "why"),
    [
        (None, [], "nothing"),
        (
            {"message": {"": {"len": 9000, "rem": [["!limit", "x", 509, 512]]}}},
            [("value_too_long", "message", 9000)],
            "a text was cut",
        ),
        ({"extra": {"a": {"": {"len": 17}}}}, [("value_too_long", "extra.a", 17)], "a list was"),
        ({"a": {"": {"rem": [["!limit", "x"]]}}}, [("value_too_long", "a", None)], "no length"),
        (
            {"request": {"headers": {"a": {"": {"rem": [["!config", "s"]]}}}}},
            [("redacted", "request.headers.a", "!config")],
            "a value was removed",
        ),
        (
            {"a": {"": {"err": [["invalid_data", {"reason": "r"}]]}}, "b": {"": {"err": ["odd"]}}},
            [("invalid_data", "a", None), ("odd", "b", None)],
            "something could not be read",
        ),
        ({"": {"len": 1}}, [("value_too_long", "", 1)], "the event as a whole"),
        ({"": 7, "a": {"": {"rem": [[]], "err": [7]}}, "b": "c"}, [], "other forms say nothing"),
    ],
)
def test_annotations_are_read_as_notes(meta, changes, why):
    found = annotated_changes(meta)
    assert [(change.type, change.name, change.value) for change in found] == changes, why


def test_a_tower_of_annotations_is_dropped(read, noted):
    tower = {"": {"len": 1}}
    for _ in range(limits.MAX_ANNOTATION_DEPTH + 1):
        tower = {"a": tower}
    event = read({"_meta": tower, "message": "kept"})
    assert event.meta is None
    assert event.logentry.formatted == "kept"
    assert noted(event) == [("invalid_data", "_meta")]
