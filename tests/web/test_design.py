"""The colours of the pages: each text is read on each ground, and docs/design.md tells how well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mesher.web

STYLE = Path(mesher.web.__file__).parent / "static" / "mesher.css"
DOCUMENT = Path(__file__).parents[2] / "docs" / "design.md"
TEXTS = ("ink", "quiet", "link", "fatal", "error", "warning", "info", "debug")
GROUNDS = ("card", "ground", "shade")
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text of any size


def colours(scheme: str) -> dict[str, str]:
    style = STYLE.read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return (
        found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark))
        if scheme == "dark"
        else found
    )


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def table(scheme: str) -> str:
    found = colours(scheme)
    rows = [
        f"| {text} | "
        + " | ".join(f"{contrast(found[text], found[one]):.1f}" for one in GROUNDS)
        + " |"
        for text in TEXTS
    ]
    return "\n".join(rows)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_each_text_is_read_on_each_ground(scheme: str, text: str, ground: str) -> None:
    found = colours(scheme)
    assert contrast(found[text], found[ground]) >= LEAST_CONTRAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_document_tells_the_contrasts(scheme: str) -> None:
    assert table(scheme) in DOCUMENT.read_text("utf-8"), table(scheme)
