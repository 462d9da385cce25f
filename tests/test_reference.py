"""The reference of the API, as a page."""

from __future__ import annotations

import re

from serving import Client, client  # noqa: F401 - a fixture


def test_it_shows_every_operation_and_schema_of_the_document(client: Client) -> None:  # noqa: F811
    document = client.get("/api/v1/openapi.json").json()
    page = client.get("/api/reference")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    shown = set(re.findall(r'<section class="card operation" id="(\w+)"', page.text))
    assert shown == {
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
    }
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page.text


def test_each_link_within_it_leads_somewhere_and_none_elsewhere(client: Client) -> None:  # noqa: F811
    page = client.get("/api/reference").text
    places = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places | {"main"}
    assert not re.search(r"<script|src=.https?://|href=.https?://", page)
