"""Whatever happens, what an applicant wrote stands in the CSVs and nowhere else."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from common.paths import ROOT
from section1 import main
from section1.core.report import Counts
from section1.main import engine_of
from section1.operator.engine import Engine, EngineFailed
from section1.operator.source import Source
from section1.test.support import BATCH, application, csv_of, write_files
from section1.test.test_manage import SHORT_RUN, without_progress
from section1_manage import job, parser

GOOD = application("Quillabelle Zanzivar", "quillabelle@zanzi-mail.com", "1987-03-04", "98127634")
SECRETS = ("quilla", "zanzi", "98127634", "9812 7634", "1987-03-04", "03/04/1987", "19870304")
LABELLED = {
    "american.csv": csv_of(application("Zanzivar", "quilla@zanzi-mail.org", "03/04/1987", "9812 7634")),
    "good.csv": csv_of(GOOD, application("Dr Quillabelle Zanzivar", "other@zanzi-mail.net", "1987-03-04", "98127634")),
    "malformed.csv": csv_of(GOOD, f"{GOOD},more", "Zanzivar,98127634", f'"{GOOD}" x', f'"{GOOD}'),
    "not utf-8.csv": csv_of() + GOOD.encode("utf-8") + b"\xe9\n",
}
REFUSED = {
    "doubled.csv": f"name,{GOOD},name,email,date_of_birth,mobile_no\n".encode(),
    "malformed header.csv": f'"{GOOD}"x\n{GOOD}\n'.encode(),
    "no header.csv": f"{GOOD}\n{GOOD}\n".encode(),
    "no email.csv": f"name,date_of_birth,mobile_no\n{GOOD}\n".encode(),
    "open header.csv": f'"{GOOD}\n{GOOD}\n'.encode(),
}
PLAIN = {"plain.csv": csv_of(*[GOOD] * 2000)}
STAGED = {"staged.csv": csv_of(*[GOOD] * 2000, f'"{GOOD}" x')}


class Failing:
    """An engine that fails in one of its ways, here or in what it passes the source on to."""

    name = "failing"

    def __init__(self, engine: Engine, way: str) -> None:
        self._engine, self._fail = engine, getattr(self, way)

    def versions(self) -> dict[str, str]:
        return {}

    def label(self, source: Source, successful: Path, unsuccessful: Path) -> Counts:
        self._fail(source)
        return self._engine.label(source, successful, unsuccessful)

    def quotes_a_row(self, _: Source) -> None:
        raise EngineFailed("duckdb", RuntimeError(f"cannot cast '{GOOD}': No space left on device"))

    def has_a_bug(self, _: Source) -> None:
        try:
            raise KeyError(GOOD)
        except KeyError as error:
            raise ValueError(f"no place for {GOOD}") from error

    def has_a_bug_named_like_a_file_error(self, _: Source) -> None:
        raise OSError(f"cannot write {GOOD}")

    def finds_ragged_lines(self, source: Source) -> None:
        _replace(source, csv_of(GOOD, f"{GOOD},more", "Zanzivar"))

    def finds_garbage(self, source: Source) -> None:
        _replace(source, GOOD.encode() * 9)

    def fills_the_disk(self, _: Source) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def _replace(source: Source, content: bytes) -> None:
    """Put something else in the place of the staged file; the original stays as it is."""
    source.files[0].staged.unlink()
    source.files[0].staged.write_bytes(content)


def run_failing(way: str) -> int:
    """Run the command's job in this process, on an engine that fails this way; the tests' children call it."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "engine_of", lambda config: Failing(engine_of(config), way))
        return job(parser().parse_args(sys.argv[1:]))


