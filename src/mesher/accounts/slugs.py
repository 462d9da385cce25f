"""
Slugs: what stands in addresses for an organisation or a project, made of its name.

Latin letters of any script by anyascii, because an address is copied into configuration files and
typed on a phone. Slugs are unique over the whole Mesher, as the data model has it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Final

from anyascii import anyascii

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid

# A label of a host name is as long, and people read no more of an address.
MAX_SLUG_CHARACTERS: Final = 63
# Words that stand in addresses for something else than a thing with this name.
RESERVED: Final = frozenset({"all", "me", "new", "none"})
# Four hexadecimal digits behind a name that is taken: enough to try a few times, and they do not
# count how many others chose it.
_DISTINCTION_BYTES: Final = 2
# Each is one in 65,536 to meet another's.
_FURTHER_TRIES: Final = 4

_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def slug_of(name: str, *, otherwise: str) -> str:
    """
    A slug for a name.

    Args:
        name: in any script: ``Überstraße café`` gives ``uberstrasse-cafe``.
        otherwise: for a name that nothing can be made of, as ``!!!`` or ``2026``.
    """
    slug = _SEPARATORS.sub("-", anyascii(name).lower()).strip("-")
    slug = slug[:MAX_SLUG_CHARACTERS].rstrip("-")
    return slug if slug and not _is_taken_for_another(slug) else otherwise


def candidate_slugs(name: str, chosen: str | None, *, otherwise: str) -> Iterator[str]:
    """
    The slugs to try for a new thing, in order, until one is free.

    Args:
        name: of the thing.
        chosen: the one that somebody wants, and no other; ``None``: one made of the name.
        otherwise: as for ``slug_of``.

    Raises:
        ProtocolError: the chosen one is no slug.
    """
    if chosen is not None:
        yield check_slug(chosen)
        return
    slug = slug_of(name, otherwise=otherwise)
    yield slug
    for _ in range(_FURTHER_TRIES):
        yield _distinguished(slug)


def _distinguished(slug: str) -> str:
    ending = secrets.token_hex(_DISTINCTION_BYTES)
    return f"{slug[: MAX_SLUG_CHARACTERS - len(ending) - 1].rstrip('-_')}-{ending}"


def check_slug(slug: str) -> str:
    """
    The slug that somebody chose.

    Raises:
        ProtocolError: it has other characters, is too long, or would be taken for something else: an
            id, the number of a project, a word of our own.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > MAX_SLUG_CHARACTERS:
        raise ProtocolError(
            f"{slug[:100]!r} is no slug",
            hint="lower-case letters and digits, with single hyphens or underscores between, "
            f"{MAX_SLUG_CHARACTERS} at most",
            field="slug",
        )
    if _is_taken_for_another(slug):
        raise ProtocolError(
            f"{slug!r} would be taken for something else",
            hint="choose one with a letter in it, that is no uuid and none of "
            + ", ".join(sorted(RESERVED)),
            field="slug",
        )
    return slug


def _is_taken_for_another(slug: str) -> bool:
    return slug in RESERVED or slug.isdigit() or parse_uuid(slug) is not None
