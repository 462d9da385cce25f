"""
6. The HTML pages: a thin reader of ``storage``. Does not know ``api``.
"""
