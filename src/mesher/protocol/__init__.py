"""
1. Bytes to values. What enters: credentials, compressed bodies and payloads as SDKs send them. What
leaves: typed, normalised values, or a ``ProtocolError`` that names what was wrong.

Pure: no I/O, no clock, no database, no framework. Imports only ``ids`` and ``errors``.
"""
