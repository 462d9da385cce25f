"""The examples of docs/grouping-rules.md are rules that can be read."""

from __future__ import annotations

import re
from pathlib import Path

from mesher.grouping.rules.language import parse_rules

PAGE = Path(__file__).parents[3] / "docs" / "grouping-rules.md"


def test_every_example_can_be_read():
    blocks = re.findall(r"(?:^    .*\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    examples = [block for block in blocks if block.lstrip().startswith("#")]
    assert len(examples) == 4
    for example in examples:
        rules, errors = parse_rules(re.sub(r"^    ", "", example, flags=re.MULTILINE))
        assert errors == []
        assert rules