def printed(folder: Path, program: str, *arguments: str) -> tuple[int, str]:
    """Label folder/src in a child; return how it ended and all that it printed."""
    paths = ["--src-path", str(folder / "src"), "--dest-path", str(folder / "dest")]
    words = ["--task-config", "section1_process.yaml", "--batch", BATCH, "--engine", "duckdb", *paths, *arguments]
    java = {"JAVA_TOOL_OPTIONS": f"{SHORT_RUN} -Djava.io.tmpdir={folder}"}
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env=os.environ
        | java
        | {"PROGRAM": "section1_manage.py", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode, ran.stdout


def as_users_do(folder: Path, *arguments: str) -> tuple[int, str]:
    program = "import runpy; runpy.run_path('section1_manage.py', run_name='__main__')"
    return printed(folder, program, *arguments)


def failing(folder: Path, way: str, *arguments: str) -> tuple[int, str]:
    program = (
        f"from common import cli; from section1.test import test_privacy as t; cli.run(lambda: t.run_failing({way!r}))"
    )
    return printed(folder, program, *arguments)


def left_in(folder: Path) -> str:
    """Return the names of all files but the input and the CSVs below the destination, and all that they hold."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder / "src"]
    others = [path for path in paths if path.suffix != ".csv" or folder / "dest" not in path.parents]
    return "\n".join(f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in others)


def secrets_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text.lower()]


def test_a_batch_keeps_every_value_in_its_csvs(tmp_path: Path) -> None:
    write_files(tmp_path / "src", LABELLED | REFUSED)
    code, said = as_users_do(tmp_path)
    assert (code, secrets_in(said), secrets_in(left_in(tmp_path))) == (3, [], [])
    parts = (tmp_path / "dest").rglob("part-*.csv")
    assert secrets_in("".join(part.read_text() for part in parts)) == list(SECRETS)
    assert '"shared_membership_ids": 1\n' in (tmp_path / "dest" / "report" / f"{BATCH}.json").read_text()


def test_the_other_runs_over_a_batch_are_as_discreet(tmp_path: Path) -> None:
    write_files(tmp_path / "src", LABELLED | REFUSED)
    for arguments in ([], ["--dry-run"], [], ["--reprocess"], ["--batch", "2026-11-23T17"]):
        code, said = as_users_do(tmp_path, *arguments)
        assert (code, secrets_in(said)) == (3, [])
    assert secrets_in(left_in(tmp_path)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_is_not_quoted(tmp_path: Path, name: str) -> None:
    write_files(tmp_path / "src", {"a.csv": REFUSED[name]})
    code, said = as_users_do(tmp_path)
    assert (code, said.startswith("section1_manage.py: no file can be read, nothing was published (a.csv: ")) == (
        1,
        True,
    )
    assert (secrets_in(said), secrets_in(left_in(tmp_path))) == ([], [])


@pytest.mark.parametrize(
    ("way", "files", "line"),
    [
        ("quotes_a_row", PLAIN, "section1_manage.py: duckdb: No space left on device; nothing was published"),
        ("finds_ragged_lines", PLAIN, "section1_manage.py: duckdb: InvalidInputException; nothing was published"),
        ("finds_garbage", STAGED, "section1_manage.py: duckdb: InvalidInputException; nothing was published"),
        ("fills_the_disk", PLAIN, "section1_manage.py: duckdb: File too large; nothing was published"),
    ],
)
def test_an_engine_that_fails_is_not_quoted(tmp_path: Path, way: str, files: dict[str, bytes], line: str) -> None:
    write_files(tmp_path / "src", files)
    assert failing(tmp_path, way) == (1, f"{line}\n")
    assert secrets_in(left_in(tmp_path)) == []


@pytest.mark.parametrize("way", ["has_a_bug", "has_a_bug_named_like_a_file_error"])
def test_an_unforeseen_error_is_not_quoted(tmp_path: Path, way: str) -> None:
    write_files(tmp_path / "src", PLAIN)
    code, said = failing(tmp_path, way)
    assert (code, said.count("\n"), said.startswith("section1_manage.py: ")) == (1, 1, True)
    assert (secrets_in(said), secrets_in(left_in(tmp_path))) == ([], [])


def test_a_disk_that_fills_while_a_file_is_staged_quotes_nothing(tmp_path: Path) -> None:
    varied = (f"{GOOD}{number}" for number in range(5000))
    write_files(tmp_path / "src", {"a.csv": csv_of(*varied, f'"{GOOD}" x')})
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY)); "
    program = f"{limit}import runpy; runpy.run_path('section1_manage.py', run_name='__main__')"
    code, said = printed(tmp_path, program)
    assert (code, said.count("\n"), "File too large" in said) == (1, 1, True)
    assert (secrets_in(said), secrets_in(left_in(tmp_path))) == ([], [])


def test_spark_that_fails_is_not_quoted(tmp_path: Path) -> None:
    write_files(tmp_path / "src", PLAIN)
    code, said = failing(tmp_path, "finds_ragged_lines", "--engine", "spark")
    assert (code, secrets_in(said), secrets_in(left_in(tmp_path))) == (1, [], [])
    assert re.fullmatch(r"section1_manage.py: spark: \w+; nothing was published\n", without_progress(said))
