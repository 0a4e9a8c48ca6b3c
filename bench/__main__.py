"""Runs every benchmark of every section, for some two hours: python -m bench."""

import argparse
import subprocess
import sys

BENCHMARKS = ("section1", "section2", "section2.growth", "section4")


def main() -> None:
    """Run one after the other; each writes its own section of RESULTS.md, so what was measured stays if one fails."""
    argparse.ArgumentParser(
        prog="python -m bench",
        description=f"Run every benchmark ({', '.join(BENCHMARKS)}) on a quiet machine; one alone: -m bench.section1.",
        epilog="example: .venv/bin/python -m bench",
    ).parse_args()
    codes = [subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in BENCHMARKS]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
