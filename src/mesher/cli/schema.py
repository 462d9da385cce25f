"""``mesher schema``: the schema types as they are declared, for people, programs and diagrams."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:  # SQLAlchemy is loaded when the command runs: see the package
    from mesher.types import SchemaType


def schema(
    output_format: Annotated[
        Literal["table", "json", "mermaid"],
        typer.Option("--format", help="For people, for programs, or as a Mermaid diagram."),
    ] = "table",
) -> None:
    """Print the schema types with their tables, fields, keys and relationships."""
    from mesher.types import SCHEMA_TYPES  # noqa: PLC0415 - see the package

    if output_format == "table":
        _print_table(SCHEMA_TYPES)
    elif output_format == "json":
        typer.echo(json.dumps([_describe(declared) for declared in SCHEMA_TYPES], indent=2))
    else:
        typer.echo(_mermaid(SCHEMA_TYPES))


def _describe(declared: type[SchemaType]) -> dict[str, object]:
    return {
        "type": declared.__name__,
        "table": str(declared.__table__),
        "primary_key": declared.__primary_key__(),
        "fields": [
            {
                "name": name,
                "type": _column_type(declared, name),
                "optional": _is_optional(declared, name),
            }
            for name in declared.__fields__()
        ],
        "relationships": [link._asdict() for link in declared.__relationships__()],
    }


def _column_type(declared: type[SchemaType], field: str) -> str:
    from sqlalchemy.dialects.postgresql import dialect  # noqa: PLC0415 - see the package

    postgresql = dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it without types
    return declared.__table__.c[field].type.compile(postgresql).lower()


def _is_optional(declared: type[SchemaType], field: str) -> bool:
    return bool(declared.__table__.c[field].nullable)


def _print_table(types: Iterable[type[SchemaType]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.table import Table  # noqa: PLC0415 - see the package

    table = Table(show_lines=True, caption="? may be absent", caption_justify="left")
    for heading in ("Type", "Table and key", "Fields", "Relationships"):
        table.add_column(heading, overflow="fold")
    for declared in types:
        fields = (
            f"{name}?" if _is_optional(declared, name) else name for name in declared.__fields__()
        )
        links = (f"{link.kind} {link.name}: {link.target}" for link in declared.__relationships__())
        table.add_row(
            declared.__name__,
            f"{declared.__table__} ({declared.__primary_key__()})",
            ", ".join(fields),
            "\n".join(links),
        )
    Console().print(table)


def _mermaid(types: Iterable[type[SchemaType]]) -> str:
    lines = ["erDiagram"]
    for declared in types:
        lines.append(f"    {declared.__name__} {{")
        for name in declared.__fields__():
            key = " PK" if name == declared.__primary_key__() else ""
            column_type = _column_type(declared, name).replace(" ", "_")  # Mermaid takes one word
            lines.append(f"        {column_type} {name}{key}")
        lines.append("    }")
    lines += [f"    {one} ||--o{{ {many} : {name}" for (one, many), name in _links(types).items()]
    return "\n".join(lines)


def _links(types: Iterable[type[SchemaType]]) -> dict[tuple[str, str], str]:
    """Every relationship once, by its two ends; named from the end that has many, if that has it."""
    named = {
        (declared.__name__, link.target): link.name
        for declared in types
        for link in declared.__relationships__()
        if link.kind == "has_many"
    }
    for declared in types:
        for link in declared.__relationships__():
            if link.kind == "belongs_to":
                named.setdefault((link.target, declared.__name__), link.name)
    return named
