"""Where a form may lead to afterwards."""

from __future__ import annotations


def own_path(path: str) -> str:
    """``path`` if it is one of Mesher's, else the start: no link may lead elsewhere by way of us."""
    # Browsers read backslashes as slashes, and drop control characters.
    leads_elsewhere = not path.startswith("/") or path.startswith(("//", "/\\"))
    return "/" if leads_elsewhere or not path.isprintable() else path
