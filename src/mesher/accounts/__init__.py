"""
People and permission: passwords, sessions, tokens, and ``access``, the only way from an id in a
request to a tenant's data.
"""
