"""
4. All SQL. One module per table family; functions, not classes; the first argument is a connection.

What enters and leaves: plain values and frozen dataclasses. Nothing here commits: a request, a batch
or a job is one transaction, and its edge owns it.
"""
