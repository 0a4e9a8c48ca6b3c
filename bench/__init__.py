"""Benchmarks. Their latest figures are in RESULTS.md."""

from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
