"""Benchmarks. Their latest figures are in RESULTS.md."""

from pathlib import Path

EXIT_CODES = "exit codes: 0 done, 1 failed, 2 usage error"
RESULTS = Path(__file__).parent / "RESULTS.md"
