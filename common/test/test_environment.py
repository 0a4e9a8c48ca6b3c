"""The .venv that the runners make: once, from the lock alone, whatever happens on the way."""

import shutil
import signal
from pathlib import Path

import pytest

from common.test.mini_repository import PYTHON_VERSION, MiniRepository, backend_of, ended, pinned

REPOSITORY = Path(__file__).resolve().parents[2]
READY = ".venv is ready after N s"
MAKING = f"making .venv with Python {PYTHON_VERSION} from Pipfile.lock: 1 package (once)"
LOG = "(all output: .local/environment.log)"


def new_repository(folder: Path) -> MiniRepository:
    """A repository without .venv that pins `tiny`, and in section1 `slow`, which pip has to build, as well."""
    repository = MiniRepository(folder)
    repository.links.mkdir()
    shutil.copytree(REPOSITORY / "docker", repository.root / "docker")
    for runner in ("section1_runner.sh", "test_runner.sh"):
        shutil.copy2(REPOSITORY / runner, repository.root)
    (repository.root / "section1_manage.py").write_text("import os, sys\nprint(os.getcwd(), sys.argv[1:], sep='\\n')\n")
    tiny = repository.wheel("tiny")
    repository.lock({"default": tiny, "section1": tiny | repository.source_archive("slow")})
    return repository


@pytest.fixture(scope="module")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, list[str]]]:
    """A folder whose repository has been set up for `default`, and what the set-up said."""
    folder = tmp_path_factory.mktemp("made")
    return folder, new_repository(folder).set_up("default")


@pytest.fixture
def fresh(tmp_path: Path) -> MiniRepository:
    """A repository as it is cloned."""
    return new_repository(tmp_path)


@pytest.fixture
def made(first_use: tuple[Path, object], tmp_path: Path) -> MiniRepository:
    """A repository whose .venv holds `default`."""
    shutil.copytree(first_use[0], tmp_path, symlinks=True, dirs_exist_ok=True)
    return MiniRepository(tmp_path)


def ensure_venv(repository: MiniRepository, *categories: str, **environment: str) -> tuple[int, str]:
    """Call the runners' function; gives its exit code and all that it said."""
    script = 'here=$1; shift; . "$here/docker/runner_lib.sh"; ensure_venv "$@"'
    done = repository.run("sh", "-euc", script, "a_runner.sh", repository.root, *categories, **environment)
    return done.returncode, done.stdout + done.stderr


def test_the_first_use_installs_what_the_lock_pins(first_use: tuple[Path, tuple[int, list[str]]]) -> None:
    folder, said = first_use
    assert said == (0, [MAKING, READY])
    assert MiniRepository(folder).versions("tiny", "slow") == ["1.0", "none"]


def test_the_second_use_says_nothing_and_needs_neither_pip_nor_another_python(made: MiniRepository) -> None:
    shutil.rmtree(made.links)
    shutil.rmtree(made.root / ".local")
    assert ensure_venv(made, "default", PATH=path_without_python(made)) == (0, "")
    assert made.set_up("default") == (0, [])
    assert not (made.root / ".local" / "environment.log").exists()


def test_another_category_adds_only_what_is_missing(made: MiniRepository) -> None:
    (made.links / "tiny-1.0-py3-none-any.whl").unlink()
    assert made.set_up("default", "section1") == (
        0,
        ["adding section1 to .venv from Pipfile.lock: 1 package (once)", READY],
    )
    assert made.versions("tiny", "slow") == ["1.0", "1.0"]
    assert ensure_venv(made, "default", "section1") == (0, "")


def test_a_changed_lock_makes_everything_anew(made: MiniRepository) -> None:
    made.lock({"default": made.wheel("other", "2.0")})
    assert made.set_up("default") == (0, ["Pipfile.lock has changed: making .venv anew", MAKING, READY])
    assert made.versions("tiny", "other") == ["none", "2.0"]


def test_a_python_that_is_gone_makes_everything_anew(made: MiniRepository) -> None:
    (made.venv / "bin" / "python").unlink()
    (made.venv / "bin" / "python").symlink_to("/nowhere/python")
    said = "the Python that .venv was made with is gone: making .venv anew"
    assert made.set_up("default") == (0, [said, MAKING, READY])
    assert made.versions("tiny") == ["1.0"]


def test_a_set_up_killed_half_way_is_started_over(made: MiniRepository) -> None:
    killed = made.begin_and_hold("section1")
    killed.kill()
    assert ended(killed)[0] == -signal.SIGKILL
    made.hold.unlink()
    code, said = made.set_up("default")
    assert (code, said[-3:]) == (0, ["the last set-up of .venv did not finish: starting over", MAKING, READY])
    assert made.versions("tiny", "slow") == ["1.0", "none"]
    assert not (made.root / ".local" / "environment.tmp").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_set_up_stopped_before_it_installed_anything_leaves_the_good_one_good(
    made: MiniRepository, number: signal.Signals
) -> None:
    stopped = made.begin_and_hold("section1")
    stopped.send_signal(number)
    code, said = ended(stopped)
    assert (code, said[1:]) == (128 + number, ["stopped; the next call starts over"])
    assert ensure_venv(made, "default") == (0, "")
    made.hold.unlink()
    assert made.set_up("section1")[1][-1] == READY


