"""Run `python -m section3`."""

from section3.cli import main

main()
