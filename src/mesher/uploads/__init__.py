"""
What sentry-cli and the bundler plugins upload: from the parts of a form to artifacts.

    form ─▶ chunks in the database ─▶ assembly (a job) ─▶ storage/artifacts, storage/debug_files

Requests run the first step while the body arrives, the jobs process the last. Knows no HTTP
framework: ``api`` asks, and imports point this way.
"""
