"""The record of who changed what."""

from __future__ import annotations

import uuid

import pytest

from mesher.errors import ProtocolError
from mesher.storage.audit_log import Target, list_changes, record_change
from mesher.storage.database import reading, writing
from serving import Client, client  # noqa: F401 - a fixture


def test_changes_are_listed_latest_first_and_page_by_page(client: Client) -> None:  # noqa: F811
    ada, bob = client.make_tenant("ada"), client.make_tenant("bob")
    engine = client.resources.engine

    async def change() -> None:
        async with writing(engine) as conn:
            for tenant, names in ((ada, "abc"), (bob, "x")):
                for name in names:
                    await record_change(
                        conn,
                        org_id=tenant.org_id,
                        actor_id=tenant.user_id,
                        actor_name="ada",
                        action="project.renamed",
                        target=Target(kind="project", id=str(uuid.uuid4()), name=name),
                        details={"name": name},
                    )

    async def read() -> list[list[str]]:
        async with reading(engine) as conn:
            first = await list_changes(conn, ada.org_id, limit=2, cursor=None)
            rest = await list_changes(conn, ada.org_id, limit=2, cursor=first.next_cursor)
            assert rest.next_cursor is None
            with pytest.raises(ProtocolError):
                await list_changes(conn, ada.org_id, limit=2, cursor="no cursor")
        assert first.items[0].details == {"name": "c"}
        return [[one.target.name for one in page.items] for page in (first, rest)]

    client.call(change)
    assert client.call(read) == [["c", "b"], ["a"]]
