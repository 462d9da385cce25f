"""
Removal of secrets and personal data, before anything is stored.

What enters: JSON as a client sent it, or text; and the rules of a project. What leaves: the same JSON
with what must not be kept replaced, and what was replaced where. ``payload`` is the entry for JSON,
``text`` for text alone.

Works on the bytes of a payload, not on the event made of it, because nearly all of an event is of no
interest: one pass of an automaton (``triggers``) tells where a look is worthwhile, and only the
strings around these places are decoded. It also sees texts before they are cut to their limits,
where half a token would no longer be known as one.

Pure: no I/O, no clock, no database. Imports only ``values``.
"""
