"""
3. Event to fingerprint. Pure and versioned: the same event and version give the same fingerprint.

What enters: a normalised ``protocol.event.Event``. What leaves: its fingerprint, title and culprit,
and the explanation of which parts of the event decided. No I/O, no clock, no database.
"""
