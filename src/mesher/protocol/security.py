"""
Security reports, which browsers send by themselves, to event payloads.

    application/csp-report      {"csp-report": {"document-uri": …, "violated-directive": …}}
    application/reports+json    [{"type": "csp-violation", "url": …, "body": {"documentURL": …}}]

What else browsers report (deprecations, crashes, the retired Expect-CT and HPKP) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol import csp as violations
from mesher.protocol.event import Csp
from mesher.protocol.json_text import load_json
from mesher.protocol.lenient import Notes, StructReader
from mesher.protocol.limits import MAX_ITEMS

_CONTENT_TYPES = frozenset(
    ["application/csp-report", "application/json", "application/reports+json"]
)
_RETIRED = frozenset(["expect-ct-report", "expect-staple-report", "known-pins"])
_REPORT_URI_NAMES = {name.replace("_", "-"): name for name in Csp.__struct_fields__}
_REPORTING_API_NAMES = {
    "documentURL": "document_uri",
    "referrer": "referrer",
    "blockedURL": "blocked_uri",
    "effectiveDirective": "effective_directive",
    "originalPolicy": "original_policy",
    "disposition": "disposition",
    "statusCode": "status_code",
    "sourceFile": "source_file",
    "lineNumber": "line_number",
    "columnNumber": "column_number",
    "sample": "script_sample",
}
_read_csp = StructReader(Csp, {})
# Its URLs carry personal data behind the path.
_PRIVATE_QUERY_HOST = "api.stripe.com"


def parse_security_reports(data: bytes, *, content_type: str) -> list[dict[str, Any]]:
    """
    Read a browser's reports.

    Args:
        data: the body of the request.
        content_type: its header; parameters are ignored.

    Returns:
        One event payload for each violation of a Content-Security-Policy, in the order of the
        reports. Empty where all reports are of other types. Of several reports, those that cannot be
        read are left out.

    Raises:
        UnsupportedEncoding: another content type.
        TooLarge: more than ``MAX_ITEMS`` reports in one request.
        ProtocolError: no JSON, no report at all, or none that names a known directive.
    """
    if content_type.partition(";")[0].strip().lower() not in _CONTENT_TYPES:
        raise UnsupportedEncoding(
            f"content type {content_type[:60]!r} is not that of a security report",
            hint=f"send one of {', '.join(sorted(_CONTENT_TYPES))}",
        )
    value = load_json(data, "the report")
    reports = value if isinstance(value, list) else [value]
    if len(reports) > MAX_ITEMS:
        raise TooLarge(f"{len(reports)} reports in one request; the limit is {MAX_ITEMS}")
    events: list[dict[str, Any]] = []
    refusal: ProtocolError | None = None
    for report in reports:
        try:
            event = _event_of_report(report)
        except ProtocolError as error:
            refusal = refusal or error
        else:
            if event is not None:
                events.append(event)
    if refusal is not None and not events:
        raise refusal
    return events


def complete_report(event: dict[str, Any], context: Mapping[str, str]) -> dict[str, Any]:
    """
    Add to an event of ``parse_security_reports`` what the HTTP request says of browser and release.

    Args:
        event: not changed.
        context: the request's ``user-agent`` and ``referer`` headers and its ``query`` string; each
            may be absent.

    Returns:
        The payload with headers, ``environment`` and ``release``; what the report says itself wins.
    """
    headers = {
        "User-Agent": context.get("user-agent", ""),
        "Referer": context.get("referer", ""),
        **event["request"].get("headers", {}),
    }
    known = {name: text for name, text in headers.items() if text}
    try:
        query = parse_qs(context.get("query", ""), max_num_fields=100)
    except ValueError:  # nobody's report URI has as many; what it asks for is not worth an event
        query = {}
    named = {
        name: query[f"sentry_{name}"][0]
        for name in ("environment", "release")
        if f"sentry_{name}" in query
    }
    return {**event, **named, "request": {**event["request"], "headers": known}}


def _event_of_report(report: Any) -> dict[str, Any] | None:
    """The event of one report in either form; ``None`` for reports that are not kept."""
    if not isinstance(report, dict):
        raise ProtocolError("a security report is not a JSON object")
    if "csp-report" in report:
        return _event(report["csp-report"], _REPORT_URI_NAMES, user_agent=None)
    if report.get("type") == "csp-violation":
        return _event(report.get("body"), _REPORTING_API_NAMES, user_agent=report.get("user_agent"))
    if isinstance(report.get("type"), str) or report.keys() & _RETIRED:
        return None
    raise ProtocolError(
        "the body is no security report",
        hint='it is {"csp-report": {…}} or a list of {"type": "csp-violation", "body": {…}}',
    )


def _event(body: Any, names: Mapping[str, str], *, user_agent: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProtocolError("the body of a security report is not a JSON object")
    given = {names[name]: value for name, value in body.items() if name in names}
    csp = _read_csp(given, Notes(), "csp") or Csp()
    directive = violations.effective_directive(csp)
    if directive is None:
        raise ProtocolError("a security report names no known directive", field="csp-report")
    csp.effective_directive = directive
    csp.violated_directive = csp.violated_directive or directive
    request: dict[str, Any] = {"url": csp.document_uri}
    if isinstance(user_agent, str):
        request["headers"] = {"User-Agent": user_agent}
    return {
        "platform": "other",
        "logger": "csp",
        "logentry": {"formatted": violations.violation_message(csp, directive)},
        "culprit": violations.violation_culprit(csp),
        "csp": msgspec.to_builtins(csp),
        "request": request,
        "user": {"ip_address": "{{auto}}"},
        "tags": _tags(csp, directive),
    }


def _tags(csp: Csp, directive: str) -> dict[str, str]:
    tags = {"effective-directive": directive}
    uri = csp.blocked_uri
    if not uri:
        return tags
    host = violations.blocked_host(csp)
    if host == _PRIVATE_QUERY_HOST:
        uri = uri.partition("#")[0].partition("?")[0]
    tags["blocked-uri"] = uri
    if uri.startswith(("http://", "https://")):
        tags["blocked-host"] = host
    return tags