def test_two_first_uses_at_once_make_one_environment(fresh: MiniRepository) -> None:
    first = fresh.begin_and_hold("section1")
    second = fresh.begin("section1")
    assert second.stderr is not None
    waiting = second.stderr.readline()
    fresh.hold.unlink()
    assert ended(first) == (0, [MAKING.replace("1 package", "2 packages"), READY])
    assert (waiting, ended(second)) == ("another set-up of .venv is at work: waiting for it\n", (0, []))
    assert fresh.versions("tiny", "slow") == ["1.0", "1.0"]


def test_an_environment_of_someone_else_is_left_alone(fresh: MiniRepository) -> None:
    (fresh.venv / "bin").mkdir(parents=True)
    refusal = "environment.py: .venv was not made by this project; move it away or delete it, and try again"
    assert fresh.set_up("default") == (2, [refusal])
    assert [path.name for path in fresh.venv.iterdir()] == ["bin"]


def test_a_package_with_another_hash_is_refused_and_the_good_environment_stays(made: MiniRepository) -> None:
    made.wheel("other")
    made.lock({"default": made.wheel("tiny"), "section4": {"other": pinned("1.0")}})
    made.stamp("default")
    wrong = "the download of other does not have the hash that Pipfile.lock gives, and was not installed"
    code, said = made.set_up("default", "section4")
    assert (code, said[1:]) == (2, [f"environment.py: {wrong}; find out where pip got it {LOG}"])
    assert ensure_venv(made, "default") == (0, "")


def test_a_tool_that_the_lock_pins_builds_the_others(made: MiniRepository) -> None:
    tool = made.wheel(
        "setuptools", "999", {"setuptools/build_meta.py": backend_of("built"), "setuptools/__init__.py": ""}
    )
    built = made.source_archive("built", 'requires = ["nowhere-to-be-found"]')
    made.lock({"default": made.wheel("tiny"), "section1": built | tool})
    made.stamp("default")
    assert made.set_up("section1") == (0, ["adding section1 to .venv from Pipfile.lock: 2 packages (once)", READY])
    assert made.versions("built") == ["1.0"]


def test_a_lock_that_does_not_fit_this_python_names_the_one_that_it_fits(made: MiniRepository) -> None:
    made.lock({"default": made.wheel("tiny"), "section4": {"absent": pinned("1.0")}}, python="3.99")
    made.stamp("default")
    wrong = f"Pipfile.lock is tested with Python 3.99 and does not fit Python {PYTHON_VERSION}"
    error = "ERROR: No matching distribution found for absent==1.0"
    assert made.set_up("section4")[1][1:] == [f"environment.py: {wrong} ({error}); install Python 3.99 {LOG}"]


