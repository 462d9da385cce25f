"""
Which fingerprints are known to be bound to an issue.

An event is looked for by its other fingerprints, too, and to find these costs as much as to group it.
They are needed only until its own fingerprint is bound, so each digester remembers which are.
"""

from __future__ import annotations

import uuid

# Some 80 bytes each. A server has some thousand issues that go on; beyond this, what is remembered is
# forgotten as a whole, and comes again.
MAX_REMEMBERED = 16_384


class KnownIssues:
    """
    Fingerprints that were stored, each with its project.

    What a batch adds counts only once it is committed: one that is digested again must come with all
    its fingerprints again.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        # Hashes of 64 bits are enough: what is taken for another loses one binding that it would need
        # only if its grouping changed.
        self._known: set[int] = set()
        self._new: set[int] = set()

    def has(self, project_id: uuid.UUID, fingerprint: str) -> bool:
        """Whether the fingerprint is bound, or will be by the batch in hand."""
        key = hash((project_id, fingerprint))
        return key in self._known or key in self._new

    def add(self, project_id: uuid.UUID, fingerprint: str) -> None:
        """The batch in hand has an event with this fingerprint and with all its others."""
        self._new.add(hash((project_id, fingerprint)))

    def commit(self) -> None:
        """The batch in hand is stored."""
        if len(self._known) > MAX_REMEMBERED:
            self._known = set()
        self._known |= self._new
        self._new = set()

    def roll_back(self) -> None:
        """The batch in hand is digested again, or never."""
        self._new = set()
