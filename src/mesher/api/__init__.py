"""
6. The JSON API under ``/api/v1``: a thin reader of ``storage``. Does not know ``web``.
"""
