"""Fuzzed command lines are parsed, or rejected in one line with exit code 2."""

import argparse
import contextlib
import io
import os
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import pytest

import section2.cli
import section3.cli
import section4.cli
import section4.commands
import section5.cli
from common import cli
from common.errors import JobError
from common.test.fuzzing import verdicts
from section1 import cli as section1_cli
from section1 import commands
from section3.main import HIGHEST_RATE, simulate_selected

Parse = Callable[[cli.Parser, list[str]], argparse.Namespace]
CAR = ["predict", "--maint", "high", "--doors", "4", "--lug-boot", "big", "--safety", "high", "--class", "good"]
DAYS = ["--from", "2021-01-01", "--to", "2022-01-01"]
COVID = ["--task-config", "section4_process.yaml", "--source", "who", "--country", "SG,MY", *DAYS, "--dry-run"]
BATCH = ["--task-config", "section1_process.yaml", "--reprocess", "--batch", "2026-11-23T16"]
LOAD = ["load", "--orders", "5"]
# Per program: its parser, the function that parses, and valid command lines.
PROGRAMS: dict[str, tuple[Callable[[], cli.Parser], Parse, list[list[str]]]] = {
    "section1_manage.py": (
        section1_cli.parser,
        cli.Parser.parse_args,
        [BATCH, [*BATCH[:2], "--engine", "duckdb", "--src-path", "a", "--dest-path", "b"], [*BATCH, "--compare", "c"]],
    ),
    "python -m section2": (
        section2.cli.parser,
        section2.cli.parse,
        [[*LOAD, "--seed", "1", "--until", "2026-10-31"], ["psql", "--role", "sales", "-c", "select"],
         ["query", "average_basket"], ["erd", "--format", "png"], ["load-members", "--applications", "a"], ["check"]],
    ),
    "python -m section3": (
        section3.cli.parser,
        cli.Parser.parse_args,
        [["simulate", "--rate", "5000", "--scenario", "burst"], ["check"]],
    ),
    "python -m section4": (section4.cli.parser, cli.Parser.parse_args, [["run", *COVID], ["dashboard"]]),
    "section4_manage.py": (section4.cli.job_parser, cli.Parser.parse_args, [COVID]),
    "python -m section5": (section5.cli.parser, cli.Parser.parse_args, [CAR, ["notebook"]]),
}  # fmt: skip
# Functions that read the configuration that the arguments name.
REQUESTED: dict[str, Callable[[argparse.Namespace], object]] = {
    "section1_manage.py": commands.configure,
    "section4_manage.py": section4.commands.requested,
}
WORDS = (
    "", " ", "\0", "\n", "a\nb", "\x1b[2J", "\u2028", "\u202e", "\udcff", "\ud800", "-", "---", "-x", "--=",
    "=", "-1", "--help", "$(touch x)", "`id`", ";", "'", '"', "*", "~", "..", "%s", "%(prog)s", "{}", "@file", "0",
    "1_0", "_5", "1__0", "1e400", "nan", "9" * 5000, "\u0661", "\uff15", "2022-02-30", "20220309", "2022-W10-3",
    "0000-00-00", "0001-01-01", "9999-12-31", "SG", "all", "\u00df", "\u212ar", ",", "SG,,MY", "2026-11-23T16",
    "2026-11-23T24", "2026-11-23T16-2", "x" * 5000,
)  # fmt: skip


def mutated_line(random: Random, valid: Sequence[list[str]]) -> list[str]:
    line = list(random.choice(valid))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        place = random.randint(0, len(line))
        word = random.choice((*WORDS, *random.choice(valid)))
        match random.randrange(4):
            case 0:
                line[place : place + 1] = [word]
            case 1:
                line.insert(place, word)
            case 2:
                del line[place : place + 1]
            case _:
                line[place : place + 1] = [f"{''.join(line[place : place + 1])}{random.choice(('=', '', ' '))}{word}"]
    return line


def outcome(call: Callable[[], object]) -> tuple[int | str | None, str]:
    """Return the exit code of a call (None: it returned) and its stderr."""
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr), contextlib.redirect_stdout(io.StringIO()):
        try:
            call()
        except SystemExit as exit_:
            return exit_.code, stderr.getvalue()
        except JobError as error:
            return error.exit_code, f"{error}\n"
    return None, stderr.getvalue()


def is_accepted(call: Callable[[], object]) -> bool:
    """Return whether a call accepts a command line. A rejection must be one printable line."""
    code, stderr = outcome(call)
    if code == 2:
        assert stderr.endswith("\n")
        assert stderr[:-1].isprintable()
    else:
        assert (code in (None, 0), stderr) == (True, "")
    return code != 2


