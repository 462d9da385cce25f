"""What one project wants scrubbed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from mesher.scrubbing.addresses import ADDRESS_KEYS, Addresses
from mesher.scrubbing.json_bytes import read_string
from mesher.scrubbing.keys import LONGEST_KEY, Kind, kind_of_key, split_words
from mesher.scrubbing.triggers import Triggers
from mesher.values.ingest_settings import IngestSettings

# Keys come again and again; a project that makes them up must not fill the memory.
_REMEMBERED_KEYS: Final = 4096
_REMEMBERED_TEXTS: Final = 8192


class Rules:
    """The keys and addresses of one project; made once for each set of settings."""

    def __init__(
        self,
        *,
        extra_keys: Iterable[str] = (),
        safe_keys: Iterable[str] = (),
        addresses: Addresses = "keep",
        secrets: bool = True,
    ) -> None:
        """
        Args:
            extra_keys: also sensitive. A key is meant whose words hold these words in a row, in any
                case and with any separators; ``*`` and what is no word says nothing.
            safe_keys: not sensitive, whatever else is said; a key is meant that has the same words.
            addresses: what becomes of IP addresses in values that are about them.
            secrets: whether anything but addresses is looked for.
        """
        self.secrets = secrets
        self.addresses: Addresses = addresses
        extra = [key for key in extra_keys if split_words(key)]
        self._extra = [f" {' '.join(split_words(key))} " for key in extra]
        self._safe = frozenset(map(split_words, safe_keys))
        self.triggers = Triggers(extra, addresses=addresses != "keep")
        self._kinds: dict[str | bytes, Kind] = {}
        # Hashes alone: no text stays in memory. Python's have 64 bits and a key of each process.
        self._harmless: set[int] = set()

    def kind_of(self, key: str) -> Kind:
        """How sensitive a key is."""
        kind = self._kinds.get(key)
        return self._remember(key, self._judge(key)) if kind is None else kind

    def kind_of_json(self, key: bytes) -> Kind:
        """How sensitive a key is, given as it stands between its quotes."""
        kind = self._kinds.get(key)
        if kind is None:
            text = read_string(b'"%b"' % key, 0, len(key) + 2)
            kind = self._remember(key, self._judge(text))
        return kind

    def is_harmless(self, literal: bytes, *, code: bool) -> bool:
        """Whether this string was found to hold nothing; lines of code and locals come again."""
        return hash((literal, code)) in self._harmless

    def note_harmless(self, literal: bytes, *, code: bool) -> None:
        """Remember that a string holds nothing."""
        if len(self._harmless) >= _REMEMBERED_TEXTS:
            self._harmless.clear()
        self._harmless.add(hash((literal, code)))

    def is_safe(self, key: str) -> bool:
        """Whether the project says that nothing under this key needs scrubbing."""
        return bool(self._safe) and split_words(key) in self._safe

    def _remember(self, key: str | bytes, kind: Kind) -> Kind:
        if len(key) <= LONGEST_KEY:
            if len(self._kinds) >= _REMEMBERED_KEYS:
                self._kinds.clear()
            self._kinds[key] = kind
        return kind

    def _judge(self, key: str) -> Kind:
        words = split_words(key)
        joined = " ".join(words)
        if self.addresses != "keep" and joined in ADDRESS_KEYS:
            return "address"
        if not self.secrets or words in self._safe:
            return ""
        if any(extra in f" {joined} " for extra in self._extra):
            return "strong"
        return kind_of_key(key)


@lru_cache(maxsize=256)
def _rules(
    extra_keys: tuple[str, ...], safe_keys: tuple[str, ...], addresses: Addresses, secrets: bool
) -> Rules:
    return Rules(extra_keys=extra_keys, safe_keys=safe_keys, addresses=addresses, secrets=secrets)


def rules_of(settings: IngestSettings) -> Rules | None:
    """The rules of a project's settings; ``None`` where it wants everything kept as it comes."""
    if not settings.scrub and settings.ip_addresses == "keep":
        return None
    return _rules(settings.scrub_keys, settings.safe_keys, settings.ip_addresses, settings.scrub)
