"""Proofs at full size of what stays right when things break; what they last found stands in RESULTS.md."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "proof" / "RESULTS.md"
