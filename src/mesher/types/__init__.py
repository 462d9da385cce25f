"""
The schema types, each declared once: table, fields, keys, relationships, JSON form and row mapping
all derive from the declaration. Imports nothing of ours.
"""
