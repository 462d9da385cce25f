"""Projects with uploads, for tests that need the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from mesher.storage.artifacts import keep_bundle


class Place(NamedTuple):
    """Where uploads go."""

    org_id: uuid.UUID
    project_id: uuid.UUID


def new_place(conn: psycopg.Connection, slug: str = "shop") -> Place:
    """A new organisation with a project."""
    org = conn.execute(
        "INSERT INTO organizations (name, slug) VALUES (%s, %s) RETURNING id", (slug, slug)
    ).fetchall()[0][0]
    project = conn.execute(
        "INSERT INTO projects (org_id, name) VALUES (%s, 'web') RETURNING id", (org,)
    ).fetchall()[0][0]
    return Place(org, project)


def upload(conn: psycopg.Connection, place: Place, blob: bytes, release: str | None = None) -> None:
    """Upload a source bundle to a project, as an upload that is complete is kept."""
    upload_for(conn, place.org_id, [place.project_id], blob, release)


def upload_for(
    conn: psycopg.Connection,
    org_id: uuid.UUID,
    project_ids: Sequence[uuid.UUID],
    blob: bytes,
    release: str | None = None,
) -> None:
    """The same to several."""
    with conn.transaction():
        keep_bundle(
            conn, org_id=org_id, project_ids=project_ids, release=release, dist=None, blob=blob
        )
