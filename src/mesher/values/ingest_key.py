"""What receive knows of who may send."""

from __future__ import annotations

import uuid

import msgspec

from mesher.values.ingest_settings import IngestSettings


class IngestKey(msgspec.Struct, frozen=True, kw_only=True):
    """One unrevoked key and its project."""

    public_key: str  # as it stands in a DSN: without the mshr_ prefix
    project_id: uuid.UUID
    project_number: int
    settings: IngestSettings = IngestSettings()
