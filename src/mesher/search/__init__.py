"""
The language in which people look for issues and events: text in, a tree out. Pure.

    is:unresolved level:error release:1.2.* !user.email:x@y.z (timeout OR "connection refused")

``parse`` reads it by ``grammar``, and each ``key:value`` by ``terms``; ``keys`` says what can be asked for,
``values`` reads what stands behind the colon, ``mistakes`` says where and why something cannot be read.
``tree`` is the result, which ``storage.search_conditions`` turns into SQL. Imports ``errors`` and ``values``
alone.
"""
