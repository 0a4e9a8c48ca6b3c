"""`python -m section2`: see section2/cli.py."""

from section2.cli import main

main()
