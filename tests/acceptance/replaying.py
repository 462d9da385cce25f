"""Sends captured requests to a Mesher as they were recorded."""

from __future__ import annotations

import http.client
import re
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

import captures
from acceptance.mesher_process import MesherProcess
from captures import Capture
from waiting import wait_until

# What the protocol says of each kind of request, by path and method. Every capture is of a client
# that did nothing wrong, so whatever reaches an ingest endpoint is accepted.
EXPECTED_STATUS = (
    (r"(/sentry/relay)?/api/\d+/(envelope|store|security)/", "POST", 200),
    (r"/tunnel", "POST", 200),
    (r"/api/\d+/(envelope|security)/", "OPTIONS", 200),
    (r"/api/\d+/integration/otlp/v1/traces/", "POST", 200),
    # What sentry-cli asks with a token of another server; without one, it only asks who it is.
    (r"/api/0/.*", "GET|POST|PUT", 401),
)


class Replayed(NamedTuple):
    """A capture and what Mesher answered to it."""

    capture: Capture
    status: int
    headers: dict[str, str]
    body: bytes


def add_captured_key(mesher: MesherProcess) -> None:
    """Let the first project of a fresh Mesher be the one that the captured requests are for."""
    assert mesher.ready["project_number"] == captures.PROJECT_NUMBER
    mesher.query(
        "INSERT INTO api_keys (project_id, key_value) VALUES (%s, %s) RETURNING id",
        mesher.ready["project_id"],
        f"mshr_{captures.KEY}",
    )
    # A busy machine may take a while to notice it.
    url = f"{mesher.ready['url']}/api/{captures.PROJECT_NUMBER}/envelope/"
    wait_until(
        lambda: (
            httpx.post(url, params={"sentry_key": captures.KEY}, content=b"{}\n").status_code == 200
        )
    )


def send_capture(mesher: MesherProcess, capture: Capture) -> Replayed:
    """One request with the headers as captured, but for the host and the length."""
    meta = capture.meta
    # Some clients were given a project with a long number; here all are of the same project.
    path = re.sub(r"/api/[1-9]\d*/", f"/api/{captures.PROJECT_NUMBER}/", meta["path"])
    chunked = meta["transfer_encoding"] == "chunked"
    # Where there is nothing, Mesher does not wait for the body, and closing the connection before
    # it is sent would look like a failure here.
    body = b"" if expected_status(capture) == 404 else capture.body
    connection = http.client.HTTPConnection(urlsplit(mesher.ready["url"]).netloc, timeout=30)
    connection.putrequest(
        meta["method"],
        f"{path}?{meta['query']}" if meta["query"] else path,
        skip_host=True,
        skip_accept_encoding=True,
    )
    connection.putheader("Host", f"{connection.host}:{connection.port}")
    for name, value in meta["headers"]:
        if name.lower() not in {"host", "content-length", "connection"}:
            connection.putheader(name, value)
    if chunked:
        connection.endheaders([body], encode_chunked=True)
    else:
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    answered = answer.read()
    connection.close()
    return Replayed(capture, answer.status, headers, answered)


def expected_status(capture: Capture) -> int:
    """What the protocol says that a captured request is answered."""
    for path, methods, status in EXPECTED_STATUS:
        if re.fullmatch(path, capture.meta["path"]) and re.fullmatch(
            methods, capture.meta["method"]
        ):
            return status
    raise AssertionError(f"{capture.name}: no line of EXPECTED_STATUS fits")
