"""
From the places that an event names in built code to those in the source it was built from.

What enters are events and what releases uploaded (bundles, source maps, debug files); what leaves are
the same events with the frames that people wrote, and for each frame that could not be mapped the
reason. Knows no database: files come from a ``Shelf`` that the caller brings. Imports only
``protocol``; the native library that reads the formats is loaded with the first file.
"""
