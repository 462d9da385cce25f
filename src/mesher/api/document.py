"""
The OpenAPI document, at one address and as nothing but JSON.

The framework derives it from routes, types and docstrings; what all operations have in common, and what
``description`` says of them, is added here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Router, get
from litestar.types import ControllerRouterHandler

from mesher.api import description
from mesher.api.acting import ApiRequest
from mesher.api.idempotency import KEY_HEADER, MAX_KEY_CHARACTERS
from mesher.api.permissions import API_NEEDS
from mesher.values.event import EventPayload

# Answered on a shorter way than the framework's, where an event's own id keeps it from being stored twice.
_SENDING = ("create_event", "create_events")
_METHODS = ("get", "put", "post", "delete", "patch")
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
# What any operation may answer, and needs no word beside the operation.
_EVERYWHERE = {
    "429": {
        "description": "Too many requests, or tries; see Retry-After",
        "headers": {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        },
        "content": _ERROR,
    },
    "500": {"description": "Mesher failed, and its log says why", "content": _ERROR},
}
_TOO_LARGE = {"413": {"description": "The body is too large", "content": _ERROR}}
_CREATION = {
    "409": {"description": "Not possible now; the hint says what first", "content": _ERROR},
    "422": {
        "description": "The Idempotency-Key was used for another request",
        "content": _ERROR,
    },
}
_KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "A text of your own: sent again with it within a day, the request is not done "
    "again, and its answer is the first one.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS},
    "example": "7c1f0d2e-create-shop",
}
_KNOWN_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an earlier answer: what has not changed since is not sent again.",
    "schema": {"type": "string"},
    "example": '"5f1c0d2e7b9a4c3d8e6f0a1b"',
}


def _text_header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


# Of every answer of the API.
_HEADERS = {
    "X-Request-Id": _text_header("The name of the request, which stands in the log too."),
    "RateLimit": _text_header("What is left of the limit, and for how many seconds."),
    "RateLimit-Policy": _text_header("The limit and its window in seconds."),
}
_PLACEHOLDERS = ("Struct", "StructPage")
_PAGE = re.compile(r"Page_(?:\w+\.)*(\w+)_")
_SENTENCE = re.compile(r"(.+?[^.])\.(?:\s|$)", re.DOTALL)


async def get_openapi_document(request: ApiRequest) -> dict[str, Any]:
    """What this API is, for programs that make clients of it."""
    return await asyncio.to_thread(openapi_document, request.app)  # half a second, once


@cache  # there is one application, which never changes
def openapi_document(app: Litestar) -> dict[str, Any]:
    """The document of an application, as values that JSON has."""
    document: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    document = _without_ellipses(_with_plain_names(document))
    document["paths"] |= _ingestion(document["components"]["schemas"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _complete(path, method, operation)
    document["info"]["description"] = (
        "Errors, pages, limits and conditional requests are the same everywhere: docs/api.md."
    )
    used = {tag for _, operation in _operations(document) for tag in operation["tags"]}
    document["tags"] = [
        {"name": name, "description": text}
        for name, text in description.TAG_DESCRIPTIONS.items()
        if name in used
    ]
    document["servers"] = [{"url": "/", "description": "This Mesher"}]
    return document


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """
    The document with names of schemas that a generator can make names of classes of.

    The framework puts modules in front where two types are called alike, and spells pages as Python does.
    """
    schemas = document["components"]["schemas"]
    names = {name: _plain_name(name) for name in schemas}
    if len(set(names.values())) < len(names):
        raise LookupError(f"two schemas would have one name: {sorted(names.values())}")
    text = msgspec.json.encode(document).decode()
    for name, plain in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{plain}"')
    renamed: dict[str, Any] = msgspec.json.decode(text)
    renamed["components"]["schemas"] = {
        names[name]: {**schema, "title": names[name]}
        for name, schema in renamed["components"]["schemas"].items()
        # The framework leaves those that routes have replaced by others.
        if names[name] not in _PLACEHOLDERS
    }
    return renamed


def _without_ellipses(value: Any) -> Any:
    """The same without what the framework makes of the dots in ``tuple[str, ...]``: any value at all."""
    if isinstance(value, list):
        return [_without_ellipses(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kinds = value.get("oneOf", [])
    if {} in kinds:
        [kind] = [one for one in kinds if one != {}]
        return _without_ellipses(kind)
    return {key: _without_ellipses(inner) for key, inner in value.items()}


def _plain_name(name: str) -> str:
    if page := _PAGE.fullmatch(name):
        return f"{page[1]}Page"
    module, _, last = name.rpartition("_")
    # What an event holds in full, beside what columns and accounts have of the same name.
    return f"Event{last}" if module.startswith("protocol") else last


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                yield path, operation


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    text = operation["description"].replace("``", "`")
    sentence = _SENTENCE.match(text)
    operation["summary"] = " ".join((sentence[1] if sentence else text).split())
    operation["description"] = text
    operation["tags"] = [_tag(path)]
    for parameter in operation.get("parameters", []):
        _describe(parameter)
    _complete_body(name, operation)
    need = API_NEEDS.get(name)
    is_public = need is not None and need.public
    # Who accepts an invitation without a token has nothing that a key could belong to.
    if method == "post" and name not in _SENDING and not is_public:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        operation["responses"] = {**_CREATION, **operation["responses"]}
    if method == "get" and _tag(path) != "Live":
        operation.setdefault("parameters", []).append(_KNOWN_PARAMETER)
        operation["responses"]["304"] = {"description": "As the client has it already"}
    _complete_answers(name, operation)
    if is_public:
        operation["security"] = []
    elif need is not None and need.session:
        operation["security"] = [{"token": []}, {"session": []}]


def _tag(path: str) -> str:
    for part in reversed(path.split("/")):
        if part in description.TAGS:
            return description.TAGS[part]
    raise LookupError(f"description.TAGS has no group for {path}")


def _describe(parameter: dict[str, Any]) -> None:
    if parameter["in"] == "path":
        text, example = description.PATH_PARAMETERS[parameter["name"]]
        parameter.update(description=text, example=example)
    elif not parameter.get("description"):
        parameter["description"] = description.QUERY_PARAMETERS[parameter["name"]]


def _complete_body(name: str, operation: dict[str, Any]) -> None:
    if "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            content["example"] = description.EXAMPLES[name]


def _complete_answers(name: str, operation: dict[str, Any]) -> None:
    too_large = _TOO_LARGE if "requestBody" in operation else {}
    operation["responses"] = {**_EVERYWHERE, **too_large, **operation["responses"]}
    for status, response in operation["responses"].items():
        if response["description"] == "Additional response":
            response["description"] = "Made" if status == "201" else "As asked for"
        if name not in _SENDING:
            headers = {**_HEADERS, **response.get("headers", {})}
            operation["responses"][status] = {**response, "headers": headers}
    if name in description.FILES:
        schema = {"type": "string", "format": "binary"}
        content = {description.FILES[name]: {"schema": schema}}
        operation["responses"]["200"]["content"] = content


def _ingestion(schemas: dict[str, Any]) -> dict[str, Any]:
    """The two operations that are answered on a shorter way than the framework's."""
    [reference], components = msgspec.json.schema_components(
        [EventPayload], ref_template="#/components/schemas/{name}"
    )
    for name, schema in components.items():
        schemas.setdefault(name, schema)
    created = {"type": "string", "description": "The event's id, 32 hex digits."}
    return {
        "/api/v1/events": _sending(
            _SENDING[0],
            "Send an event. It is on disk when this answers, and stored soon after.",
            reference,
            {"type": "object", "properties": {"id": created}, "required": ["id"]},
        ),
        "/api/v1/events/bulk": _sending(
            _SENDING[1],
            "Send several events at once, each as `/api/v1/events` takes it.",
            {"type": "array", "items": reference},
            {
                "type": "object",
                "properties": {"ids": {"type": "array", "items": created}},
                "required": ["ids"],
            },
        ),
    }


