"""
The web process: Settings and Resources to one ASGI application, served until SIGTERM.

    request ─▶ server ─▶ ingest endpoints
                     └─▶ Litestar: API, pages, health

Receiving goes on while PostgreSQL is away; pages and the API then answer 503.
"""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop
from litestar import Litestar, Router, get
from litestar.datastructures import MutableScopeHeaders
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from mesher import __version__
from mesher.accounts.needs import Need, Needs
from mesher.accounts.oidc_rules import read_rules
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.alerting.channels import open_channels
from mesher.answers import answer_error
from mesher.api.call_limits import CallLimits, with_call_limits
from mesher.api.conditional import with_conditions
from mesher.api.document import document_router
from mesher.api.errors import send_error
from mesher.api.idempotency import with_idempotency
from mesher.api.json_forms import SchemaTypePlugin, encode_schema_type
from mesher.api.live import is_stream
from mesher.api.request_ids import with_request_id
from mesher.api.routes import api_router, sockets_router
from mesher.api.sentry.routes import is_upload, sentry_router
from mesher.errors import SetupError, Unavailable
from mesher.exposition import get_metrics
from mesher.health import get_live, get_ready
from mesher.ingest.exchange import Exchange
from mesher.ingest.routes import IngestApp
from mesher.reference import show_reference
from mesher.resources import Oidc, Resources, open_resources
from mesher.secret_box import SecretBox
from mesher.server import serve
from mesher.settings import Settings, read_networks
from mesher.types import SchemaType
from mesher.web.errors import problem_text
from mesher.web.oidc import CALLBACK_PATH
from mesher.web.routes import pages_router

log = structlog.get_logger(__name__)

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

# Open connections of one process, idle ones included; above it new ones wait. SDKs and browsers keep
# theirs for half a minute after a request, when the server closes them. Each takes some ten kilobytes.
MAX_CONNECTIONS = 16_384
# What else is open: the journal, the database, the program itself.
_OTHER_FILES = 256
# Connections that wait to be accepted while the process is busy; the kernel may allow fewer.
BACKLOG = 1024
# No page and no answer of the API takes this long; a client that sends its form byte by byte does.
REQUEST_SECONDS = 30
# Some megabytes from a build behind a slow line.
UPLOAD_SECONDS = 600
# Forms and parameters of pages and the API are some kilobytes; events have limits of their own.
MAX_BODY_BYTES = 256 * 1024
# Nothing on a page comes from elsewhere, and no page may be shown inside another.
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",  # of tenants' data; assets say otherwise
}


def run_web(settings: Settings, index: int) -> None:
    """
    Serve until SIGTERM or SIGINT: then accept no more, finish what is under way, close the journal.

    Args:
        settings: the configuration.
        index: the number of this web process, by which its journal shards are numbered.

    Raises:
        SetupError: a setting, the journal or the address cannot be used.
    """
    uvloop.run(_serve(settings, index))


def make_app(resources: Resources) -> AsgiApp:
    """The application over open resources."""
    ingest = IngestApp(resources.receiver)
    pages = _with_manners(pages_and_api(), resources)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["resources"] = resources
        if ingest.matches(scope):
            await ingest(scope, receive, send)
            return
        await pages(scope, receive, send)

    return app


def _with_manners(pages: AsgiApp, resources: Resources) -> AsgiApp:
    """What holds for every page and every operation of the API, outermost last."""
    app = with_idempotency(pages, resources)
    app = with_conditions(app, is_stream=is_stream)
    app = _within_time(app)
    app = with_call_limits(app, CallLimits(), trusted_proxies=resources.trusted_proxies)
    return with_request_id(app)


