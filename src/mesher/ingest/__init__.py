"""
2. Admit, hand off, digest: the write path as named stages.

``routes`` turn HTTP into calls, ``receive`` authenticates, limits and appends to the ``journal``
(and only then is a client told 200), ``digest`` turns journal records into one database
transaction. What enters: HTTP requests. What leaves: rows, through ``storage``.
"""
