"""One line of rules, read from left to right; what is wrong is told with its line and column."""

from __future__ import annotations

import re
from typing import NoReturn

from mesher.errors import ProtocolError

_BLANKS = re.compile(r"[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPED = re.compile(r"\\(.)")
# Rules come from people: as much of a line as shows where the mistake is.
_SHOWN_CHARACTERS = 40


class RuleError(ProtocolError):
    """A text of rules that cannot be read; says where, and what to write."""

    def __init__(self, message: str, *, line: int, column: int, hint: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}", hint=hint, field="rules")
        self.line = line  # both from 1
        self.column = column


class Scanner:
    """A place in a line. Blanks are passed over after everything that is taken."""

    def __init__(self, text: str, line: int) -> None:
        """
        Args:
            text: the line.
            line: its number, from 1.
        """
        self._text = text
        self._line = line
        self._position = 0
        self._pass_blanks()

    @property
    def at_end(self) -> bool:
        """Whether nothing is left but a comment."""
        return self._position == len(self._text)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what fits here, if something does."""
        match = pattern.match(self._text, self._position)
        if match:
            self._position = match.end()
            self._pass_blanks()
        return match

    def take_quoted(self) -> str | None:
        """
        Go past a quoted text, if one begins here; in it, a backslash is put before ``"`` and itself.

        Raises:
            RuleError: it has no end.
        """
        if not self._text.startswith('"', self._position):
            return None
        match = self.take(_QUOTED)
        if match is None:
            self.fail("the quotation mark is not closed", 'write " at the end of the text')
        return _ESCAPED.sub(r"\1", match[1])

    def mark(self) -> int:
        """This place, to name it in an error later."""
        return self._position

    def fail(self, message: str, hint: str, *, at: int | None = None) -> NoReturn:
        """
        Say what is wrong here, or at a place from before.

        Raises:
            RuleError: always.
        """
        column = (self._position if at is None else at) + 1
        raise RuleError(message, line=self._line, column=column, hint=hint)

    def expected(self, what: str, hint: str) -> NoReturn:
        """
        Say that something else was expected here.

        Raises:
            RuleError: always.
        """
        rest = self._text[self._position :].strip()
        found = f"{rest[:_SHOWN_CHARACTERS]!r}" if rest else "the end of the line"
        self.fail(f"expected {what}, found {found}", hint)

    def _pass_blanks(self) -> None:
        begin = self._position
        blanks = _BLANKS.match(self._text, begin)
        self._position = blanks.end() if blanks else begin
        # A comment begins the line or stands behind a blank: a # within a word is part of it.
        if self._text.startswith("#", self._position) and (self._position > begin or begin == 0):
            self._position = len(self._text)