def _within_time(pages: AsgiApp) -> AsgiApp:
    """The pages and the API, answering in time or saying that they do not."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        began_to_answer = False

        async def noted_send(message: Any) -> None:
            nonlocal began_to_answer
            began_to_answer = True
            await send(message)

        seconds = _deadline_seconds(scope)
        try:
            async with asyncio.timeout(seconds):
                await pages(scope, receive, noted_send)
        except TimeoutError:
            log.warning("request_timed_out", path=scope["path"], seconds=seconds)
            if not began_to_answer:
                await _send_timed_out(scope, send)

    return app


def _deadline_seconds(scope: Any) -> int | None:
    if scope["type"] == "websocket" or is_stream(scope["path"]):
        return None
    return UPLOAD_SECONDS if is_upload(scope["path"]) else REQUEST_SECONDS


async def _send_timed_out(scope: Any, send: Any) -> None:
    error = Unavailable(
        "this took too long",
        retry_after_seconds=REQUEST_SECONDS,
        hint="the database may hang, or the request did not come to its end",
    )
    if scope["path"].startswith("/api/"):
        await send_error(send, error)
        return
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"%d" % REQUEST_SECONDS)]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{problem_text(error)}\n".encode()})


@cache  # it takes 0.2 s and half a megabyte, and holds nothing of one installation
def pages_and_api() -> Litestar:
    """All routes but those that take events; the resources come with the scope of each request."""
    return Litestar(
        route_handlers=[
            api_router(),
            sockets_router(),
            sentry_router(),
            pages_router(),
            _operating_router(),
        ],
        exception_handlers={Exception: answer_error},
        before_send=[_add_security_headers],
        type_encoders={SchemaType: encode_schema_type},
        plugins=[SchemaTypePlugin()],
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Mesher",
            version=__version__,
            openapi_router=document_router(),
            operation_id_creator=lambda handler, *_: handler.handler_name,
            components=Components(
                security_schemes={
                    "token": SecurityScheme(
                        type="http",
                        scheme="bearer",
                        description="An API token with the scope that the operation needs.",
                    ),
                    "session": SecurityScheme(
                        type="apiKey",
                        security_scheme_in="cookie",
                        name=SESSION_COOKIE,
                        description="A browser's session; it opens what changes nothing.",
                    ),
                    "key": SecurityScheme(
                        type="apiKey",
                        security_scheme_in="query",
                        name="sentry_key",
                        description="The key of a project, or the header X-Sentry-Auth.",
                    ),
                }
            ),
            security=[{"token": []}],
            use_handler_docstrings=True,
        ),
    )


# By the name of the handler, as ``accounts.needs`` describes.
OPERATING_NEEDS: Final[Needs] = {
    "get_live": Need(public=True),
    "get_ready": Need(public=True),
    "show_reference": Need(public=True),
    "get_metrics": Need(note="For holders of the node's own token alone."),
}


def _operating_router() -> Router:
    """Health under our own names, and under those that Sentry's SDKs and proxies ask Relay for."""
    return Router(
        path="/",
        include_in_schema=False,
        route_handlers=[
            get(["/health/live", "/api/relay/healthcheck/live"])(get_live),
            get(["/health/ready", "/api/relay/healthcheck/ready"])(get_ready),
            get("/metrics")(get_metrics),
            get("/api/reference")(show_reference),
        ],
    )


async def _add_security_headers(message: Any, _: Any) -> None:
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)


def _shards(settings: Settings, index: int) -> list[Path]:
    """One journal shard for each digest process, so that all of them have work from this one."""
    count = settings.digest_processes
    first = index * count
    folder = settings.data_dir / "journal"
    return [folder / f"{number:03d}" for number in range(first, first + count)]


async def _serve(settings: Settings, index: int) -> None:
    async with open_resources(
        database_url=settings.database_url,
        data_dir=settings.data_dir,
        shards=_shards(settings, index),
        journal_max_bytes=settings.journal_max_bytes,
        secret_box=SecretBox(settings.data_dir, key=settings.secret_key),
        channels=open_channels(settings),
        url=settings.public_url,
        trusted_proxies=read_networks("MESHER_TRUSTED_PROXIES", settings.trusted_proxies),
        web_processes=settings.web_processes,
        oidc=_oidc(settings),
        sends_mail=bool(settings.smtp_url),
        members_make_organizations=settings.new_organizations == "members",
    ) as resources:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop, stop, resources)
        try:
            await serve(
                make_app(resources),
                Exchange(resources.receiver),
                host=settings.host,
                port=settings.port,
                backlog=BACKLOG,
                max_connections=_allow_connections(),
                stop=stop,
            )
        except OSError as error:
            raise SetupError(
                f"cannot listen on {settings.host}:{settings.port}: {error}",
                hint="stop the program that uses the port, or set MESHER_PORT",
            ) from error


def _stop(stop: asyncio.Event, resources: Resources) -> None:
    resources.live.stop()  # streams would otherwise hold their connections open
    stop.set()


def _allow_connections() -> int:
    """Raise the limit of open files as far as needed and possible; how many connections it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return soft - _OTHER_FILES
    return MAX_CONNECTIONS


def _oidc(settings: Settings) -> Oidc | None:
    rules = read_rules(settings.oidc_domains, settings.oidc_groups)
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise SetupError(
            "MESHER_OIDC_ISSUER is set and MESHER_OIDC_CLIENT_ID is not",
            hint="register Mesher with the provider, which then tells both",
        )
    from mesher.accounts.oidc_provider import OidcProvider  # noqa: PLC0415 - megabytes for few

    provider = OidcProvider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_uri=settings.public_url + CALLBACK_PATH,
    )
    return Oidc(provider=provider, rules=rules)
