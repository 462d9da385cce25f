"""Debug files of native code and mappings of Java code: kept, found for an event, and listed."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.errors import NotFound, ProtocolError
from mesher.storage.artifacts import digest_id, keep_file
from mesher.symbolication.files import DebugObject
from mesher.symbolication.limits import MAX_NAME_CHARACTERS

_COLUMNS = (
    "id, debug_id, code_id, name, format, kind, arch, features, sha1, size_bytes, uploaded_at"
)


class DebugFile(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a debug file that was uploaded for a project, without its bytes."""

    id: uuid.UUID
    debug_id: str  # a uuid with hyphens, and for some formats a suffix; may be empty
    code_id: str
    name: str
    format: str  # elf, macho, pdb, breakpad, proguard, ...
    kind: str  # exe, lib, dbg, ...; empty for mappings
    arch: str
    features: list[str]
    sha1: bytes
    size_bytes: int
    uploaded_at: datetime


def keep_debug_file(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    name: str,
    debug_id: str | None,
    blob: bytes,
) -> DebugFile:
    """
    Keep a debug file for a project; the caller commits. The same file again renews its time.

    Takes a second of one core for a large file: run it in a thread or a job.

    Args:
        conn: in a transaction.
        project_id: that the caller may change.
        name: as it was uploaded.
        debug_id: under which it was uploaded, for files that do not hold their own.
        blob: the assembled file.

    Returns:
        The object with that debug id, else the first that the file holds.

    Raises:
        ProtocolError: it is of no kind that can be used, or its name is not one.
        TooLarge: it is over a limit of ``symbolication/limits.py``.
        NotFound: there is no such project.
        psycopg.Error: as the server says.
    """
    # Here, because the library that it loads is of use to nobody who only asks for what is kept.
    from mesher.symbolication.debug_file import read_debug_file  # noqa: PLC0415

    if "\0" in name or len(name) > MAX_NAME_CHARACTERS:
        raise ProtocolError("the debug file's name is too long, or holds a NUL", field="name")
    objects = read_debug_file(blob, debug_id=debug_id)
    org = conn.execute("SELECT org_id FROM projects WHERE id = %s", (project_id,)).fetchone()
    if org is None:
        raise NotFound("there is no such project")
    sha1 = keep_file(conn, org[0], blob)
    kept = [
        _insert(
            conn,
            found,
            org_id=org[0],
            project_id=project_id,
            name=name,
            sha1=sha1,
            size_bytes=len(blob),
        )
        for found in objects
    ]
    wanted = (debug_id or "").lower()
    return next((file for file in kept if file.debug_id == wanted), kept[0])


def find_debug_file(
    conn: Connection[TupleRow], project_id: uuid.UUID, debug_id: str, *, feature: str
) -> tuple[uuid.UUID, DebugFile] | None:
    """
    The newest object with a debug id that has a feature (debug, symtab, mapping).

    Returns:
        The organisation, by which its bytes are read, and the object.
    """
    # By idx_debug_files_debug_id.
    row = conn.execute(
        f"""
        SELECT org_id, {_COLUMNS} FROM debug_files
        WHERE project_id = %s AND debug_id = %s AND %s = ANY (features)
        ORDER BY uploaded_at DESC
        LIMIT 1
        """,
        (project_id, debug_id, feature),
    ).fetchone()
    return (row[0], _debug_file(row[1:])) if row else None


def find_by_checksums(
    conn: Connection[TupleRow], project_id: uuid.UUID, checksums: list[bytes]
) -> list[DebugFile]:
    """The objects of the files with these SHA-1 sums that the project has."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM debug_files WHERE project_id = %s AND sha1 = ANY (%s)"
        " ORDER BY uploaded_at DESC",
        (project_id, checksums),
    )
    return [_debug_file(row) for row in rows]


def list_debug_files(
    conn: Connection[TupleRow], project_id: uuid.UUID, *, limit: int
) -> list[DebugFile]:
    """What a project has uploaded, newest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM debug_files WHERE project_id = %s"
        " ORDER BY uploaded_at DESC LIMIT %s",
        (project_id, limit),
    )
    return [_debug_file(row) for row in rows]


def _debug_file(row: TupleRow) -> DebugFile:
    return DebugFile(**dict(zip(DebugFile.__struct_fields__, row, strict=True)))


def _insert(
    conn: Connection[TupleRow],
    found: DebugObject,
    *,
    org_id: uuid.UUID,
    project_id: uuid.UUID,
    name: str,
    sha1: bytes,
    size_bytes: int,
) -> DebugFile:
    file_id = digest_id(project_id, found.debug_id, found.code_id, found.arch, sha1)
    row = conn.execute(
        f"""
        INSERT INTO debug_files (id, org_id, project_id, debug_id, code_id, name, format, kind,
            arch, features, sha1, size_bytes)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET uploaded_at = now(), name = excluded.name
        RETURNING {_COLUMNS}
        """,
        (
            file_id,
            org_id,
            project_id,
            found.debug_id,
            found.code_id,
            name,
            found.format,
            found.kind,
            found.arch,
            list(found.features),
            sha1,
            size_bytes,
        ),
    ).fetchall()[0]
    return _debug_file(row)
