"""The shell runners: arguments reach Python and Docker unchanged, or are refused in one line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from common.paths import ROOT

pytestmark = pytest.mark.integration
SECTION_RUNNERS = ("section1_runner.sh", "section2_runner.sh", "section4_runner.sh")
TOOLS: tuple[str, ...] = (
    "awk",
    "cat",
    "chmod",
    "cksum",
    "cp",
    "dirname",
    "grep",
    "head",
    "ls",
    "mkdir",
    "mv",
    "od",
    "readlink",
    "rm",
    "sed",
)
TOOLS += ("sh", "tail", "touch", "tr")
CATEGORIES: tuple[str, ...] = ("packages", "dev-packages", "build", "spark", "java", "embedded", "diagram")
CATEGORIES += tuple(f"section{number}" for number in range(1, 6))
# Replaces the Python of .venv: writes its PROGRAM and arguments to $CALL, each followed by a NUL.
PYTHON = """#!/bin/sh
case "$1" in -Ic) exit 0 ;; esac
printf '%s\\0' "${PROGRAM-}" "$@" >"$CALL"
"""
# Replaces Docker: a running container; other calls are written to $CALL.
DOCKER = """#!/bin/sh
case "$1 $2" in
'version --format') [ -z "${NO_ENGINE-}" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; } ;;
'compose version') ;;
'container inspect') echo 'running healthy' ;;
*) printf '%s\\0' "${PROGRAM-}" "$@" >"$CALL" ;;
esac
"""
HOSTILE = (
    "$(touch executed)",
    "`touch executed`",
    "; touch executed",
    "' ; touch executed ; '",
    '" ; touch executed ; "',
    "a b  c",
    "*",
    "-e",
    "%s%n",
    "",
    "a\nb",
    "\x1b[2J陈\u202e",
    os.fsdecode(b"\xff\xfe"),
)


class Runners:
    """A copy of the runners in a directory with a space in its name, with few tools on the PATH."""

    def __init__(self, directory: Path) -> None:
        self.root, self.tools, self.home = directory / "my repository", directory / "tools", directory / "home"
        self._call = directory / "call"
        for made in (self.root / ".venv" / "bin", self.root / "docker", self.tools, self.home):
            made.mkdir(parents=True)
        for name in (*SECTION_RUNNERS, "test_runner.sh", "docker/runner_lib.sh", ".env.example", "Pipfile.lock"):
            shutil.copy2(ROOT / name, self.root / name)
        for name in TOOLS:
            (self.tools / name).symlink_to(str(shutil.which(name)))
        write_program(self.root / ".venv" / "bin" / "python", PYTHON)
        checksum = self.shell("lock_checksum").stdout
        for category in CATEGORIES:
            (self.root / ".venv" / f".locked-{category}").write_text(checksum)

    def run(self, *command: str, new_files: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a runner from another directory; require that it creates only `new_files` files."""
        before = self._files()
        ran = self._run("sh", str(self.root / command[0]), *command[1:], **environment)
        assert len(self._files() - before) == new_files
        return ran

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell with the runners' functions."""
        return self._run("sh", "-euc", f'here=$1; . "$here/docker/runner_lib.sh"; {script}', "sh", str(self.root))

    def use_docker(self) -> None:
        """Put a docker command on the PATH."""
        write_program(self.tools / "docker", DOCKER)

    def call(self) -> list[str]:
        """Return PROGRAM and the arguments of the last call of Python or Docker."""
        return [os.fsdecode(text) for text in self._call.read_bytes().split(b"\0")[:-1]]

    def _run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.home,
            env={"PATH": str(self.tools), "HOME": str(self.home), "CALL": str(self._call)} | environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="surrogateescape",
            timeout=30,
        )

    def _files(self) -> set[Path]:
        return set(self.root.rglob("*")) | set(self.home.rglob("*"))


def write_program(path: Path, program: str) -> None:
    """Write an executable file."""
    path.write_text(program)
    path.chmod(0o755)


def refusal(ran: subprocess.CompletedProcess[str]) -> str:
    """Return the single line with which a runner refused its arguments."""
    assert (ran.returncode, ran.stdout) == (2, "")
    [line] = ran.stderr.splitlines()
    assert "\x1b" not in line
    return line


@pytest.fixture
def runners(tmp_path: Path) -> Runners:
    """The runners, without Docker."""
    return Runners(tmp_path)


@pytest.mark.parametrize(
    ("runner", "arguments", "code"),
    [(name, [option], 0) for name in (*SECTION_RUNNERS, "test_runner.sh") for option in ("--help", "-h", "help")]
    + [(name, [], 2) for name in SECTION_RUNNERS],
)
def test_usage_is_on_stdout_only_if_asked_for(runners: Runners, runner: str, arguments: list[str], code: int) -> None:
    ran = runners.run(runner, *arguments)
    usage, other = (ran.stdout, ran.stderr) if code == 0 else (ran.stderr, ran.stdout)
    assert (ran.returncode, other) == (code, "")
    assert usage.startswith(f"usage: {runner}")
    assert "\nexample: " in usage


