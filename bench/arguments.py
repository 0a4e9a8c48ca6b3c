"""What the benchmarks take on the command line."""

import argparse
import re


def number_of_rows(text: str) -> int:
    """Return 5000 for 5k, 1000000 for 1M."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})([kM]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of rows (e.g. 5k, 1M)")
    return int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]]
