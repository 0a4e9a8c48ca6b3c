"""Runs section 5's command line: python -m section5."""

from section5.cli import main

if __name__ == "__main__":
    main()