def _sending(name: str, text: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    refused = {
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "causes": {"type": "array", "items": {"type": "string"}},
            "field": {"type": "string"},
        },
        "required": ["detail"],
    }
    errors = {
        "400": "A field does not fit; it is named",
        "403": "The key is unknown or revoked",
        "413": "The body is too large",
        "415": "The body is of another type, or packed in a way that is not known",
        "429": "A limit of the key or project was passed; see Retry-After",
        "503": "The journal is full or its disk fails; see Retry-After",
    }
    return {
        "post": {
            "operationId": name,
            "description": text,
            "security": [{"key": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "200": {
                    "description": "It is on disk",
                    "content": {"application/json": {"schema": answer}},
                }
            }
            | {
                status: {
                    "description": meaning,
                    "content": {"application/json": {"schema": refused}},
                }
                for status, meaning in errors.items()
            },
        }
    }


class _OurRouteAlone(Router):
    """
    Takes none of the routes that the framework adds to it.

    Its pages load scripts from elsewhere, and it would answer with the document at further addresses.
    """

    def register(self, value: ControllerRouterHandler) -> list[Any]:
        """Register a route, unless there is one already."""
        return [] if self.routes else list(super().register(value))


def document_router() -> Router:
    """The address of the document."""
    return _OurRouteAlone(
        path="/api/v1/openapi.json",
        include_in_schema=False,
        route_handlers=[get("/")(get_openapi_document)],
    )
