"""Hostile arguments of the shell runners, as real processes: passed on letter by letter, or refused; never executed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from common.paths import ROOT

# Stands for .venv's Python and for Docker: notes what it is given, a NUL behind each, and that it runs nothing.
NOTES = """#!/bin/sh
case "$1" in -Ic) exit 0 ;; esac
printf '%s\\0' "$@" >"$NOTED"
"""
DOCKER = """#!/bin/sh
case "$1 $2" in
'version --format') [ -z "${NO_ENGINE-}" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; } ;;
'compose version') ;;
'container inspect') echo 'running healthy' ;;
*) printf '%s\\0' "$@" >"$NOTED" ;;
esac
"""
RUNNERS = ("section1_runner.sh", "section2_runner.sh", "section4_runner.sh", "test_runner.sh")
TOOLS: tuple[str, ...] = (
    "sh",
    "dirname",
    "readlink",
    "cmp",
    "sed",
    "tail",
    "head",
    "tr",
    "grep",
    "od",
    "cat",
    "chmod",
    "cp",
)
TOOLS += ("mkdir", "mv", "rm", "touch")  # the last one for what must not happen
HOSTILE = (
    "$(touch executed)",
    "`touch executed`",
    "; touch executed",
    "&& touch executed",
    "| touch executed",
    "> executed",
    "' ; touch executed ; '",
    '" ; touch executed ; "',
    "${HOME:=executed}",
    "\\",
    "a b  c",
    "*",
    "~",
    "-",
    "--",
    "-e",
    "-n x",
    "%s%n",
    "",
    "\t",
    "\n",
    "a\nb",
    "\x1b[2J",
    "陈\u202e",
    "x" * 100_000,
    os.fsdecode(b"\xff\xfe"),
)


class Runners:
    """A copy of the runners in a folder with a space in its name, where nothing but them could be executed."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools, self.home = folder / "my repository", folder / "tools", folder / "home"
        self.noted = folder / "noted"
        for made in (self.root / ".venv" / "bin", self.tools, self.home):
            made.mkdir(parents=True)
        (self.root / "docker").mkdir()
        for name in (*RUNNERS, "docker/runner_lib.sh", ".env.example"):
            shutil.copy2(ROOT / name, self.root / name)
        for name in ("default", "develop", *(f"section{number}" for number in range(1, 6)), "embedded", "diagram"):
            (self.root / ".venv" / f".locked-{name}").touch()
        (self.root / "Pipfile.lock").touch()
        written(self.root / ".venv" / "bin" / "python", NOTES)
        for name in TOOLS:
            if found := shutil.which(name):
                (self.tools / name).symlink_to(found)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a runner from another folder, with these tools alone; require that nothing was written."""
        before = self.files()
        ran = subprocess.run(
            ["sh", str(self.root / command[0]), *command[1:]],
            cwd=self.home,
            env={"PATH": str(self.tools), "HOME": str(self.home), "NOTED": str(self.noted)} | environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="surrogateescape",
        )
        assert self.files() == before
        return ran

    def files(self) -> set[Path]:
        """Return all that is there, but for what stands-ins note."""
        return set(self.root.rglob("*")) | set(self.home.rglob("*"))

    def passed_on(self) -> list[str]:
        """Return the arguments that a stand-in was given."""
        return [os.fsdecode(text) for text in self.noted.read_bytes().split(b"\0")[:-1]]


def written(path: Path, program: str) -> None:
    """Write a program."""
    path.write_text(program)
    path.chmod(0o755)


@pytest.fixture
def runners(tmp_path: Path) -> Runners:
    """The runners, without Docker."""
    return Runners(tmp_path)


def require_told(ran: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """Return the line in which a runner refused its arguments."""
    assert (ran.returncode, ran.stdout) == (code, "")
    line, end, more = ran.stderr.partition("\n")
    assert (end, more) == ("\n", "")
    assert "\x1b" not in line
    return line


def test_no_command_is_executed_or_breaks_the_line(runners: Runners) -> None:
    for hostile in filter(None, HOSTILE):
        for name in RUNNERS[:3]:
            if hostile not in ("-", "--"):
                ran = runners.run(name, hostile)
                assert (ran.returncode, ran.stdout) == (2, "")
                first, blank, usage, *_ = ran.stderr.split("\n")
                assert first.startswith(f"{name}: no command '")
                assert "\x1b" not in first
                assert (blank, usage.startswith(f"usage: {name}")) == ("", True)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("section1_runner.sh", ["section1_manage.py", "--task-config", "section1_process.yaml", "--engine", "duckdb"]),
        ("section2_runner.sh", ["-P", "-m", "section2", "run"]),
        ("section4_runner.sh", ["-P", "-m", "section4", "run", "--task-config", "section4_process.yaml"]),
    ],
)
def test_arguments_of_run_reach_python_letter_by_letter(runners: Runners, name: str, before: list[str]) -> None:
    for hostile in HOSTILE:
        assert runners.run(name, "run", hostile, f"--x={hostile}").returncode == 0
        passed = runners.passed_on()
        assert [passed[0].rpartition("/")[2], *passed[1:]] == [*before, hostile, f"--x={hostile}"]


def test_arguments_of_the_tests_reach_pytest_letter_by_letter(runners: Runners) -> None:
    for hostile in HOSTILE:
        assert runners.run("test_runner.sh", "section1", hostile).returncode == 0
        assert runners.passed_on() == ["-m", "pytest", "section1", hostile]


def test_a_master_is_named_without_an_engine(runners: Runners) -> None:
    for arguments in (["--master", "spark://host:7077"], ["--dry-run", "--master=yarn"]):
        assert runners.run("section1_runner.sh", "run", *arguments).returncode == 0
        assert runners.passed_on()[1:] == ["--task-config", "section1_process.yaml", *arguments]


TAKES_NONE = {
    "section1_runner.sh": ("start", "stop", "status", "run-now"),
    "section2_runner.sh": ("start", "stop", "status", "load-members", "check", "erd", "backup", "restore"),
    "section4_runner.sh": ("start", "stop", "status", "open"),
}


@pytest.mark.parametrize("name", TAKES_NONE)
def test_arguments_that_a_command_does_not_take_are_refused_in_a_line(runners: Runners, name: str) -> None:
    for command in TAKES_NONE[name]:
        line = require_told(runners.run(name, command, "$(touch executed)", "a\nb"))
        assert line.startswith(f"{name}: {command} takes ")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("section1_runner.sh", "logs"),
        ("section2_runner.sh", "psql"),
        ("section2_runner.sh", "query"),
        ("section2_runner.sh", "load"),
        ("section2_runner.sh", "backup"),
        ("section2_runner.sh", "restore"),
        ("section4_runner.sh", "ingest"),
        ("section4_runner.sh", "psql"),
        ("section4_runner.sh", "logs"),
    ],
)
def test_without_docker_or_its_engine_nothing_is_written(runners: Runners, name: str, command: str) -> None:
    for hostile in HOSTILE[:8]:
        assert require_told(runners.run(name, command, hostile)).startswith(f"{name}: no docker command on the PATH; ")
    written(runners.tools / "docker", DOCKER)
    socket = f"unix://{runners.home}/no.sock"
    for hostile in HOSTILE:
        line = require_told(runners.run(name, command, hostile, NO_ENGINE="1", DOCKER_HOST=socket))
        assert line.startswith(f"{name}: the Docker engine does not answer (Cannot connect to the Docker daemon); ")


@pytest.mark.parametrize(
    ("name", "command", "before", "behind"),
    [
        ("section1_runner.sh", "logs", ["container", "logs"], ["section1_python"]),
        ("section2_runner.sh", "query", ["python3", "-m", "section2", "query"], []),
        ("section2_runner.sh", "load", ["python3", "-m", "section2", "load"], []),
        ("section2_runner.sh", "psql", ["python3", "-m", "section2", "psql"], []),
        ("section4_runner.sh", "ingest", ["section4_manage.py", "--task-config", "section4_process.yaml"], []),
    ],
)
def test_arguments_reach_the_container_letter_by_letter(
    runners: Runners, name: str, command: str, before: list[str], behind: list[str]
) -> None:
    written(runners.tools / "docker", DOCKER)
    for hostile in HOSTILE:
        ran = runners.run(name, command, hostile, "x")
        assert ran.returncode == 0, ran.stderr
        last = [*before, hostile, "x", *behind]
        assert runners.passed_on()[-len(last) :] == last


def test_a_role_that_there_is_not_breaks_no_line(runners: Runners) -> None:
    written(runners.tools / "docker", DOCKER)
    for hostile in filter(None, HOSTILE):
        line = require_told(runners.run("section4_runner.sh", "psql", "--role", hostile))
        assert line.startswith("section4_runner.sh: psql: no role '")


@pytest.mark.parametrize("backup", ["-f", "--help", "a b", "$(touch executed)", "a\nb", "-"])
def test_a_backup_is_written_to_the_file_of_that_name(runners: Runners, backup: str) -> None:
    written(runners.tools / "docker", DOCKER.replace('>"$NOTED"', ""))
    ran = subprocess.run(
        ["sh", str(runners.root / "section2_runner.sh"), "backup", backup],
        cwd=runners.home,
        env={"PATH": str(runners.tools), "HOME": str(runners.home)},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [path.name for path in runners.home.iterdir()] == [backup]
