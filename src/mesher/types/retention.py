"""How long a project's events are kept, and which share of them."""

from __future__ import annotations

from types import MappingProxyType

from sqlalchemy.orm import Mapped

from mesher.types.declaration import SchemaType
from mesher.types.project import Project


class RetentionSettings(SchemaType):
    """A second, narrow view of ``projects``: the two columns that ``Project`` does not carry."""

    __table__ = Project.__table__
    __mapper_args__ = MappingProxyType(
        {"include_properties": ("id", "retention_days", "sample_rate")}
    )

    retention_days: Mapped[int]
    sample_rate: Mapped[float]  # the share of events that is kept, from 0 to 1
