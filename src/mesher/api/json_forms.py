"""
The JSON of the API, derived from the declared schema types: nothing lists their fields again.

A handler returns schema types and structs that hold them; the encoder and the OpenAPI document both
go through ``value_type``. Where a resource is more than its row, ``extended`` adds to the row's
fields.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from mesher.types import SchemaType
from mesher.types.declaration import value_type


class SchemaTypePlugin(OpenAPISchemaPlugin):
    """Describes a schema type in the OpenAPI document by the fields it declares."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether ``value`` is one of the schema types."""
        return isinstance(value, type) and issubclass(value, SchemaType)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The schema of the struct through which the type is encoded."""
        fields = FieldDefinition.from_annotation(value_type(field_definition.annotation))
        schema: Schema = schema_creator.for_field_definition(fields)
        return schema


def encode_schema_type(value: SchemaType) -> msgspec.Struct:
    """For the JSON encoder: what it encodes instead of a schema type."""
    return value.to_value()


def extended(
    name: str, declared: type[SchemaType], *, without: tuple[str, ...] = (), **more: Any
) -> type[msgspec.Struct]:
    """
    A struct with the fields of a schema type and more.

    Args:
        name: of the struct, as the OpenAPI document shows it.
        declared: whose fields.
        without: fields that are left out.
        more: further fields and their types.
    """
    fields = [
        (field.name, field.type)
        for field in msgspec.structs.fields(value_type(declared))
        if field.name not in without
    ]
    return msgspec.defstruct(name, [*fields, *more.items()], module=__name__)


def extend(form: type[msgspec.Struct], value: SchemaType, **more: Any) -> msgspec.Struct:
    """A value of an ``extended`` struct."""
    names = [field.name for field in msgspec.structs.fields(form) if field.name not in more]
    return form(**{name: getattr(value, name) for name in names}, **more)
