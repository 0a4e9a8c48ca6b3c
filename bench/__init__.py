"""Benchmarks; what they last measured stands in RESULTS.md."""

from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
