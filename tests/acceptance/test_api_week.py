"""docs/api-week.md is true: its blocks, in their order, are a script that runs against a real Mesher."""

from __future__ import annotations

import re

import pytest

from acceptance.conftest import REPOSITORY
from acceptance.mesher_process import MesherProcess

DOCUMENT = REPOSITORY / "docs" / "api-week.md"


def compose_script() -> str:
    """The Python of the document, each line with the number that it has there."""
    text = DOCUMENT.read_text("utf-8")
    script = ""
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        lines_before = text.count("\n", 0, block.start(1))
        script += "\n" * (lines_before - script.count("\n")) + block[1]
    return script


def test_a_script_that_uses_the_api_alone_does_all_that_an_operator_does_in_a_week(
    mesher: MesherProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESHER_URL", mesher.ready["url"])
    monkeypatch.setenv("MESHER_TOKEN", mesher.ready["api_token"])
    script = compile(compose_script(), DOCUMENT, "exec", dont_inherit=True)
    week: dict[str, object] = {}
    exec(script, week)  # noqa: S102 - it is our own document
    assert week["volume"], "the last block was not reached"
