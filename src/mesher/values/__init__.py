"""
Plain values without a table, as people and clients give them: the parts of an event in Mesher's own
form, and what a project lets in.

Apart from ``types``, because digest needs these alone, and what declares tables loads SQLAlchemy,
which costs memory and time at the start of each process.
"""
