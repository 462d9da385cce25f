"""``python -m mesher`` is the command ``mesher``."""

from mesher.cli import main

main()
