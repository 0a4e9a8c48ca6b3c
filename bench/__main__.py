"""Runs all benchmarks, for about two hours: python -m bench."""

import argparse
import subprocess
import sys

BENCHMARKS = ("section1", "section2", "section2.growth", "section4")


def main() -> None:
    """Run the benchmarks one after the other. Each writes one section of RESULTS.md, also if a later one fails."""
    argparse.ArgumentParser(
        prog="python -m bench",
        description=f"Run all benchmarks ({', '.join(BENCHMARKS)}) on an idle machine. Run one with -m bench.section1.",
        epilog="example: .venv/bin/python -m bench",
    ).parse_args()
    codes = [subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in BENCHMARKS]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
