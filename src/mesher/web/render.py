"""Templates to pages: the Jinja environment, and how values look on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType
from markupsafe import Markup

from mesher.protocol.annotations import annotated_changes
from mesher.protocol.event import Event
from mesher.search.suggestions import written_tag
from mesher.types import Project
from mesher.web.assets import asset_path
from mesher.web.charts import bars
from mesher.web.event_text import as_curl

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def render(template: str, *, http_status: int = 200, **values: Any) -> Response[str]:
    """
    A page.

    Args:
        template: a file in ``templates/``.
        http_status: of the answer.
        values: what the template names; ``actor`` is whoever is logged in.
    """
    html = _environment().get_template(template).render({"actor": None, **values})
    return Response(html, status_code=http_status, media_type=MediaType.HTML)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(asset=asset_path, facts=_facts, project_path=project_path)
    environment.filters.update(
        age=_age,
        ago=_ago,
        annotated_changes=annotated_changes,
        bars=bars,
        builtins=msgspec.to_builtins,
        clock=_clock,
        curl=as_curl,
        number=lambda value: f"{value:,}",
        plain=_plain,
        time=_time,
        written_tag=written_tag,
    )
    return environment


def project_path(project: Project) -> str:
    """Where a project's pages are."""
    return f"/projects/{project.slug or project.id}"


def _time(moment: datetime) -> Markup:
    return Markup('<time datetime="{}">{} UTC</time>').format(
        moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}"
    )


def _ago(moment: datetime, now: datetime) -> Markup:
    """How long ago, in the largest unit that fits; the exact time is in the markup."""
    length = _length(now - moment)
    return _titled(moment, f"{length} ago" if length else "just now")


def _age(moment: datetime, now: datetime) -> Markup:
    """How old, as ``_ago`` says how long ago."""
    return _titled(moment, _length(now - moment) or "new")


def _length(time: timedelta) -> str:
    """In the largest unit that fits; nothing below a minute."""
    seconds = int(time.total_seconds())
    if seconds < _MINUTE:
        return ""
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h"
    days = seconds // _DAY
    return f"{days} day{'' if days == 1 else 's'}"


def _titled(moment: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}", text
    )


def _clock(epoch_seconds: float) -> Markup:
    """The time of day of a breadcrumb, whose day is that of its event or nearly."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(), f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"
    )


def _plain(value: object) -> str:
    """A JSON value on one line: text as it is, the rest as in JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _facts(event: Event) -> list[tuple[str, str]]:
    """What is said about an event in one line, as far as it is known."""
    sdk = f"{event.sdk.name or ''} {event.sdk.version or ''}".strip() if event.sdk else ""
    happened = datetime.fromtimestamp(event.timestamp, UTC)
    facts = [
        ("Happened", f"{happened:%Y-%m-%d %H:%M:%S} UTC"),
        ("Level", event.level),
        ("Environment", event.environment),
        ("Release", event.release),
        ("Transaction", event.transaction),
        ("Server", event.server_name),
        ("Logger", event.logger),
        ("SDK", sdk),
    ]
    return [(name, text) for name, text in facts if text]
