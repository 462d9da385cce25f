"""Every limit on what releases upload and on what resolving may cost, with unit and reason."""

from __future__ import annotations

from typing import Final

# Uploads ------------------------------------------------------------------------------------------
# One value in memory and in PostgreSQL, which takes about three times its size while it writes one.
MAX_BUNDLE_BYTES: Final = 256 * 1024**2
MAX_DEBUG_FILE_BYTES: Final = 256 * 1024**2
# Of a bundle unpacked: twice what the largest of public single-page applications come to.
MAX_UNPACKED_BYTES: Final = 1024**3
# Of one file in it. Reading a source map takes some ten times its size for as long as it is read.
MAX_FILE_BYTES: Final = 100 * 1024**2
MAX_BUNDLE_FILES: Final = 20_000  # a bundle of each of ten thousand chunks and its map
MAX_MANIFEST_BYTES: Final = 32 * 1024**2  # of that many files, each with a long name
MAX_URL_CHARACTERS: Final = 1024  # longer ones fit no index, and no stack trace names them
MAX_HEADERS: Final = 20  # two are used
MAX_HEADER_CHARACTERS: Final = 2048
MAX_OBJECTS: Final = 32  # of one debug file; a universal one holds an object for each processor
MAX_NAME_CHARACTERS: Final = 1024

# Resolving ----------------------------------------------------------------------------------------
# Of a map and its file, together what MAX_FILE_BYTES lets in of the larger. To read 135 MB takes 6 s
# of an idle core and 940 MB of memory, which the process that does it may just take.
MAX_RESOLVED_BYTES: Final = 128 * 1024**2
# Of the maps that stay read. They take about PARSED_FACTOR times their bytes, measured with bundles
# of 3 to 24 MB and their maps of 14 to 111 MB.
PARSED_CACHE_BYTES: Final = 64 * 1024**2
PARSED_FACTOR: Final = 5
MAX_PARSED: Final = 200  # small maps cost more than their bytes
MAX_MODULES: Final = 64  # built files in the stack traces of one event; chains touch a few
CONTEXT_LINES: Final = 5  # before and after, as SDKs send them
LINE_CHARACTERS: Final = 150  # longer source lines are cut around the column, as SDKs do
SNIPPED_CHARACTERS: Final = 140
MAX_NAME_LENGTH: Final = 500  # of functions: below what a frame may hold
MAX_INLINED: Final = 20  # calls that one frame may stand for
MAX_NOTES: Final = 12  # of one event: why its frames could not be mapped
