"""Runs all benchmarks, for about two hours: python -m bench."""

import subprocess
import sys

from bench import EXIT_CODES
from common import cli

BENCHMARKS = ("section1", "section2", "section2.growth", "section4")


def main() -> None:
    """Run the benchmarks one after the other. Each writes one section of RESULTS.md, also if a later one fails."""
    parser = cli.Parser(
        description=f"Run all benchmarks ({', '.join(BENCHMARKS)}) on an idle machine. Run one with -m bench.section1.",
        example=".venv/bin/python -m bench",
        exit_codes=EXIT_CODES,
    )
    parser.parse_args()
    codes = [subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in BENCHMARKS]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
