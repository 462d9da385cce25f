"""The OpenAPI document as a page: for reading, without scripts, and from nowhere but here."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response

from mesher.api.document import openapi_document
from mesher.web.render import render

_METHODS = ("get", "post", "put", "patch", "delete")


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """What a request takes in its address or a header."""

    name: str
    place: str  # path, query or header
    kind: str
    required: bool
    description: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    opened_by: list[str]
    parameters: list[Parameter]
    example: str  # of a body; empty: there is none
    answers: list[tuple[str, str, str]]  # status, meaning, name of the schema


async def show_reference(request: Request[Any, Any, Any]) -> Response[str]:
    """Every operation of the API, by group."""
    document = await asyncio.to_thread(openapi_document, request.app)  # half a second, once
    return render(
        "reference.html",
        document=document,
        groups=_groups(request.app),
        schemas=_schemas(request.app),
    )


@cache  # there is one application, which never changes
def _groups(app: Litestar) -> list[tuple[str, str, list[Operation]]]:
    document = openapi_document(app)
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                by_tag[operation["tags"][0]].append(_operation(document, path, method, operation))
    return [(tag["name"], tag["description"], by_tag[tag["name"]]) for tag in document["tags"]]


@cache
def _schemas(app: Litestar) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Name, description, and the fields with their types and what those refer to."""
    schemas = openapi_document(app)["components"]["schemas"]
    return [
        (
            name,
            schema.get("description", "").replace("``", "`"),
            [(field, *_field(kind)) for field, kind in schema.get("properties", {}).items()],
        )
        for name, schema in sorted(schemas.items())
    ]


def _field(schema: dict[str, Any]) -> tuple[str, str]:
    """The type of a field, and the schema that it refers to."""
    for inner in (schema, schema.get("items", {}), *schema.get("oneOf", ())):
        if "$ref" in inner:
            return "list of" if inner is schema.get("items") else "", _reference(inner)
    return _kind(schema), ""


def _operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> Operation:
    wanted = operation.get("security", document["security"])
    bodies = operation.get("requestBody", {}).get("content", {})
    example = next((content.get("example") for content in bodies.values()), None)
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        opened_by=[next(iter(one)) for one in wanted],
        parameters=[_parameter(one) for one in operation.get("parameters", [])],
        example=_indented(example) if example is not None else "",
        answers=[
            (status, response["description"], _schema_name(response))
            for status, response in sorted(operation["responses"].items())
        ],
    )


def _parameter(parameter: dict[str, Any]) -> Parameter:
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        kind=_kind(parameter["schema"]),
        required=parameter.get("required", False),
        description=parameter["description"],
    )


def _kind(schema: dict[str, Any]) -> str:
    """The type of a value, in a word or two."""
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"] if one is not None)
    if "oneOf" in schema:
        kinds = [_kind(one) for one in schema["oneOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    kind = schema.get("type", "any")
    return str(schema.get("format") or (kind if isinstance(kind, str) else kind[0]))


def _schema_name(response: dict[str, Any]) -> str:
    for content in response.get("content", {}).values():
        return _reference(content.get("schema", {}))
    return ""


def _reference(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "").rpartition("/")[2])


def _indented(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
