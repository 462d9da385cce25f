"""
The schema types, each declared once: table, fields, keys, relationships, JSON form and row mapping
all derive from the declaration. Imports nothing of ours but ``values``.

Beside them stand the value types of ``values`` that belong to the schema (``EventPayload`` and the
like) and, in ``alerting``, ``ingestion``, ``audit``, ``companions``, ``bindings``, ``invitations``, ``privacy``,
``artifacts``, ``releases``, ``removals``, ``saved_searches`` and ``triage``, the operational tables, so that ``metadata`` is
the whole database.
"""

from mesher.types import (  # noqa: F401 - their tables join the metadata
    alerting,
    artifacts,
    audit,
    bindings,
    companions,
    counts,
    idempotency,
    identities,
    ingestion,
    invitations,
    live,
    passkeys,
    password_resets,
    privacy,
    releases,
    removals,
    saved_searches,
    second_factors,
    triage,
)
from mesher.types.alert import (
    ALERT_STATUSES,
    Alert,
    AlertRule,
    AlertSnapshot,
    AlertStatus,
)
from mesher.types.declaration import Relationship, SchemaType, metadata
from mesher.types.event import Event
from mesher.types.issue import ISSUE_STATUSES, Issue, IssueStatus
from mesher.types.project import ApiKey, Organization, Project
from mesher.types.retention import RetentionSettings
from mesher.types.user import (
    ROLES,
    TOKEN_SCOPES,
    ApiToken,
    OrgMembership,
    Role,
    Session,
    TokenScope,
    User,
)
from mesher.values.alert_condition import AlertCondition
from mesher.values.event import (
    SEVERITIES,
    Breadcrumb,
    EventPayload,
    ExceptionInfo,
    Severity,
    StackFrame,
)

# In the order of the data model; ``ApiToken`` came with a later migration.
SCHEMA_TYPES: tuple[type[SchemaType], ...] = (
    Organization,
    Project,
    ApiKey,
    User,
    OrgMembership,
    Session,
    Event,
    Issue,
    AlertRule,
    Alert,
    RetentionSettings,
    ApiToken,
)

__all__ = [
    "ALERT_STATUSES",
    "ISSUE_STATUSES",
    "ROLES",
    "SCHEMA_TYPES",
    "SEVERITIES",
    "TOKEN_SCOPES",
    "Alert",
    "AlertCondition",
    "AlertRule",
    "AlertSnapshot",
    "AlertStatus",
    "ApiKey",
    "ApiToken",
    "Breadcrumb",
    "Event",
    "EventPayload",
    "ExceptionInfo",
    "Issue",
    "IssueStatus",
    "OrgMembership",
    "Organization",
    "Project",
    "Relationship",
    "RetentionSettings",
    "Role",
    "SchemaType",
    "Session",
    "Severity",
    "StackFrame",
    "TokenScope",
    "User",
    "metadata",
]
