"""
What an organisation has beside events: people, further projects, decisions about issues, comments, alerts, records.

Lists of these are short beside events, but a statement that reads all of them shows here.
"""

from __future__ import annotations

import uuid

import psycopg

MEMBERS = 200
PROJECTS = 50
TOKENS = 200
COMMENTS = 2_000
CHANGES = 20_000
RULES = 100
ALERTS = 20_000

# In this order: later ones refer to what earlier ones made.
_STATEMENTS = (
    """
    INSERT INTO users (email, display_name, password_hash)
    SELECT 'member-' || n || '@example.com', 'Member ' || n, '' FROM generate_series(1, %(members)s) AS n
    """,
    """
    INSERT INTO org_memberships (user_id, org_id)
    SELECT u.id, p.org_id FROM users AS u, projects AS p
    WHERE u.email LIKE 'member-%%' AND p.id = %(project_id)s
    """,
    """
    INSERT INTO projects (org_id, name, slug)
    SELECT p.org_id, 'Project ' || n, 'project-' || n
    FROM projects AS p, generate_series(1, %(projects)s) AS n WHERE p.id = %(project_id)s
    """,
    """
    INSERT INTO api_tokens (user_id, org_id, name, token_hash)
    SELECT m.user_id, m.org_id, 'token ' || n, md5(n::text) || md5((-n)::text)
    FROM generate_series(1, %(tokens)s) AS n
    JOIN LATERAL (
        SELECT m.user_id, m.org_id FROM org_memberships AS m ORDER BY md5(m.user_id::text || n) LIMIT 1
    ) AS m ON true
    """,
    # A third of the issues is resolved, some are somebody's.
    """
    UPDATE issues SET status = 'resolved', substatus = NULL, status_changed_at = now()
    WHERE project_id = %(project_id)s AND ('x' || substr(md5(id::text), 1, 4))::bit(16)::int %% 3 = 0
    """,
    """
    UPDATE issues SET assigned_to = (SELECT id FROM users WHERE email = 'member-1@example.com')
    WHERE project_id = %(project_id)s AND ('x' || substr(md5(id::text), 1, 4))::bit(16)::int %% 50 = 1
    """,
    """
    INSERT INTO issue_activity (project_id, issue_id, about_issue, kind, actor_name, comment)
    SELECT i.project_id, i.id, i.id, k.kind, 'Member 1', CASE k.kind WHEN 'comment' THEN 'Seen again' END
    FROM (
        SELECT * FROM issues WHERE project_id = %(project_id)s ORDER BY event_count DESC LIMIT 1
    ) AS i, generate_series(1, %(comments)s) AS n,
    LATERAL (SELECT CASE n %% 10 WHEN 0 THEN 'comment' ELSE 'assigned' END AS kind) AS k
    """,
    """
    INSERT INTO audit_log
        (org_id, actor_name, action, target_kind, target_id, target_name, details)
    SELECT p.org_id, 'Member 1', 'project.updated', 'project', p.id::text, p.name, '{"name": "x"}'
    FROM projects AS p, generate_series(1, %(changes)s) WHERE p.id = %(project_id)s
    """,
    """
    INSERT INTO alert_rules (project_id, name, condition_json, action_json)
    SELECT %(project_id)s, 'Rule ' || n, '{"condition_type": "new_issue"}', '{}'
    FROM generate_series(1, %(rules)s) AS n
    """,
    """
    INSERT INTO alerts (rule_id, project_id, message, condition_snapshot, triggered_at)
    SELECT r.id, r.project_id, 'Something happened',
        '{"condition": {"condition_type": "new_issue"}, "figures": {"events": 1}}',
        now() - make_interval(mins => n::int)
    FROM alert_rules AS r, generate_series(1, %(alerts)s / %(rules)s) AS n
    WHERE r.project_id = %(project_id)s
    """,
)


def add_surroundings(conn: psycopg.Connection, project_id: uuid.UUID) -> None:
    """Give a project and its organisation what the constants above say; ``conn`` in autocommit mode."""
    values = {
        "project_id": project_id,
        "members": MEMBERS,
        "projects": PROJECTS,
        "tokens": TOKENS,
        "comments": COMMENTS,
        "changes": CHANGES,
        "rules": RULES,
        "alerts": ALERTS,
    }
    with conn.transaction():
        for statement in _STATEMENTS:
            conn.execute(statement, values)
    conn.execute("VACUUM ANALYZE")  # as autovacuum does it after so many rows
