"""
The ``mesher`` command: one module per subcommand.
"""
