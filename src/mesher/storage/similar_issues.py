"""Issues that are like one: those that share a band of its signature, compared in full."""

from __future__ import annotations

import msgspec
from sqlalchemy import text

from mesher.similarity import Likeness, bands, features, likeness
from mesher.storage.database import ReadConnection
from mesher.types import Issue

# Of the issues that share most bands. Reading and comparing them takes some milliseconds.
MAX_CANDIDATES = 50
# Bands that more issues share say little: of such, some.
MAX_OF_BAND = 300
MAX_SIMILAR = 10
# Below this, two issues share little more than common words.
MIN_SCORE = 0.3

_COLUMNS = ", ".join(f"i.{name}" for name in Issue.__fields__())

# Each band by idx_issue_signatures_bands, and only those issues then read that share most: PostgreSQL
# takes the bands of a signature for independent, and asked for all of them at once it would rather read
# every issue. The bands hold the project already; the condition is what isolates.
_FIND_CANDIDATES = text(f"""
    WITH sharing AS MATERIALIZED (
        SELECT s.issue_id, count(*) AS bands
        FROM unnest(CAST(:bands AS bigint[])) AS wanted (band),
        LATERAL (
            SELECT s.issue_id FROM issue_signatures AS s
            WHERE s.bands @> ARRAY[wanted.band]
            LIMIT :of_band
        ) AS s
        GROUP BY 1
        ORDER BY 2 DESC
        LIMIT :of_band
    )
    SELECT {_COLUMNS}
    FROM sharing JOIN issues AS i ON i.id = sharing.issue_id
    WHERE i.project_id = :project_id AND i.id <> :issue_id
    ORDER BY sharing.bands DESC, i.last_seen DESC, i.id
    LIMIT :limit
""")


class SimilarIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that is like another, and by what."""

    issue: Issue
    likeness: Likeness


async def find_similar(conn: ReadConnection, issue: Issue) -> list[SimilarIssue]:
    """The most similar issues of the same project, the most similar first, at most 10."""
    own = features(issue.title, issue.grouping)
    result = await conn.execute(
        _FIND_CANDIDATES,
        {
            "bands": bands(own, issue.project_id),
            "project_id": issue.project_id,
            "issue_id": issue.id,
            "of_band": MAX_OF_BAND,
            "limit": MAX_CANDIDATES,
        },
    )
    candidates = [Issue.from_row(row) for row in result.mappings()]
    found = [
        SimilarIssue(issue=one, likeness=likeness(own, features(one.title, one.grouping)))
        for one in candidates
    ]
    similar = [one for one in found if one.likeness.score >= MIN_SCORE]
    return sorted(similar, key=lambda one: -one.likeness.score)[:MAX_SIMILAR]
