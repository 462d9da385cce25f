"""
The configuration, read once from environment variables, and only by ``app``, ``worker``, ``jobs``,
``supervisor`` and ``cli``; everything below them is given values.

Each field below is the variable ``MESHER_<FIELD NAME IN CAPITALS>``. ``docs/configuration.md``
lists them; a test compares the two.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mesher.errors import SetupError

PREFIX = "MESHER_"
# What no message repeats.
_SECRET = frozenset({"database_url", "oidc_client_secret", "secret_key", "smtp_url"})
ROOT_DATA_DIR = Path("/var/lib/mesher")

# The descriptions complete "expected …" in the message about a value that does not fit.
DatabaseUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(postgres(ql)?://\S+)?$",
        description="a URL like postgresql://user:password@host:5432/database",
    ),
]
Url = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(https?://[^/\s]+\S*)?$", description="a URL like https://errors.example.com"
    ),
]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535, description="a number from 0 to 65535")]
Networks = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-fA-F:./, ]*$",
        description="networks like 10.0.0.0/8,::1 with commas between",
    ),
]
# More processes than this on one machine is a slip of the keyboard: each takes some 50 MB.
Processes = Annotated[int, msgspec.Meta(ge=1, le=64, description="a number from 1 to 64")]
# Below it one flush of large requests (16 MiB) and what is digested already would fill the journal.
Bytes = Annotated[int, msgspec.Meta(ge=64 * 1024**2, description="a number of bytes from 67108864")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    msgspec.Meta(description="debug, info, warning or error"),
]
SmtpUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(smtps?://[^/\s]+)?$",
        description="a URL like smtps://user:password@mail.example.com:465",
    ),
]
Email = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^@\s]+@[^@\s]+$", description="an e-mail address like mesher@example.com"
    ),
]
SecretKey = Annotated[
    str, msgspec.Meta(pattern=r"^(\S{32,})?$", description="at least 32 characters without spaces")
]
NewOrganizations = Annotated[
    Literal["members", "operator"], msgspec.Meta(description="members or operator")
]
LogFormat = Annotated[Literal["text", "json"], msgspec.Meta(description="text or json")]


def default_data_dir() -> Path:
    """
    The folder for everything that Mesher keeps.

    For root it is ``/var/lib/mesher``, where Debian keeps the state of services: PostgreSQL gives
    up root, and root's own home is closed to the user that it becomes. For others it is the XDG
    data folder, ``~/.local/share/mesher``.
    """
    if os.geteuid() == 0:
        return ROOT_DATA_DIR
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "mesher"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator can set. Units are part of the names."""

    database_url: DatabaseUrl = ""  # postgresql://…; empty: `mesher up` runs its own PostgreSQL
    data_dir: Path = msgspec.field(default_factory=default_data_dir)  # journal, embedded database
    host: str = "127.0.0.1"  # address to listen on
    port: Port = 8000  # port to listen on; 0 = any free one
    url: Url = ""  # the address people and SDKs use, when it is not http://host:port
    web_processes: Processes = 1  # receive and pages; each has journal shards of its own
    digest_processes: Processes = 2  # normalise, group, store; one for each core of a small machine
    log_level: LogLevel = "info"
    log_format: LogFormat = "text"  # text for people, json for collectors
    trusted_proxies: Networks = ""  # networks whose X-Forwarded-For is believed: 10.0.0.0/8,::1
    allowed_networks: Networks = ""  # private networks that alerts may be sent to; empty: none
    heartbeat_url: Url = ""  # asked each minute in which alert rules were evaluated; empty: none
    new_organizations: NewOrganizations = "members"  # who makes them: any member, or the CLI alone
    journal_max_bytes: Bytes = 8 * 1024**3  # receive answers 503 above this backlog on disk
    secret_key: SecretKey = ""  # seals stored secrets; empty: a file in the data directory
    smtp_url: SmtpUrl = ""  # the server that sends mail; empty: none is sent
    mail_from: Email = "mesher@localhost"  # whom mail comes from
    oidc_issuer: Url = ""  # the identity provider that people may log in by; empty: none
    oidc_client_id: str = ""  # of Mesher at that provider
    oidc_client_secret: str = ""  # empty for a public client
    oidc_domains: str = (
        ""  # of verified e-mails that may come in: example.com,example.org; empty: any
    )
    oidc_groups: str = (
        ""  # the provider's groups as members: engineers=my-team:member,*=lobby:member
    )

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
    given = [
        (variable, variable.removeprefix(PREFIX).lower(), text)
        for variable, text in environ.items()
        if variable.startswith(PREFIX) and text
    ]
    given += [
        (f"--{name.replace('_', '-')}", name, str(value))
        for name, value in overrides.items()
        if value is not None
    ]
    known = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for source, name, text in given:
        if name not in known:
            problems.append(f"{source} is not a setting of Mesher")
            continue
        try:
            values[name] = msgspec.convert(text, known[name], strict=False, dec_hook=_decode_path)
        except msgspec.ValidationError:
            shown = source if name in _SECRET else f"{source}={text!r}"  # a password
            expected = known[name].__metadata__[0].description
            problems.append(f"{shown} does not fit: expected {expected}")
    if problems:
        raise SetupError("; ".join(problems), hint="docs/configuration.md lists every variable")
    return Settings(**values)


def read_networks(variable: str, text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """
    The networks that a variable lists.

    Raises:
        SetupError: one is none.
    """
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise SetupError(f"{variable}={text!r}: {error}", hint="as in 10.0.0.0/8,::1") from error


def settings_to_environ(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """
    The environment of a child process that ``load_settings`` reads the same settings from.

    Args:
        settings: what the child shall have.
        inherited: usually ``os.environ``; its own ``MESHER_*`` variables are left out.
    """
    others = {name: text for name, text in inherited.items() if not name.startswith(PREFIX)}
    values = msgspec.structs.asdict(settings).items()
    return others | {PREFIX + name.upper(): str(value) for name, value in values}


def _decode_path(kind: type, text: Any) -> Any:
    # Absolute, since child processes may run in another working directory; "~" reaches us
    # unexpanded from files of variables, which no shell reads.
    return Path(text).expanduser().absolute() if kind is Path else text
