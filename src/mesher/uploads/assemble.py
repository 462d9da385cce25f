"""The job that makes an artifact of uploaded chunks."""

from __future__ import annotations

import hashlib
import uuid

import psycopg
import structlog
from psycopg.rows import TupleRow

from mesher.errors import MesherError
from mesher.ids import OrgId
from mesher.storage.artifacts import keep_bundle
from mesher.storage.assembly_work import AssemblyRequest, begin_assembly, finish_assembly
from mesher.storage.debug_files import keep_debug_file
from mesher.storage.upload_chunks import expire_chunks, read_chunks

log = structlog.get_logger(__name__)


def assemble(conn: psycopg.Connection[TupleRow], org_id: OrgId, key: str) -> None:
    """
    Put a file together and keep what is in it; what became of it is in its row.

    May be cut off at any point and repeated: what is kept twice is kept once.

    Args:
        conn: in autocommit mode.
        org_id: whose file it is.
        key: of its row in ``assemblies``.

    Raises:
        psycopg.OperationalError: the database is away; try again.
    """
    request = begin_assembly(conn, org_id, key)
    if request is None:
        return
    try:
        with conn.transaction():
            _keep(conn, org_id, request)
            finish_assembly(conn, org_id, key)
            expire_chunks(conn, org_id, request.chunks)
    except MesherError as error:
        log.warning("upload_refused", kind=request.kind, reason=error.message)
        text = f"{error.message}; {error.hint}" if error.hint else error.message
        finish_assembly(conn, org_id, key, error=text)
    except psycopg.OperationalError:
        raise
    except Exception:
        # Else the client would ask until it gives up, and the job be tried for ever.
        finish_assembly(conn, org_id, key, error="Mesher failed on this file; its log says why")
        raise
    else:
        log.info("upload_kept", kind=request.kind, checksum=request.checksum)


def _keep(conn: psycopg.Connection[TupleRow], org_id: OrgId, request: AssemblyRequest) -> None:
    blob = read_chunks(conn, org_id, request.chunks)
    if blob is None:
        raise MesherError("its chunks are not there any more", hint="upload it again")
    found = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
    if found != request.checksum:
        raise MesherError(
            f"put together, its chunks have the SHA-1 {found} instead of {request.checksum}",
            hint="upload it again",
        )
    target = request.target
    project_ids = [uuid.UUID(text) for text in target.project_ids]
    if request.kind == "artifact_bundle":
        keep_bundle(
            conn,
            org_id=org_id,
            project_ids=project_ids,
            release=target.release,
            dist=target.dist,
            blob=blob,
        )
        return
    keep_debug_file(
        conn,
        project_id=project_ids[0],
        name=target.name or "",
        debug_id=target.debug_id,
        blob=blob,
    )
