"""Entry point: see section1/cli.py."""

from section1.cli import main

main()
