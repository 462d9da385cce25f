"""
Many rows in one parameter: JSON that ``json_to_recordset`` takes apart on the server.

The driver writes arrays element by element in Python, escaping each; for a batch of events that
took longer than all of its statements. One JSON text is encoded in C and read in C.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def json_rows(rows: Iterable[Any]) -> str:
    """
    The JSON array of rows, in their order, which the server keeps.

    Args:
        rows: msgspec structs or maps whose names are those of the record definition in the
            statement; without NUL characters, which PostgreSQL refuses. uuids, UTC datetimes and
            ``msgspec.Raw`` JSON are written as PostgreSQL reads them.
    """
    return _encode(list(rows)).decode()
