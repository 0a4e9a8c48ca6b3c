"""A small repository whose packages are built on the spot: docker/setup.sh without a network."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from common.paths import ROOT

Entry = dict[str, object]
SECONDS = 120  # for any one command
SOURCE_NAME = "slow"
# A build backend that creates the file $HOLD.reached and waits until $HOLD is deleted.
BACKEND = """
import os, time, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    open(os.environ["HOLD"] + ".reached", "w").close()
    while os.path.exists(os.environ["HOLD"]):
        time.sleep(0.01)
    with zipfile.ZipFile(os.path.join(directory, "slow-1.0-py3-none-any.whl"), "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return "slow-1.0-py3-none-any.whl"
"""


class MiniRepository:
    """A directory whose name has a space and a letter beyond ASCII, with the runners and a small Pipfile.lock."""

    def __init__(self, directory: Path) -> None:
        self.root, self.links, self.hold = directory / "mein répertoire", directory / "links", directory / "hold"
        self.venv = self.root / ".venv"
        inherited = {key: text for key, text in os.environ.items() if not key.startswith(("PIP", "PYTHON", "PROGRAM"))}
        self.environment = inherited | {
            "HOLD": str(self.hold),
            "PIP_FIND_LINKS": str(self.links),
            "PIP_NO_INDEX": "1",
            "PIPENV_CACHE_DIR": str(directory / "cache"),
        }

    def create(self) -> None:
        """Copy the scripts and lock a package `tiny`, and in the category `section1` a source package `slow` too."""
        self.links.mkdir()
        shutil.copytree(ROOT / "docker", self.root / "docker")
        (self.root / ".local").mkdir()
        (self.root / ".local" / "pipenv").symlink_to(ROOT / ".local" / "pipenv")
        (self.root / "Pipfile").touch()
        tiny = self.wheel("tiny")
        self.lock({"default": tiny, "section1": tiny | self.source_package()})

    def wheel(self, name: str, version: str = "1.0") -> dict[str, Entry]:
        """Write a wheel; return its entry for Pipfile.lock."""
        path = self.links / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inside, text in _wheel_files(name, version).items():
                archive.writestr(inside, text)
        return {name: _entry(path, version)}

    def source_package(self) -> dict[str, Entry]:
        """Write a package that pip has to build; return its entry for Pipfile.lock."""
        path = self.links / f"{SOURCE_NAME}-1.0.tar.gz"
        files = {
            "pyproject.toml": '[build-system]\nbuild-backend = "backend"\nrequires = []\nbackend-path = ["."]\n',
            "backend.py": BACKEND.format(files=_wheel_files(SOURCE_NAME, "1.0")),
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {SOURCE_NAME}\nVersion: 1.0\n",
        }
        with tarfile.open(path, "w:gz") as archive:
            for inside, text in files.items():
                member = tarfile.TarInfo(f"{SOURCE_NAME}-1.0/{inside}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return {SOURCE_NAME: _entry(path, "1.0")}

    def lock(self, categories: dict[str, dict[str, Entry]]) -> None:
        """Write Pipfile.lock."""
        meta = {"_meta": {"hash": {"sha256": ""}, "pipfile-spec": 6, "requires": {}, "sources": []}}
        (self.root / "Pipfile.lock").write_text(json.dumps(meta | categories, indent=4))

    def begin(self, *categories: str, **environment: str) -> subprocess.Popen[str]:
        """Start `ensure_venv` as a runner does, in a separate session."""
        script = 'here=$1; shift; . "$here/docker/runner_lib.sh"; ensure_venv "$@"'
        return subprocess.Popen(
            ["sh", "-euc", script, "a_runner.sh", self.root, *categories],
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment | environment,
            start_new_session=True,
        )

    def set_up(self, *categories: str, **environment: str) -> tuple[int, list[str]]:
        """Run `ensure_venv`; return its exit code and its lines on stderr."""
        return ended(self.begin(*categories, **environment))

    def versions(self, *names: str) -> list[str]:
        """Return the version of each package that .venv imports, or `none`."""
        code = "import importlib as i, importlib.util as u, sys\n"
        code += "for n in sys.argv[1:]: print(i.import_module(n).version if u.find_spec(n) else 'none')"
        command = [str(self.venv / "bin" / "python"), "-Ic", code, *names]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout.split()


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Wait for the end; return the exit code and the lines on stderr, with N for seconds and versions."""
    _, errors = process.communicate(timeout=SECONDS)
    version = ".".join(map(str, sys.version_info[:3]))
    lines = [line.replace(f"Python {version}", "Python N") for line in errors.splitlines()]
    return process.returncode, ["…is ready" if " is ready after " in line else line for line in lines]


def _wheel_files(name: str, version: str) -> dict[str, str]:
    information = f"{name}-{version}.dist-info"
    return {
        f"{name}.py": f"version = '{version}'\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/RECORD": "",
    }


def _entry(path: Path, version: str) -> Entry:
    """Return a file's entry in Pipfile.lock."""
    return {"version": f"=={version}", "hashes": [f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"]}
