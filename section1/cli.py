"""Command line of section 1."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from common import cli

EXIT_CODES = """\
exit codes:
  0   done (unsuccessful rows are not a failure)
  1   failed, nothing published
  2   usage or configuration error
  3   published, but a file was refused
  75  another run holds the lock
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: see EXIT_CODES."""
    options = parser().parse_args(argv)
    cli.run(lambda: _run(options), "Nothing was published.")


def _run(options: argparse.Namespace) -> int:
    # Imported late, so that --help and a usage error take a fraction of a second.
    from section1.commands import run

    return run(options)


def parser() -> cli.Parser:
    """Return the parser of all options."""
    arguments = cli.Parser(
        description="Clean, validate and label the membership applications of a directory. Publish them as one batch.",
        example="./section1_runner.sh run --src-path my/applications --dest-path my/results\n"
        "  ./section1_runner.sh run --compare stricter.yaml --reprocess --batch 2026-11-23T16",
        exit_codes=EXIT_CODES,
    )
    arguments.add_argument(
        "--task-config",
        default="section1_process.yaml",
        metavar="FILE",
        help="configuration: a file of section1/conf or a path (default: %(default)s)",
    )
    arguments.add_argument("--engine", choices=["spark", "duckdb"], help="override the configured engine")
    arguments.add_argument("--master", metavar="URL", help="run on this Spark master, such as spark://host:7077")
    arguments.add_argument(
        "--batch", metavar="HOUR", help="such as 2026-11-23T16 (default: this hour in the configured time zone)"
    )
    arguments.add_argument("--src-path", type=directory, metavar="DIRECTORY", help="read another directory")
    arguments.add_argument("--dest-path", type=directory, metavar="DIRECTORY", help="publish to another directory")
    arguments.add_argument("--reprocess", action="store_true", help="replace the committed batch named by --batch")
    arguments.add_argument("--dry-run", action="store_true", help="read, label and report, but write nothing")
    arguments.add_argument(
        "--compare", metavar="FILE", help="count the rows that the rules of another configuration change; write nothing"
    )
    return arguments


def directory(text: str) -> Path:
    """Return the path, relative to the working directory. An empty text is often an unset variable of a script."""
    if not text:
        raise argparse.ArgumentTypeError("expected a directory, got an empty name")
    return Path.cwd() / text


if __name__ == "__main__":
    main()
