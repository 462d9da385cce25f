"""A watcher in the process of the test, over a real database."""

from __future__ import annotations

from serving import client  # noqa: F401 - a fixture
