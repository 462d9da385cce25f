"""
What every schema type can tell about itself, derived from its one declaration.

A type lists its fields as ``Mapped[...]`` annotations in order; columns that are in the table and
not among them (``users.password_hash``) stand in ``__table_args__``. The names of constraints are
those that PostgreSQL would choose itself; indexes are named ``idx_<table>_<what they find>``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, get_args, get_type_hints

import msgspec
from sqlalchemy import REAL, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

RelationshipKind = Literal["belongs_to", "has_many"]


class Relationship(NamedTuple):
    """One relationship of a schema type."""

    kind: RelationshipKind
    name: str
    target: str  # the name of the schema type at the other end


def belongs_to(**targets: str) -> tuple[Relationship, ...]:
    """Relationships to the one owner that ``<name>_id`` points to, as ``name="Target"``."""
    return tuple(Relationship("belongs_to", name, target) for name, target in targets.items())


def has_many(**targets: str) -> tuple[Relationship, ...]:
    """Relationships to the many that point here, as ``name="Target"``."""
    return tuple(Relationship("has_many", name, target) for name, target in targets.items())


# A time always knows its zone: a naive one in JSON is refused.
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
RandomId = Annotated[
    uuid.UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
]
SetNow = Annotated[Timestamp, mapped_column(server_default=text("now()"))]

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)


class SchemaType(DeclarativeBase):
    """
    Base of the schema types; one level, never deeper.

    The four questions of the data model are ``__table__``, ``__fields__``, ``__primary_key__`` and
    ``__relationships__``. Instances are plain values: they are made from rows or JSON, and nothing
    is ever loaded or saved through them.
    """

    metadata = metadata
    type_annotation_map: ClassVar = {
        str: Text(),
        float: REAL(),
        datetime: TIMESTAMP(timezone=True),
        Timestamp: TIMESTAMP(timezone=True),
        Literal: Text(),
        dict[str, Any]: JSONB(),
        dict[str, str]: JSONB(),
    }
    __related__: ClassVar[tuple[Relationship, ...]] = ()

    @classmethod
    def __fields__(cls) -> tuple[str, ...]:
        """The field names in declared order."""
        return tuple(cls.__annotations__)

    @classmethod
    def __primary_key__(cls) -> str:
        """
        The name of the primary key field.

        A partitioned table has its partition key as a further primary key column, after this one.
        """
        return str(next(iter(cls.__table__.primary_key)).name)

    @classmethod
    def __relationships__(cls) -> tuple[Relationship, ...]:
        """The relationships in declared order."""
        return cls.__related__

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """
        The instance that a database row holds; columns that are no field are left out.

        Args:
            row: as ``result.mappings()`` gives it, with JSON columns decoded.

        Raises:
            msgspec.ValidationError: a column is missing or does not fit its field.
        """
        return cls._from_values(msgspec.convert(row, value_type(cls)))

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """
        The instance that ``to_json`` wrote.

        Raises:
            msgspec.DecodeError: it is no JSON; its child ``ValidationError``: a field does not fit.
        """
        return cls._from_values(msgspec.json.decode(data, type=value_type(cls)))

    def to_json(self) -> bytes:
        """The fields as a JSON object: times in RFC 3339 and UTC, ids as strings."""
        return msgspec.json.encode(self.to_value())

    def to_value(self) -> msgspec.Struct:
        """The fields as a struct, which ``msgspec`` encodes as ``to_json`` does."""
        return msgspec.convert(self, value_type(type(self)), from_attributes=True)

    @classmethod
    def _from_values(cls, values: msgspec.Struct) -> Self:
        return cls(**{name: _in_utc(getattr(values, name)) for name in cls.__fields__()})


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@cache
def value_type(declared: type[SchemaType]) -> type[msgspec.Struct]:
    """The struct with a schema type's fields, through which all its conversions go."""
    hints = get_type_hints(declared, include_extras=True)
    return msgspec.defstruct(
        declared.__name__,
        [(name, get_args(hints[name])[0]) for name in declared.__fields__()],
        module=declared.__module__,
    )
