"""Whatever stands on a command line: a request, help, or one line and exit code 2; nothing is done on the way."""

import argparse
import contextlib
import io
import os
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import pytest

import section1_manage
import section2.cli
import section3.__main__
import section4.cli
import section4.commands
import section5.cli
from common import cli
from common.errors import JobError
from common.test.hostile import verdicts
from section3.operator.capacity import HIGHEST_RATE, shown

CAR = ["predict", "--maint", "high", "--doors", "4", "--lug-boot", "big", "--safety", "high", "--class", "good"]
DAYS = ["--from", "2021-01-01", "--to", "2022-01-01"]
COVID = ["--task-config", "section4_process.yaml", "--source", "who", "--country", "SG,MY", *DAYS, "--dry-run"]
BATCH = ["--task-config", "section1_process.yaml", "--reprocess", "--batch", "2026-11-23T16"]
# What parses, what makes a request of it, and command lines that are good.
Parse = Callable[[cli.Parser, list[str]], argparse.Namespace]
PARSERS: dict[str, tuple[Callable[[], cli.Parser], Parse, list[list[str]]]] = {
    "section1_manage.py": (
        section1_manage.parser,
        cli.Parser.parse_args,
        [BATCH, [*BATCH[:2], "--engine", "duckdb", "--src-path", "a", "--dest-path", "b"], [*BATCH, "--compare", "c"]],
    ),
    "python -m section2": (
        section2.cli.parser,
        section2.cli.parse,
        [["load", "--orders", "5", "--seed", "1", "--until", "2026-10-31"], ["psql", "--role", "sales", "-c", "select"],
         ["query", "average_basket"], ["erd", "--format", "png"], ["load-members", "--applications", "a"], ["check"]],
    ),
    "python -m section3": (
        section3.__main__.parser,
        cli.Parser.parse_args,
        [["simulate", "--rate", "5000", "--scenario", "burst"], ["check"]],
    ),
    "python -m section4": (section4.cli.parser, cli.Parser.parse_args, [["run", *COVID], ["dashboard"]]),
    "section4_manage.py": (section4.cli.job_parser, cli.Parser.parse_args, [COVID]),
    "python -m section5": (section5.cli.parser, cli.Parser.parse_args, [CAR, ["notebook"]]),
}  # fmt: skip
# What makes a request of parsed arguments, from the configuration that they name.
REQUESTED: dict[str, Callable[[argparse.Namespace], object]] = {
    "section1_manage.py": section1_manage.requested,
    "section4_manage.py": section4.commands.requested,
}
# "By hand": found by reading or trying, not by mutated input.
MENDED = {
    "section1_manage.py": "none; by hand, of all: a line break broke the line",
    "python -m section2": "none; by hand: --until 0001-01-01 was a bug, --seed 9999999999 reached the database",
    "python -m section3": "none; by hand: --rate of 400 digits was a bug",
    "section4_manage.py": "none; by hand: --country \u00df was South Sudan",
}
MENDED_TOO = {
    "section1_manage.py": "--task-config=-- was an empty list; by hand: a long name of a file was no bad usage",
    "section4_manage.py": "none; what section1_manage.py showed was mended for both",
}
NASTY = (
    "", " ", "\0", "\n", "a\nb", "\x1b[2J", "\u2028", "\u202e", "\udcff", "\ud800", "--", "-", "---", "-x", "--=",
    "=", "-1", "--help", "$(touch x)", "`id`", ";", "'", '"', "*", "~", "..", "%s", "%(prog)s", "{}", "@file", "0",
    "1_0", "_5", "1__0", "1e400", "nan", "9" * 5000, "\u0661", "\uff15", "2022-02-30", "20220309", "2022-W10-3",
    "0000-00-00", "0001-01-01", "9999-12-31", "SG", "all", "\u00df", "\u212ar", ",", "SG,,MY", "2026-11-23T16",
    "2026-11-23T24", "2026-11-23T16-2", "x" * 5000,
)  # fmt: skip


def drawn(random: Random, good: Sequence[list[str]]) -> list[str]:
    """Return a command line that is good but for what was left out, put in, swapped or glued on."""
    line = list(random.choice(good))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        place = random.randint(0, len(line))
        word = random.choice((*NASTY, *random.choice(good)))
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


