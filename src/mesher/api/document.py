"""The OpenAPI document, at one address and as nothing but JSON."""

from __future__ import annotations

from typing import Any

from litestar import Router, get
from litestar.types import ControllerRouterHandler

from mesher.api.acting import ApiRequest


async def get_openapi_document(request: ApiRequest) -> dict[str, Any]:
    """What this API is, for programs that make clients of it."""
    return request.app.openapi_schema.to_schema()


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
