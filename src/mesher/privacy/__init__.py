"""
What is stored of people, afterwards: found, exported, erased, and scrubbed once more.

What enters: a connection in autocommit mode, a project that the caller may act on, and who acts. Each
function commits batch by batch, so that ingestion waits for none, and leaves a record of itself
(``record``). ``api`` and ``cli`` are its two doors.
"""
