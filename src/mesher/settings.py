"""
The configuration, read once from environment variables, and only by ``app``, ``worker``,
``supervisor`` and ``cli``; everything below them is given values.

Each field below is the variable ``MESHER_<FIELD NAME IN CAPITALS>``. ``docs/configuration.md``
lists them; a test compares the two.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mesher.errors import SetupError

PREFIX = "MESHER_"


def default_data_dir() -> Path:
    """The folder for everything that Mesher keeps: the XDG data folder of the current user."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "mesher"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator can set. Units are part of the names."""

    database_url: str = ""  # postgresql://…; empty: `mesher up` runs its own PostgreSQL
    data_dir: Path = msgspec.field(default_factory=default_data_dir)  # journal, embedded database
    host: str = "127.0.0.1"  # address to listen on
    port: int = 8000  # port to listen on
    url: str = ""  # the address people and SDKs use, when it is not http://host:port
    web_processes: int = 1  # receive and pages; each has journal shards of its own
    digest_processes: int = 1  # normalise, group, store
    log_level: str = "info"  # debug, info, warning, error
    log_format: str = "text"  # text for people, json for collectors
    trusted_proxies: str = ""  # networks whose X-Forwarded-For is believed: 10.0.0.0/8,::1
    journal_max_bytes: int = 8 * 1024**3  # receive answers 503 above this backlog on disk

    @property
    def public_url(self) -> str:
        """The address that goes into DSNs and links, without a trailing slash."""
        if self.url:
            return self.url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def load_settings(environ: Mapping[str, str], **overrides: object) -> Settings:
    """
    Read the settings from ``MESHER_*`` variables; ``overrides`` (command-line options) win.

    Args:
        environ: usually ``os.environ``.
        overrides: field name to value; ``None`` means "not given".

    Raises:
        SetupError: names every variable that is unknown or whose value does not fit, all at once.
    """
    known = {f.name: f.type for f in msgspec.structs.fields(Settings)}
    values: dict[str, object] = {}
    problems: list[str] = []
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or not text:
            continue
        name = variable[len(PREFIX) :].lower()
        if name not in known:
            problems.append(f"{variable} is not a setting of Mesher")
            continue
        try:
            values[name] = msgspec.convert(text, known[name], strict=False)
        except msgspec.ValidationError as error:
            problems.append(f"{variable}={text!r}: {error}")
    if problems:
        raise SetupError("; ".join(problems), hint="docs/configuration.md lists every variable")
    values |= {name: value for name, value in overrides.items() if value is not None}
    return Settings(**values)  # type: ignore[arg-type]
