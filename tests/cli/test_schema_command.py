"""``mesher schema`` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys

from mesher.types import SCHEMA_TYPES


def schema(*arguments: str) -> str:
    command = [sys.executable, "-m", "mesher", "schema", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_json_form_lists_every_type_with_fields_key_and_relationships():
    printed = json.loads(schema("--format", "json"))
    assert [entry["type"] for entry in printed] == [declared.__name__ for declared in SCHEMA_TYPES]
    api_key = printed[2]
    assert api_key["table"] == "api_keys"
    assert api_key["primary_key"] == "id"
    assert [field["name"] for field in api_key["fields"] if field["optional"]] == ["revoked_at"]
    assert api_key["relationships"] == [
        {"kind": "belongs_to", "name": "project", "target": "Project"}
    ]


def test_the_table_names_every_type():
    printed = schema()
    for declared in SCHEMA_TYPES:
        assert declared.__name__ in printed


def test_the_diagram_draws_each_relationship_once():
    lines = schema("--format", "mermaid").splitlines()
    assert lines[0] == "erDiagram"
    links = [line for line in lines if "||--o{" in line]
    assert "    Issue ||--o{ Event : events" in links
    assert len(links) == len({tuple(line.split()[:3]) for line in links})
