"""
From what was stored to who is told.

``signals`` and ``measures`` find what rules look for, ``firing`` makes alerts and their deliveries of it,
``delivery`` sends them, and ``loop`` does so again and again, on one node at a time.
"""
