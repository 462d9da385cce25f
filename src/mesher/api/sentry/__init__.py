"""
The part of Sentry's API that sentry-cli and the bundler plugins use, under ``/api/0``.

In come requests of unmodified clients, versions 2 and 3, with a bearer token; out go JSON answers in
the shapes that those clients read. What is behind it is Mesher's own: the same ``storage`` and the
same ``accounts.access`` as the API under ``/api/v1``.

Shapes and calls were learnt from the clients' own requests; ``docs/releases.md`` names the versions
that the tests run.
"""
