"""Section 1's command on an engine that fails: `python -m section1.test.failing_engine WAY ARGUMENTS`."""

import resource
import sys
from collections.abc import Callable

import pytest

from common import cli
from section1 import cli as section1_cli
from section1 import commands
from section1.operator.engine import EngineFailed
from section1.operator.source import Source
from section1.test.engines import interfere
from section1.test.personal_data import APPLICANT
from section1.test.support import csv_of


def _raise_engine_error(_: Source) -> None:
    raise EngineFailed("duckdb", RuntimeError(f"cannot cast '{APPLICANT}': No space left on device"))


def _raise_unexpected_error(_: Source) -> None:
    try:
        raise KeyError(APPLICANT)
    except KeyError as error:
        raise ValueError(f"no place for {APPLICANT}") from error


def _raise_file_error_without_file(_: Source) -> None:
    raise OSError(f"cannot write {APPLICANT}")


def _read_ragged_lines(source: Source) -> None:
    _replace(source, csv_of(APPLICANT, f"{APPLICANT},more", "Zanzivar"))


def _read_garbage(source: Source) -> None:
    _replace(source, APPLICANT.encode() * 9)


def limit_file_size(_: Source | None = None) -> None:
    """Make this process fail to write files of more than 4 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def _replace(source: Source, content: bytes) -> None:
    """Replace the staged file; the original stays unchanged."""
    source.files[0].staged.unlink()
    source.files[0].staged.write_bytes(content)


WAYS: dict[str, Callable[[Source], None]] = {
    "engine error": _raise_engine_error,
    "unexpected error": _raise_unexpected_error,
    "file error without a file": _raise_file_error_without_file,
    "ragged lines": _read_ragged_lines,
    "garbage": _read_garbage,
    "full disk": limit_file_size,
}


def main() -> None:
    """Run the command's job in this process, which fails in the way that the first argument names."""
    way = sys.argv.pop(1)
    options = section1_cli.parser().parse_args()
    with pytest.MonkeyPatch.context() as patch:
        if way == "full disk while staging":
            limit_file_size()
        else:
            interfere(patch, before=WAYS[way])
        try:
            cli.run(lambda: commands.run(options), "Nothing was published.")
        finally:  # the measurement of coverage writes its file when the process exits
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
