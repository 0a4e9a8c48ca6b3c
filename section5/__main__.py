"""Entry point: see section5/cli.py."""

from section5.cli import main

main()
