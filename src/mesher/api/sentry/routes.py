"""
``/api/0``: the table of contents.

``.../user-feedback/`` belongs to ``ingest.routes``: it is sent with a DSN.
"""

from __future__ import annotations

import re

from litestar import Router, delete, get, post, put

from mesher.api.sentry import debug_files, deploys, inventory, issues, releases, uploads
from mesher.api.sentry.bodies import MAX_JSON_BYTES
from mesher.uploads.form import MAX_FORM_BYTES

_ORG = "/organizations/{org_id:str}"
_PROJECT = "/projects/{org_id:str}/{project_id:str}"
_RELEASES = [f"{_ORG}/releases", f"{_PROJECT}/releases"]
_RELEASE = [f"{path}/{{version:str}}" for path in _RELEASES]
_UPLOAD = re.compile(
    r"/api/0/(?:organizations/[^/]+/chunk-upload|projects/[^/]+/[^/]+/files/dsyms)/?"
)


def is_upload(path: str) -> bool:
    """Whether a request to this path may take as long as an upload."""
    return _UPLOAD.fullmatch(path) is not None


def sentry_router() -> Router:
    """Every address that sentry-cli and the bundler plugins ask."""
    return Router(
        path="/api/0",
        include_in_schema=False,
        request_max_body_size=MAX_JSON_BYTES,
        route_handlers=[
            get("/")(inventory.get_api_info),
            get("/organizations")(inventory.list_organizations),
            get(_ORG)(inventory.get_organization),
            get(f"{_ORG}/projects")(inventory.list_projects),
            get(f"{_ORG}/repos")(inventory.list_repositories),
            get(f"{_ORG}/monitors")(inventory.list_monitors),
            get(_RELEASES)(releases.list_releases),
            post(_RELEASES)(releases.create_release),
            get(_RELEASE)(releases.get_release),
            put(_RELEASE)(releases.update_release),
            delete(_RELEASE)(releases.delete_release),
            get([f"{path}/commits" for path in _RELEASE])(releases.list_commits),
            get(f"{_ORG}/releases/{{version:str}}/previous-with-commits")(
                releases.get_previous_with_commits
            ),
            get(f"{_ORG}/releases/{{version:str}}/deploys")(deploys.list_deploys),
            post(f"{_ORG}/releases/{{version:str}}/deploys")(deploys.create_deploy),
            get(f"{_ORG}/chunk-upload")(uploads.get_chunk_options),
            post(f"{_ORG}/chunk-upload", status_code=200, request_max_body_size=MAX_FORM_BYTES)(
                uploads.upload_chunks
            ),
            post(f"{_ORG}/artifactbundle/assemble", status_code=200)(uploads.assemble_bundle),
            post(f"{_ORG}/releases/{{version:str}}/assemble", status_code=200)(
                uploads.assemble_release_bundle
            ),
            post(f"{_PROJECT}/files/difs/assemble", status_code=200)(
                debug_files.assemble_debug_files
            ),
            get(f"{_PROJECT}/files/dsyms")(debug_files.list_debug_files),
            post(f"{_PROJECT}/files/dsyms", status_code=200, request_max_body_size=MAX_FORM_BYTES)(
                debug_files.upload_archive
            ),
            get(f"{_PROJECT}/files/dsyms/unknown")(debug_files.list_unknown),
            get(f"{_PROJECT}/issues")(issues.list_issues),
            put(f"{_PROJECT}/issues")(issues.update_issues),
            get(f"{_PROJECT}/events")(issues.list_events),
            post(f"{_PROJECT}/reprocessing", status_code=200)(debug_files.request_reprocessing),
        ],
    )