def test_a_python_without_ensurepip_names_the_package_to_install(fresh: MiniRepository) -> None:
    (fresh.links / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    refusal = f"environment.py: Python {PYTHON_VERSION} cannot make a .venv: it has no ensurepip; install python3-venv"
    assert fresh.set_up("default", PYTHONPATH=str(fresh.links)) == (2, [refusal])
    assert not fresh.venv.exists()


def test_a_lock_with_two_versions_of_one_package_is_refused(fresh: MiniRepository) -> None:
    fresh.lock({"default": fresh.wheel("tiny"), "section1": fresh.wheel("tiny", "2.0")})
    refusal = "Pipfile.lock pins tiny twice: ==1.0, and ==2.0 in section1; relock so that the categories agree"
    assert fresh.set_up("default", "section1") == (2, [f"environment.py: {refusal}"])


def test_a_category_that_the_lock_lacks_is_refused_by_name(fresh: MiniRepository) -> None:
    refusal = "environment.py: Pipfile.lock has no category section9; it has default, section1"
    assert fresh.set_up("section9") == (2, [refusal])


def test_a_broken_lock_is_refused_in_one_line(fresh: MiniRepository) -> None:
    (fresh.root / "Pipfile.lock").write_text("<<<<<<< HEAD")
    reason = "JSONDecodeError('Expecting value: line 1 column 1 (char 0)')"
    refusal = f"environment.py: Pipfile.lock cannot be read ({reason}); restore it, or relock"
    assert fresh.set_up("default") == (2, [refusal])


def path_without_python(repository: MiniRepository) -> str:
    """A PATH on which every Python is too old."""
    folder = repository.root.parent / "bin"
    folder.mkdir()
    for name in ("python3.11", "python3", "python3.13", "python3.12", "python3.14", "python"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    return f"{folder}:{repository.environment['PATH']}"


def test_a_machine_whose_python_is_too_old_is_told_what_to_install(fresh: MiniRepository) -> None:
    remedy = "install Python 3.11 (Debian, Ubuntu: apt-get install python3.11-venv)"
    refusal = f"a_runner.sh: no Python 3.11 or newer on the PATH; {remedy}\n"
    assert ensure_venv(fresh, "default", PATH=path_without_python(fresh)) == (2, refusal)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_run_passes_arguments_on_from_the_folder_of_the_caller_through_a_link(made: MiniRepository, shell: str) -> None:
    made.stamp("section1")
    (made.root.parent / "link").symlink_to(made.root / "section1_runner.sh")
    done = made.run(shell, "link", "run", "--src-path", "my folder")
    arguments = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--src-path", "my folder"]
    assert (done.stdout, done.stderr) == (f"{made.root.parent}\n{arguments}\n", "")


@pytest.mark.parametrize(
    ("runner", "arguments", "code"),
    [
        ("section1_runner.sh", ["help"], 0),
        ("section1_runner.sh", ["-h"], 0),
        ("section1_runner.sh", ["--help"], 0),
        ("section1_runner.sh", [], 2),
        ("test_runner.sh", ["--help"], 0),
    ],
)
def test_a_runner_shows_its_usage_on_the_right_stream(
    fresh: MiniRepository, runner: str, arguments: list[str], code: int
) -> None:
    done = fresh.run(fresh.root / runner, *arguments)
    shown, silent = (done.stdout, done.stderr) if code == 0 else (done.stderr, done.stdout)
    assert (done.returncode, silent, shown.split("\n")[0][:10]) == (code, "", "usage: " + runner[:3])
    assert "\nexample:    " in shown


def test_passwords_are_added_to_what_stands_in_env_each_once_and_closed_to_others(fresh: MiniRepository) -> None:
    env = fresh.root / ".env"
    env.write_text("A_PORT=5433")  # without an end of its line
    env.chmod(0o644)
    script = f'here="{fresh.root}"; . "$here/docker/runner_lib.sh"; ensure_passwords A_PASSWORD B_PASSWORD'
    for _ in range(2):
        fresh.run("sh", "-c", script)
    names, values = zip(*(line.split("=") for line in env.read_text().splitlines()), strict=True)
    assert names == ("A_PORT", "A_PASSWORD", "B_PASSWORD")
    assert [len(value) for value in values] == [4, 48, 48]
    assert values[1] != values[2]
    assert env.stat().st_mode & 0o777 == 0o600


def test_a_runner_names_the_command_that_it_does_not_know(fresh: MiniRepository) -> None:
    done = fresh.run(fresh.root / "section1_runner.sh", "jump")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "section1_runner.sh: no command 'jump'"


def test_setup_of_the_test_runner_makes_every_category_and_runs_no_test(made: MiniRepository) -> None:
    tiny = made.wheel("tiny")
    names = ("default", "develop", "diagram", "embedded", "section1", "section2", "section3", "section4", "section5")
    made.lock(dict.fromkeys(names, tiny))
    made.stamp("default")
    done = made.run(made.root / "test_runner.sh", "--setup")
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(path.name for path in made.venv.glob(".locked-*")) == [f".locked-{name}" for name in names]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
            f"the disk is full; free some space (4 GB serve all sections) and try again {LOG}",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: No matching distribution found for a\n",
            "pip could not download the packages (ERROR: No matching distribution found for a); "
            f"check the network and try again {LOG}",
        ),
        (
            "ERROR: ReadTimeoutError: Read timed out.\n",
            f"pip could not download the packages (ERROR: ReadTimeoutError: Read timed out.); "
            f"check the network and try again {LOG}",
        ),
        ("", f".venv could not be made (no output); mend that and try again {LOG}"),
    ],
)
def test_what_pip_says_becomes_one_line_with_a_remedy(monkeypatch: pytest.MonkeyPatch, output: str, line: str) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "docker")
    from environment_pip import explain

    assert str(explain(output, ".local/environment.log", PYTHON_VERSION)) == line


def test_progress_counts_packages_and_names_the_one_at_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "docker")
    from environment_pip import Progress

    progress = Progress(3)
    progress.interval = 0
    for output in (
        "Collecting rich==15.0.0",
        "Processing /a/py4j-0.1-py3-none-any.whl",
        "  Building wheel for pyspark (",
    ):
        progress.read(output)
        progress.show()
    shown = ["[1/3] rich, 0 s", "[2/3] py4j, 0 s", "[2/3] building pyspark, 0 s"]
    assert capsys.readouterr().err.splitlines() == shown
