"""Entry point: see section4/cli.py."""

from section4.cli import manage

manage()