def can_be_passed(line: list[str]) -> bool:
    """Return whether the system can pass these arguments to a process."""
    try:
        return "\0" not in os.fsencode("".join(line)).decode("utf-8", "replace")
    except UnicodeEncodeError:
        return False


@pytest.mark.slow
@pytest.mark.full("fuzzing")
@pytest.mark.parametrize("name", PROGRAMS)
def test_fuzzed_command_line_is_parsed_or_rejected_in_one_line(
    name: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    make, parse, valid = PROGRAMS[name]
    parser = make()
    cases = budget(500, 100_000)
    draw = partial(mutated_line, valid=valid)
    record(verdicts(name, cases, draw, lambda line: is_accepted(partial(parse, parser, line))))


@pytest.mark.slow
@pytest.mark.full("fuzzing")
@pytest.mark.parametrize("name", REQUESTED)
def test_fuzzed_request_is_accepted_or_rejected_in_one_line(
    name: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    make, _, valid = PROGRAMS[name]
    parser = make()

    def accepts(line: list[str]) -> bool:
        if not can_be_passed(line):
            return False
        return is_accepted(lambda: REQUESTED[name](parser.parse_args(line)))

    draw = partial(mutated_line, valid=valid)
    record(verdicts(f"{name} and its configuration", budget(200, 10_000), draw, accepts))


UNRECOGNIZED = "unrecognized arguments: "
NO_DATE = "expected a date from 2000 on such as 2026-10-31, got"
NO_CODE = "is not a country code; expected codes such as SG, MY, or all, got"
CORPUS = [
    ("section1_manage.py", [*BATCH, "a\nb"], f"{UNRECOGNIZED}a\\nb"),
    ("section1_manage.py", [*BATCH, "\x1b[2J"], f"{UNRECOGNIZED}\\x1b[2J"),
    ("section1_manage.py", [*BATCH, "\udcff"], f"{UNRECOGNIZED}\\udcff"),
    ("section1_manage.py", [*BATCH, "--dry"], f"{UNRECOGNIZED}--dry"),
    ("section1_manage.py", [*BATCH, "--src-path", ""], "argument --src-path: expected a directory, got an empty name"),
    ("section2", [*LOAD, "--until", "0001-01-01"], f"argument --until: {NO_DATE} '0001-01-01'"),
    ("section2", [*LOAD, "--until", "2022-W10-3"], f"argument --until: {NO_DATE} '2022-W10-3'"),
    (
        "section2",
        [*LOAD, "--seed", "9999999999"],
        "argument --seed: expected a seed of at most nine digits such as 1, got '9999999999'",
    ),
    (
        "section2",
        ["load", "--orders", "\u0665"],
        "argument --orders: expected a number of orders such as 1000000, got '\u0665'",
    ),
    ("section2", ["check", "a\nb"], f"{UNRECOGNIZED}a\\nb"),
    (
        "section4_manage.py",
        [*COVID, "--country", "\u00df"],
        f"argument --country: '\u00df' {NO_CODE} '\u00df'",
    ),
    (
        "section4_manage.py",
        [*COVID, "--country", "\u212ar"],
        f"argument --country: '\u212ar' {NO_CODE} '\u212ar'",
    ),
    (
        "section4_manage.py",
        [*COVID, "--to", "2022-02-30"],
        "argument --to: expected a date such as 2022-03-09, got '2022-02-30'",
    ),
    (
        "section4_manage.py",
        [*COVID, "--to", "20220309"],
        "argument --to: expected a date such as 2022-03-09, got '20220309'",
    ),
]


@pytest.mark.parametrize(("program", "line", "problem"), CORPUS)
def test_fuzzing_finding_is_rejected_in_one_line(program: str, line: list[str], problem: str) -> None:
    make, parse, _ = PROGRAMS[program if program in PROGRAMS else f"python -m {program}"]
    code, stderr = outcome(partial(parse, make(), line))
    assert (code, stderr.partition(": ")[2]) == (2, f"{problem}. See --help.\n")


@pytest.mark.parametrize("name", REQUESTED)
def test_file_name_that_is_too_long_is_a_usage_error(name: str) -> None:
    arguments = PROGRAMS[name][0]().parse_args(["--task-config", "x" * 5000])
    code, stderr = outcome(partial(REQUESTED[name], arguments))
    assert (code, stderr) == (2, f"{'x' * 5000}: File name too long. Pass another file with --task-config.\n")


@pytest.mark.parametrize("rate", [-1, 0, HIGHEST_RATE + 1, 10**400])
def test_rate_out_of_range_is_a_usage_error(rate: int) -> None:
    code, stderr = outcome(partial(simulate_selected, rate))
    assert (code, stderr) == (2, f"--rate: expected 1 to 1000000000000 images per minute, got {rate}.\n")
