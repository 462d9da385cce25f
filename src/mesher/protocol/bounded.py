"""
Texts and numbers with their limits as types.

A limit of characters has a slack below which nothing is cut, so the decoder accepts up to both
together; the limit itself travels with the type, for those who cut.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mesher.protocol import limits


def _within(limit: tuple[int, int]) -> Meta:
    return Meta(max_length=sum(limit), extra={"limit": limit})


TypeText = Annotated[str, _within(limits.TYPE_CHARACTERS)]
ValueText = Annotated[str, _within(limits.VALUE_CHARACTERS)]
FunctionText = Annotated[str, _within(limits.FUNCTION_CHARACTERS)]
PathText = Annotated[str, _within(limits.PATH_CHARACTERS)]
LineText = Annotated[str, _within(limits.CONTEXT_LINE_CHARACTERS)]
ThreadText = Annotated[str, _within(limits.THREAD_CHARACTERS)]
NameText = Annotated[str, _within(limits.NAME_CHARACTERS)]
EmailText = Annotated[str, _within(limits.EMAIL_CHARACTERS)]
UrlText = Annotated[str, _within(limits.URL_CHARACTERS)]
ContextLines = Annotated[
    list[LineText | None], Meta(max_length=limits.MAX_CONTEXT_LINES)
]  # Ruby sends null for the lines before a file's begin and behind its end
LineNumber = Annotated[int, Meta(ge=0, le=limits.MAX_LINE_NUMBER)]
SizeBytes = Annotated[int, Meta(ge=0, le=limits.MAX_SIZE_BYTES)]
