"""
What happens, told to those who watch, while they watch.

What is committed leaves a row in ``storage.live_log`` and a notification. ``hub`` hears it, once for a
process, and wakes its watchers; ``stream`` reads for each what its query finds. The log is the buffer: a
watcher holds nothing but its place in it. Imports ``storage`` and ``search``.
"""