@pytest.mark.parametrize("runner", SECTION_RUNNERS)
def test_unknown_command_is_quoted_before_the_usage(runners: Runners, runner: str) -> None:
    for hostile in filter(None, HOSTILE):
        ran = runners.run(runner, hostile)
        first, blank, usage, *_ = ran.stderr.split("\n")
        assert (ran.returncode, ran.stdout, blank) == (2, "", "")
        assert first.startswith(f"{runner}: unknown command '")
        assert "\x1b" not in first
        assert usage.startswith(f"usage: {runner}")


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("section1_runner.sh", ["section1_runner.sh run", "section1_manage.py", "--engine", "duckdb"]),
        ("section2_runner.sh", ["section2_runner.sh", "-P", "-m", "section2", "run"]),
        ("section4_runner.sh", ["section4_runner.sh", "-P", "-m", "section4", "run"]),
    ],
)
def test_run_passes_arguments_to_python_unchanged(runners: Runners, runner: str, expected: list[str]) -> None:
    for hostile in HOSTILE:
        assert runners.run(runner, "run", hostile, f"--x={hostile}").returncode == 0
        program, first, *rest = runners.call()
        assert [program, Path(first).name, *rest] == [*expected, hostile, f"--x={hostile}"]


def test_runner_passes_arguments_to_pytest_unchanged(runners: Runners) -> None:
    for hostile in HOSTILE:
        assert runners.run("test_runner.sh", "section1", hostile).returncode == 0
        assert runners.call() == ["", "-m", "pytest", "section1", hostile]


@pytest.mark.parametrize(
    ("arguments", "engine", "spark"),
    [
        ([], ["--engine", "duckdb"], False),
        (["--src-path", "spark"], ["--engine", "duckdb"], False),
        (["--engine", "spark"], ["--engine", "duckdb"], True),
        (["--engine=spark"], ["--engine", "duckdb"], True),
        (["--master", "spark://host:7077"], [], True),
        (["--dry-run", "--master=yarn"], [], True),
    ],
)
def test_spark_is_installed_only_if_asked_for(
    runners: Runners, arguments: list[str], engine: list[str], *, spark: bool
) -> None:
    assert runners.run("section1_runner.sh", "run", *arguments).returncode == 0
    assert runners.call()[2:] == [*engine, *arguments]
    (runners.root / ".venv" / ".locked-spark").unlink()
    write_program(runners.root / "docker" / "setup.sh", 'shift; printf "%s\\n" "$*"; exit 2')
    ran = runners.run("section1_runner.sh", "run", *arguments)
    assert ran.stdout == ("packages section1 build spark java\n" if spark else "")


NO_ARGUMENTS = {
    "section1_runner.sh": ("start", "stop", "status", "run-now"),
    "section2_runner.sh": ("start", "stop", "status", "load-members", "check", "erd", "backup", "restore"),
    "section4_runner.sh": ("start", "stop", "status", "open"),
}


@pytest.mark.parametrize("runner", SECTION_RUNNERS)
def test_unexpected_arguments_are_refused_in_one_line(runners: Runners, runner: str) -> None:
    for command in NO_ARGUMENTS[runner]:
        line = refusal(runners.run(runner, command, "$(touch executed)", "a\nb"))
        assert line.startswith(f"{runner}: {command}: ")


@pytest.mark.parametrize(
    ("runner", "command"),
    [("section1_runner.sh", "logs"), ("section2_runner.sh", "backup"), ("section4_runner.sh", "ingest")],
)
def test_missing_docker_is_one_line(runners: Runners, runner: str, command: str) -> None:
    for hostile in HOSTILE:
        line = refusal(runners.run(runner, command, hostile))
        assert line.startswith(f"{runner}: docker is not on the PATH. Install Docker, or ")
    runners.use_docker()
    line = refusal(runners.run(runner, command, "x", NO_ENGINE="1"))
    assert line.startswith(
        f"{runner}: the Docker engine does not answer: Cannot connect to the Docker daemon. Start it"
    )


@pytest.mark.parametrize(
    ("runner", "command", "before", "after"),
    [
        ("section1_runner.sh", "logs", ["container", "logs"], ["section1_python"]),
        ("section2_runner.sh", "query", ["python3", "-m", "section2", "query"], []),
        ("section2_runner.sh", "load", ["python3", "-m", "section2", "load"], []),
        ("section2_runner.sh", "psql", ["python3", "-m", "section2", "psql"], []),
        ("section4_runner.sh", "ingest", ["python3", "section4_manage.py"], []),
    ],
)
def test_arguments_reach_the_container_unchanged(
    runners: Runners, runner: str, command: str, before: list[str], after: list[str]
) -> None:
    runners.use_docker()
    for hostile in HOSTILE:
        assert runners.run(runner, command, hostile, "x").returncode == 0
        expected = [*before, hostile, "x", *after]
        assert runners.call()[-len(expected) :] == expected


def test_unknown_role_is_refused_in_one_line(runners: Runners) -> None:
    runners.use_docker()
    for hostile in filter(None, HOSTILE):
        line = refusal(runners.run("section4_runner.sh", "psql", "--role", hostile))
        assert line.startswith("section4_runner.sh: psql --role: expected grafana, covid_loader or postgres, got '")


@pytest.mark.parametrize("backup", ["-f", "--help", "a b", "$(touch executed)", "a\nb", "-"])
def test_backup_is_written_to_the_named_file(runners: Runners, backup: str) -> None:
    runners.use_docker()
    ran = runners.run("section2_runner.sh", "backup", backup, new_files=1)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [path.name for path in runners.home.iterdir()] == [backup]


def test_passwords_are_added_once_to_a_private_env_file(runners: Runners) -> None:
    env = runners.root / ".env"
    env.write_text("A_PORT=5433")  # without an end of its line
    env.chmod(0o644)
    for _ in range(2):
        runners.shell("ensure_passwords A_PASSWORD B_PASSWORD")
    names, values = zip(*(line.split("=") for line in env.read_text().splitlines()), strict=True)
    assert names == ("A_PORT", "A_PASSWORD", "B_PASSWORD")
    assert [len(value) for value in values] == [4, 48, 48]
    assert values[1] != values[2]
    assert env.stat().st_mode & 0o777 == 0o600
