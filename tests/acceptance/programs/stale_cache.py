"""A program that handles and reports a failure whose text differs from run to run."""

import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["DSN"])


def refresh_cache(entries: int) -> None:
    """Fail with a number that says how far it came."""
    raise TimeoutError(f"the cache of {entries} entries is stale")


try:
    refresh_cache(int(os.environ["ENTRIES"]))
except TimeoutError as error:
    sentry_sdk.capture_exception(error)