def ended(call: Callable[[], object]) -> tuple[int | str | None, str]:
    """Return how a call ended (None: it returned), and what it said on the error stream; help is not kept."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            call()
        except SystemExit as exit_:
            return exit_.code, said.getvalue()
        except JobError as error:
            return error.exit_code, f"{error}\n"
    return None, said.getvalue()


def is_request(call: Callable[[], object]) -> bool:
    """Return whether a call makes something of a command line, or else refuses it in one line."""
    code, said = ended(call)
    if code == 2:
        assert said.endswith("\n")
        assert said[:-1].isprintable()
    else:
        assert (code in (None, 0), said) == (True, "")
    return code != 2


def can_be_passed(line: list[str]) -> bool:
    """Return whether the system would give these arguments to a process."""
    try:
        return "\0" not in os.fsencode("".join(line)).decode("utf-8", "replace")
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize("name", PARSERS)
def test_a_hostile_command_line_is_a_request_or_one_line(
    name: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    make, parse, good = PARSERS[name]
    parser = make()

    def accepts(line: list[str]) -> bool:
        return is_request(partial(parse, parser, line))

    row = verdicts(name, budget(500, 100_000), lambda random: drawn(random, good), accepts)
    record(row | {"found and mended": MENDED.get(name, "none")})


@pytest.mark.parametrize("name", REQUESTED)
def test_with_its_configuration_too_it_is_a_request_or_one_line(
    name: str, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    make, _, good = PARSERS[name]
    parser = make()

    def accepts(line: list[str]) -> bool:
        return is_request(
            lambda: REQUESTED[name](parser.parse_args(line)) if can_be_passed(line) else parser.exit(2, "\n")
        )

    title = f"{name} and its configuration"
    row = verdicts(title, budget(200, 10_000), lambda random: drawn(random, good), accepts)
    record(row | {"found and mended": MENDED_TOO[name]})


UNRECOGNIZED = "unrecognized arguments: "
LOAD = ["load", "--orders", "5"]
NO_DATE = "expected a date from 2000 on such as 2026-10-31, got"
CODES = "expected country codes such as SG, MY, or all"
NO_SEED = "expected a seed of at most nine digits such as 1, got"
NO_ORDERS = "expected a number of orders such as 1000000, got"
# Whose command line, what it showed, and all that is said of it.
CORPUS: dict[str, list[tuple[list[str], str]]] = {
    "section1_manage.py": [
        ([*BATCH, "a\nb"], f"{UNRECOGNIZED}a\\nb"),
        ([*BATCH, "\x1b[2J"], f"{UNRECOGNIZED}\\x1b[2J"),
        ([*BATCH, "\udcff"], f"{UNRECOGNIZED}\\udcff"),
        ([*BATCH, "--dry"], f"{UNRECOGNIZED}--dry"),
        ([*BATCH, "--src-path", ""], "argument --src-path: an empty name is no folder"),
    ],
    "section4_manage.py": [
        ([*COVID, "--country", "\u00df"], f"argument --country: {CODES}; '\u00df' is not one, got '\u00df'"),
        ([*COVID, "--country", "\u212ar"], f"argument --country: {CODES}; '\u212ar' is not one, got '\u212ar'"),
        ([*COVID, "--to", "2022-02-30"], "argument --to: expected a date such as 2022-03-09, got '2022-02-30'"),
        ([*COVID, "--to", "20220309"], "argument --to: expected a date such as 2022-03-09, got '20220309'"),
    ],
    "python -m section2": [
        ([*LOAD, "--until", "0001-01-01"], f"argument --until: {NO_DATE} '0001-01-01'"),
        ([*LOAD, "--until", "2022-W10-3"], f"argument --until: {NO_DATE} '2022-W10-3'"),
        ([*LOAD, "--seed", "9999999999"], f"argument --seed: {NO_SEED} '9999999999'"),
        (["load", "--orders", "\u0665"], f"argument --orders: {NO_ORDERS} '\u0665'"),
        (["check", "a\nb"], f"{UNRECOGNIZED}a\\nb"),
    ],
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_command_line_of_the_corpus_is_refused_in_this_line(name: str) -> None:
    make, parse, _ = PARSERS[name]
    for line, said in CORPUS[name]:
        code, words = ended(partial(parse, make(), line))
        assert (code, words.partition(": ")[2]) == (2, f"{said}. See --help.\n")


@pytest.mark.parametrize("name", REQUESTED)
def test_a_name_that_no_file_can_have_is_bad_usage(name: str) -> None:
    arguments = PARSERS[name][0]().parse_args(["--task-config", "x" * 5000])
    code, said = ended(partial(REQUESTED[name], arguments))
    assert (code, said) == (2, f"{'x' * 5000}: File name too long; name another file with --task-config\n")


@pytest.mark.parametrize("rate", [-1, 0, HIGHEST_RATE + 1, 10**400])
def test_a_rate_that_no_float_holds_is_bad_usage(rate: int) -> None:
    code, said = ended(partial(shown, rate))
    assert (code, said) == (2, f"--rate {rate}: must be from 1 to 1000000000000 images a minute\n")
