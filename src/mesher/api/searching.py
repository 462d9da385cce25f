"""The parameters that lists and figures of issues and events have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar.params import QueryParameter

# The framework keeps the name ``query`` for itself.
QueryText = Annotated[
    str, QueryParameter(name="query", description="what to find, in the language of docs/search.md")
]
Since = Annotated[
    datetime | None,
    QueryParameter(name="since", description="from when events count; 14 days ago if absent"),
]
Until = Annotated[
    datetime | None, QueryParameter(name="until", description="until when; now if absent")
]
Environment = Annotated[
    str | None, QueryParameter(name="environment", description="only events of this environment")
]
