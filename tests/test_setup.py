"""The set-up of .venv: installed once, from Pipfile.lock alone, and again after an interruption."""

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from common.paths import ROOT
from common.test.waiting import wait_until
from tests.mini_repository import MiniRepository, ended

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (ROOT / ".local" / "pipenv").exists(), reason="./test_runner.sh --setup has not run"),
]
READY = "…is ready"
FIRST = "Installing packages into .venv (Python N, once)."


@pytest.fixture
def fresh(tmp_path: Path) -> MiniRepository:
    """A fresh clone."""
    repository = MiniRepository(tmp_path)
    repository.create()
    return repository


@pytest.fixture
def made(fresh: MiniRepository) -> MiniRepository:
    """A repository whose .venv holds [packages]."""
    assert fresh.set_up("packages") == (0, [FIRST, READY])
    return fresh


def test_second_setup_is_silent_and_needs_no_package(made: MiniRepository) -> None:
    shutil.rmtree(made.links)
    shutil.rmtree(made.root / ".local")
    assert made.set_up("packages") == (0, [])
    assert made.versions("tiny", "slow") == ["1.0", "none"]


def test_another_category_installs_only_what_is_missing(made: MiniRepository) -> None:
    (made.links / "tiny-1.0-py3-none-any.whl").unlink()
    assert made.set_up("packages", "section1") == (0, [FIRST.replace("packages", "section1"), READY])
    assert made.versions("tiny", "slow") == ["1.0", "1.0"]


def test_changed_lock_recreates_the_environment(made: MiniRepository) -> None:
    made.lock({"default": made.wheel("other", "2.0")})
    reason = f"Creating {made.venv} again: Pipfile.lock has changed."
    assert made.set_up("packages") == (0, [reason, FIRST, READY])
    assert made.versions("tiny", "other") == ["none", "2.0"]


def test_missing_python_recreates_the_environment(made: MiniRepository) -> None:
    (made.venv / "bin" / "python").unlink()
    (made.venv / "bin" / "python").symlink_to("/nowhere/python")
    reason = f"Creating {made.venv} again: its Python is gone."
    assert made.set_up("packages") == (0, [reason, FIRST, READY])


def test_interrupted_setup_starts_over(made: MiniRepository) -> None:
    made.hold.touch()
    process = made.begin("section1")
    wait_until(Path(f"{made.hold}.reached").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    made.hold.unlink()
    reason = f"Creating {made.venv} again: the last set-up was interrupted."
    assert made.set_up("packages") == (0, [reason, FIRST, READY])
    assert made.versions("tiny", "slow") == ["1.0", "none"]


def test_second_setup_waits_for_the_first(fresh: MiniRepository) -> None:
    fresh.hold.touch()
    first = fresh.begin("section1")
    wait_until(Path(f"{fresh.hold}.reached").exists)
    second = fresh.begin("section1")
    assert second.stderr is not None
    waiting = second.stderr.readline()
    fresh.hold.unlink()
    assert ended(first) == (0, [FIRST.replace("packages", "section1"), READY])
    assert (waiting, ended(second)) == ("Waiting for another set-up to finish.\n", (0, []))


def test_unreachable_index_is_one_line_and_keeps_the_environment(made: MiniRepository) -> None:
    made.lock({"default": made.wheel("tiny"), "section4": {"absent": made.wheel("other")["other"]}})
    assert made.set_up("packages")[0] == 0
    index = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    code, [_, line] = made.set_up("packages", "section4", **index)
    assert code == 2
    assert line.startswith(f"a_runner.sh: setting up {made.venv} failed: ERROR: ")
    assert line.endswith(f" Check network and disk space. All output: {made.root}/.local/setup.log.")
    assert made.set_up("packages") == (0, [])


def test_proxy_of_the_pip_configuration_is_used(fresh: MiniRepository, tmp_path: Path) -> None:
    (fresh.links / "tiny-1.0-py3-none-any.whl").unlink()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(60)
        (tmp_path / "pip.conf").write_text(f"[global]\nproxy = http://127.0.0.1:{proxy.getsockname()[1]}\n")
        index = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://packages.invalid/simple", "PIP_RETRIES": "0"}
        process = fresh.begin("packages", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"), **index)
        connection, _ = proxy.accept()
        with connection:
            assert b"packages.invalid" in connection.recv(1000)
    assert ended(process)[0] == 2


def test_wrong_hash_is_refused(fresh: MiniRepository) -> None:
    locked = fresh.wheel("tiny")
    locked["tiny"]["hashes"] = [f"sha256:{'0' * 64}"]
    fresh.lock({"default": locked})
    code, [_, line] = fresh.set_up("packages")
    assert code == 2
    assert "HASH" in line.upper()


def test_foreign_environment_is_not_touched(fresh: MiniRepository) -> None:
    (fresh.venv / "bin").mkdir(parents=True)
    line = f"a_runner.sh: {fresh.venv} was not created by this project. Move it away."
    assert fresh.set_up("packages") == (2, [line])
    assert [path.name for path in fresh.venv.iterdir()] == ["bin"]


def test_python_without_ensurepip_names_the_package(fresh: MiniRepository, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    code, [line] = fresh.set_up("packages", PYTHONPATH=str(tmp_path))
    assert (code, line[-50:]) == (2, "it has no ensurepip. Install the package python3-venv."[-50:])


def test_old_python_is_refused_with_what_to_install(fresh: MiniRepository, tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3.11", "python3", "python3.13", "python3.12", "python3.14", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    fix = "Install Python 3.11 (Debian, Ubuntu: apt-get install python3.11-venv)"
    line = f"a_runner.sh: Python 3.11 or newer is not on the PATH. {fix}."
    assert fresh.set_up("packages", PATH=f"{old}:{os.environ['PATH']}") == (2, [line])
