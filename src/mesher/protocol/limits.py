"""
Every limit on what clients send, with its unit and its reason.

"Relay" is the value that Sentry's own relay uses; clients are built to stay below it.
"""

from __future__ import annotations

from typing import Final

# Requests and envelopes ------------------------------------------------------------------------
# SDKs refuse attachments above 20 MiB; with several of them an envelope may be this large as sent.
MAX_REQUEST_BYTES: Final = 64 * 1024**2
# The same after decompression. It bounds the memory of one request, so it is far below Relay's 200.
MAX_ENVELOPE_BYTES: Final = 100 * 1024**2
MAX_ITEMS: Final = 500  # Relay; a header line costs more than its payload beyond this
# Relay allows 1 MiB, yet JavaScript SDKs with long breadcrumbs pass that; trimmed when normalised.
MAX_EVENT_BYTES: Final = 4 * 1024**2
MAX_SESSION_BYTES: Final = 10 * 1024**2  # Relay, of all in an envelope
MAX_SESSION_ITEMS: Final = 100  # Relay, per envelope
MAX_SMALL_ITEM_BYTES: Final = 100 * 1024  # check-ins, client reports, user reports; Relay
MAX_CLIENT_REPORTS: Final = 100  # Relay, per envelope
# SDKs send no larger ones by default; they pass through memory and PostgreSQL as one value.
MAX_ATTACHMENT_BYTES: Final = 20 * 1024**2
MAX_ATTACHMENTS: Final = 30  # Relay's for one envelope; Mesher's for one event too
# Of a project. Large teams have hundreds of jobs; a slug with an id or a time in it makes one a run.
MAX_MONITORS: Final = 1000
MAX_FORM_PARTS: Final = 100  # of a multipart form; Electron cuts an event into some tens
MAX_HEADER_LINE_BYTES: Final = 64 * 1024  # real ones stay below 2 KiB

# Counts in an event ------------------------------------------------------------------------------
MAX_FRAMES: Final = 250  # Relay: the 50 oldest and the 200 newest are kept
KEEP_OLDEST_FRAMES: Final = 50
DETAILED_FRAMES: Final = 50  # above this many, frames in the middle lose locals and context lines
MAX_EXCEPTIONS: Final = 100  # chains are short; groups of hundreds are loops
MAX_THREADS: Final = 500  # JVMs send them all; beyond this nobody reads
MAX_BREADCRUMBS: Final = 200  # SDKs keep 100; the newest are kept
MAX_TAGS: Final = 200  # 50 are common; each is indexed
MAX_FINGERPRINT_PARTS: Final = 32  # a handful makes sense
MAX_ERRORS: Final = 50  # notes on what was changed in one event
MAX_PAIRS: Final = 200  # headers, cookies, query parameters
MAX_CONTEXTS: Final = 100
MAX_IMAGES: Final = 2000  # loaded libraries, or bundles; a large desktop program has some hundreds
MAX_SIZE_BYTES: Final = 2**63 - 1  # of images, bodies; what PostgreSQL still holds as an integer
MAX_CONTEXT_LINES: Final = 50  # on each side of a line; SDKs send five
MAX_LINE_NUMBER: Final = 2**31 - 1  # lines and columns; more than any file has
MAX_GZIP_MEMBERS: Final = 16  # clients write one; thousands of empty ones only cost time

# Text in characters: (limit, slack): nothing is cut below limit + slack (Relay) -------------------
TYPE_CHARACTERS: Final = (256, 20)  # exception type and module, names of SDKs and servers
VALUE_CHARACTERS: Final = (8192, 200)  # exception value, messages
FUNCTION_CHARACTERS: Final = (512, 20)
PATH_CHARACTERS: Final = (256, 40)  # filename, abs_path, url
THREAD_CHARACTERS: Final = (1024, 100)
FRAGMENT_CHARACTERS: Final = (1024, 0)
NAME_CHARACTERS: Final = (128, 0)  # user id and name, category, mechanism type, checksum
LINE_CHARACTERS: Final = (200, 0)  # transaction, culprit, release, tag key and value
SHORT_CHARACTERS: Final = (64, 0)  # logger, environment, dist
EMAIL_CHARACTERS: Final = (75, 0)
COMMENTS_CHARACTERS: Final = (4096, 0)  # of user feedback (Relay)
CONTEXT_LINE_CHARACTERS: Final = (2048, 0)  # minified files have lines of megabytes
URL_CHARACTERS: Final = (2048, 0)  # what browsers and servers take at least
ADDRESS_CHARACTERS: Final = (45, 0)  # the longest spelling of an IPv6 address without a zone

# Free-form parts: (bytes of JSON, depth) (Relay) --------------------------------------------------
EXTRA_BAG: Final = (256 * 1024, 7)
EXTRA_ENTRY_BAG: Final = (16 * 1024, 7)
CONTEXT_BAG: Final = (8 * 1024, 7)
FLAGS_BAG: Final = (128 * 1024, 7)  # the context with the feature flags
REQUEST_DATA_BAG: Final = (8 * 1024, 7)
SMALL_BAG: Final = (2 * 1024, 5)  # locals, breadcrumb data, mechanism data, message parameters
HEADERS_BAG: Final = (8 * 1024, 2)
COOKIES_BAG: Final = (2 * 1024, 2)
QUERY_BAG: Final = (1024, 2)
MODULES_BAG: Final = (64 * 1024, 2)  # Relay's 8 KiB cut the lists of large applications short

ANNOTATION_BYTES: Final = 16 * 1024  # of what a client says of its own cuts; hundreds of them
MAX_ANNOTATION_DEPTH: Final = 20  # the path to a local deep in a frame, and the annotation

# Time --------------------------------------------------------------------------------------------
CLOCK_DRIFT_SECONDS: Final = 55 * 60  # below it a client's clock is believed (Relay)
FUTURE_SECONDS: Final = 60  # an event from later than this is moved to its receipt (Relay)
PAST_SECONDS: Final = 90 * 24 * 3600  # so is one that is older than the default retention
SESSION_PAST_SECONDS: Final = 5 * 24 * 3600  # older sessions are not counted (Relay)
LATEST_TIMESTAMP: Final = 253_402_300_799.0  # 9999-12-31T23:59:59Z, the last that RFC 3339 writes
