"""
JSON bodies of requests.

The framework would read a declared body before it is known who asks, so that a stranger could tell
from the error which ids exist. Handlers therefore read bodies themselves, after access is granted,
and their routes say here what they take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from mesher.api.acting import ApiRequest
from mesher.errors import ProtocolError

Body = TypeVar("Body", bound=msgspec.Struct)


async def read_optional_body(request: ApiRequest, body_type: type[Body]) -> Body:
    """
    The body of a request, or the defaults of its type where there is none.

    Raises:
        ProtocolError: as ``read_body``.
    """
    return await read_body(request, body_type) if await request.body() else body_type()


async def read_body(request: ApiRequest, body_type: type[Body]) -> Body:
    """
    The body of a request.

    Raises:
        ProtocolError: it is no JSON, or does not fit; names the first field that does not.
    """
    try:
        return msgspec.json.decode(await request.body(), type=body_type)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        raise ProtocolError(f"the body does not fit: {reason}", field=path.rstrip("`")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the body is not JSON: {error}") from error


def takes_body(*, required: bool = True, **properties: Schema) -> type[Operation]:
    """An operation whose body, in the OpenAPI document, is an object with these properties."""

    @dataclass
    class TakesBody(Operation):
        def __post_init__(self) -> None:
            schema = Schema(type="object", properties=dict(properties))  # type: ignore[arg-type]
            content = {"application/json": OpenAPIMediaType(schema=schema)}
            self.request_body = RequestBody(content=content, required=required)

    return TakesBody
