"""What each route for Sentry's clients asks of its caller (``accounts.needs``)."""

from __future__ import annotations

from typing import Final

from mesher.accounts.needs import Need, Needs

_ANY = Need(scope="any", session=True)
_CI = Need(scope="ci")
_CI_READS = Need(scope="ci", session=True)
_READ = Need(scope="read", session=True)

SENTRY_NEEDS: Final[Needs] = {
    "get_api_info": Need(public=True, note="Says what the token is good for, if one is sent."),
    "list_organizations": _ANY,
    "get_organization": _ANY,
    "list_projects": _ANY,
    "list_repositories": _ANY,
    "list_monitors": _READ,
    "list_releases": _ANY,
    "create_release": _CI,
    "get_release": _ANY,
    "update_release": _CI,
    "delete_release": _CI,
    "list_commits": _ANY,
    "get_previous_with_commits": _ANY,
    "list_deploys": _ANY,
    "create_deploy": _CI,
    "get_chunk_options": _CI_READS,
    "upload_chunks": _CI,
    "assemble_bundle": _CI,
    "assemble_release_bundle": _CI,
    "assemble_debug_files": _CI,
    "list_debug_files": _ANY,
    "upload_archive": _CI,
    "list_unknown": _CI_READS,
    "list_issues": _READ,
    "update_issues": Need(scope="write"),
    "list_events": _READ,
    "request_reprocessing": _CI,
}
