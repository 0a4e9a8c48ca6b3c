"""Argument types of the benchmarks."""

import argparse
import re


def number_of_rows(text: str) -> int:
    """Convert a number of rows such as 5k or 1M."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})([kM]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a number of rows such as 5k or 1M, got '{text}'")
    return int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]]


def number_of_runs(text: str) -> int:
    """Convert a number of runs, from 1 to 99."""
    if not re.fullmatch("[1-9][0-9]?", text):
        raise argparse.ArgumentTypeError(f"expected a number of runs from 1 to 99, got '{text}'")
    return int(text)
