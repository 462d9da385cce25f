"""Files and feedback of events over the API; no file is ever shown in place."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mesher.storage.connection import connect
from mesher.storage.new_attachments import NewAttachment, insert_attachments
from mesher.storage.new_feedback import NewFeedback, insert_feedback
from tenants import Tenant

NAME = "täter <b>.html"


@pytest.fixture
def event_id(store: Any) -> str:
    return store({"message": "it broke"})[0]


@pytest.fixture
def path(database_url: str, tenant: Tenant, event_id: str) -> str:
    """The address of the attachments of an event that has one."""
    file = NewAttachment(
        project_id=tenant.project.id,
        event_id=uuid.UUID(event_id),
        received_at_us=1_700_000_000_000_000,
        name=NAME,
        content_type="text/html",
        attachment_type="event.attachment",
        data=b"<script>alert(1)</script>",
    )
    with connect(database_url, application_name="test") as conn:
        assert [key.outcome for key in insert_attachments(conn, [file], set())] == ["stored"]
    return f"/projects/{tenant.project.id}/events/{event_id}/attachments"


def test_the_list_says_what_a_file_is_without_its_bytes(call: Any, path: str) -> None:
    (file,) = call("GET", path).json()
    assert file["name"] == NAME
    assert (file["content_type"], file["size_bytes"]) == ("text/html", 25)
    assert "data" not in file


def test_a_file_is_downloaded_under_its_name_and_never_shown_in_place(call: Any, path: str) -> None:
    (file,) = call("GET", path).json()
    answer = call("GET", f"{path}/{file['id']}")

    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    disposition = answer.headers["content-disposition"]
    assert disposition == "attachment; filename*=UTF-8''t%C3%A4ter%20%3Cb%3E.html"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_tenant_finds_neither_the_list_nor_the_file(
    client: Any, call: Any, path: str
) -> None:
    (file,) = call("GET", path).json()
    other = client.make_tenant("bob")
    headers = {"authorization": f"Bearer {other.tokens['admin']}"}
    for address in (path, f"{path}/{file['id']}"):
        assert client.get(f"/api/v1{address}", headers=headers).status_code == 404
    own = f"/api/v1/projects/{other.project.id}/events/{path.split('/')[4]}/attachments"
    assert client.get(own, headers=headers).json() == []
    assert client.get(f"{own}/{file['id']}", headers=headers).status_code == 404


@pytest.mark.parametrize("name", ["nothing", str(uuid.UUID(int=1))])
def test_a_file_that_is_not_there_is_not_found(call: Any, path: str, name: str) -> None:
    assert call("GET", f"{path}/{name}").status_code == 404


def test_deleting_an_issue_deletes_the_files_of_its_events(
    call: Any, tenant: Tenant, path: str
) -> None:
    (issue,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    call("DELETE", f"/issues/{issue['id']}", scope="admin")
    assert call("GET", path).json() == []


def test_feedback_is_listed_under_its_event_until_the_issue_is_deleted(
    client: Any, call: Any, database_url: str, tenant: Tenant, event_id: str
) -> None:
    said = NewFeedback(
        project_id=tenant.project.id,
        event_id=uuid.UUID(event_id),
        received_at_us=1_700_000_000_000_000,
        name="Eva",
        email="eva@example.com",
        comments="the till is locked",
        url="https://shop.example/",
    )
    with connect(database_url, application_name="test") as conn:
        assert [key.outcome for key in insert_feedback(conn, [said])] == ["stored"]
    path = f"/projects/{tenant.project.id}/events/{event_id}/feedback"

    (found,) = call("GET", path).json()
    assert (found["name"], found["comments"]) == ("Eva", "the till is locked")
    other = client.make_tenant("bob")
    headers = {"authorization": f"Bearer {other.tokens['admin']}"}
    assert client.get(f"/api/v1{path}", headers=headers).status_code == 404

    (issue,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    call("DELETE", f"/issues/{issue['id']}", scope="admin")
    assert call("GET", path).json() == []
