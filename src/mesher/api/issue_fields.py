"""What bodies of requests say about issues, for the OpenAPI document."""

from __future__ import annotations

from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema

from mesher.triage.asked import MAX_AWAITED_EVENTS, MAX_REFERENCE_CHARACTERS, MAX_WINDOW_MINUTES
from mesher.types import ISSUE_STATUSES

_YES = Schema(type=OpenAPIType.BOOLEAN)

STATUS = Schema(type=OpenAPIType.STRING, enum=list(ISSUE_STATUSES))
RESOLUTION = Schema(
    type=OpenAPIType.OBJECT,
    description="In which release it is fixed, by one of these; as of now without any.",
    properties={
        "in_release": Schema(
            type=OpenAPIType.STRING,
            min_length=1,
            max_length=MAX_REFERENCE_CHARACTERS,
            description="A version that the project has a release of.",
        ),
        "in_current_release": _YES,
        "in_next_release": _YES,
    },
)
ARCHIVE = Schema(
    type=OpenAPIType.OBJECT,
    description="What ends it, whichever comes first; for ever without any.",
    properties={
        "until": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
        "events": Schema(
            type=OpenAPIType.INTEGER,
            minimum=1,
            maximum=MAX_AWAITED_EVENTS,
            description="How many more have to come; within a window at most 1000.",
        ),
        "window_minutes": Schema(
            type=OpenAPIType.INTEGER,
            minimum=1,
            maximum=MAX_WINDOW_MINUTES,
            description="Within which the events have to come.",
        ),
        "until_escalating": _YES,
    },
)
ASSIGNED_TO = Schema(
    type=[OpenAPIType.STRING, OpenAPIType.NULL],
    min_length=1,
    max_length=MAX_REFERENCE_CHARACTERS,
    description="The id or e-mail of a member of the organization, or me; null for nobody.",
)


def properties_of(schema: Schema) -> dict[str, Schema]:
    """The properties of one of the objects above, where they are the whole body."""
    found = schema.properties or {}
    return {name: one for name, one in found.items() if isinstance(one, Schema)}
