"""Proves at full size what the tests prove in small, and writes down what came of it: python -m proof [NAME ...]."""

import argparse
from collections.abc import Callable

from common import cli
from common.results import origin, write_section
from proof import RESULTS, covered, mutations
from proof.tests import proven

HOSTILE = [
    *(f"proof/test/test_hostile_{what}.py" for what in ("configurations", "arguments", "runners")),
    "section1/test/test_hostile_csv.py",
    "section4/test/test_hostile_sources.py",
]
PROOFS: dict[str, tuple[str, Callable[[], str]]] = {
    "rules": (
        "Both engines on nasty files",
        lambda: proven(
            "10,000 generated files and those made by hand, labelled by Spark, by DuckDB and by an oracle that shares "
            "no line with them: the same rows.",
            ["section1/test/test_engines.py"],
        ),
    ),
    "cluster": (
        "Section 1 on a cluster",
        lambda: proven(
            "A Spark master, two workers and the job, each in a container; 5,000,000 rows in 16 files. The same bytes "
            "as on one machine, and each row once, whoever is killed.",
            ["section1/test/test_container_cluster.py"],
        ),
    ),
    "faults": (
        "Faults",
        lambda: proven(
            "What befalls a section, what its user sees of it, and what heals it, by the tests that do it.",
            ["-m", "fault"],
            ["-n", "2", "--dist", "loadfile"],
        ),
    ),
    "soak": (
        "Soak",
        lambda: proven(
            "Sections 1 and 4 in containers, an hour or a day in a few seconds, a quarter of the runs killed at a "
            "random moment, some servers too. Each row once; nothing grows but the outputs.",
            ["section1/test/test_container_soak.py", "section4/test/test_container_soak.py"],
            ["-n", "2"],
        ),
    ),
    "kills": (
        "Kills at random moments",
        lambda: proven(
            "Sections 1, 2 and 4 at work, and a process of theirs struck by SIGKILL: after each kill a reader finds "
            "what was committed and nothing of what was not, and what follows is as if nothing had happened.",
            ["section1/test/test_kills.py", "section2/test/test_load.py", "section4/test/test_faults.py"],
            ["-k", "killed", "-n", "2"],
        ),
    ),
    "power": (
        "Power loss while a batch is published",
        lambda: proven(
            "The calls that section 1's real command makes on its destination are recorded, and the power is cut "
            "before and after each: a model of a journalled file system says what the disk may hold then. A reader "
            "must find the old batch or the new one there (or, while one is replaced, all others), each byte of it, "
            "and the next run must heal it.",
            ["section1/test/test_power_loss.py"],
            ["-n", "2"],
        ),
    ),
    "hostile": (
        "Hostile input",
        lambda: proven(
            "Good input, mutated: bytes flipped, cut and doubled, and words put in that a parser takes seriously. "
            "Accepted is, of CSV and YAML, what an independent reader says; of answers, records as agreed; of command "
            "lines, a request or help. Refused is told in lines that somebody can read; nothing else comes of it. What "
            "was found, by it or by hand, is kept as a corpus in the tests.",
            HOSTILE,
            ["-n", "2"],
        ),
    ),
    "coverage": ("Lines and branches that tests go through", covered.prove),
    "mutations": ("Small changes that tests notice", mutations.prove),
}
_EXIT_CODES = "exit codes: 0 all proven and written down; 1 a proof failed; 2 bad usage\n"


def main() -> None:
    """Run the proofs that are named, or all."""
    chosen = parser().parse_args().name or list(PROOFS)
    cli.run(lambda: prove(chosen))


def parser() -> cli.Parser:
    """Return the arguments."""
    names = "\n".join(f"  {name:12} {title}" for name, (title, _) in PROOFS.items())
    arguments = cli.Parser(
        prog="python -m proof",
        description=f"Prove at full size what ./test_runner.sh proves in small, and write it to RESULTS.md.\n\n{names}",
        example=".venv/bin/python -m proof kills",
        exit_codes=_EXIT_CODES,
    )
    arguments.add_argument("name", nargs="*", type=known, metavar="NAME", help="one of these; default: all")
    return arguments


def known(name: str) -> str:
    """Return the name of a proof that there is."""
    if name not in PROOFS:
        raise argparse.ArgumentTypeError(f"no proof {name!r}; there are: {', '.join(PROOFS)}")
    return name


def prove(names: list[str]) -> int:
    """Run these proofs, each writing its section as it ends; return the exit code. Raises: NotProven."""
    for name in names:
        title, proof = PROOFS[name]
        body = proof()
        write_section(RESULTS, title, f"{body}\n\n{origin(['duckdb', 'pyspark', 'psycopg2-binary'])}")
        print(f"{title}: proven; see {RESULTS.name}", flush=True)
    return 0


if __name__ == "__main__":
    main()
