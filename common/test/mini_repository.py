"""A small copy of the repository whose packages are made on the spot: environment.py without a network."""

import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from common.test.waiting import wait_until

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
Entry = dict[str, object]

# A build backend that makes the file $HOLD.reached and goes on when $HOLD is gone.
BACKEND = """
import os, time, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    open(os.environ["HOLD"] + ".reached", "w").close()
    while os.path.exists(os.environ["HOLD"]):
        time.sleep(0.01)
    with zipfile.ZipFile(os.path.join(folder, "{name}-1.0-py3-none-any.whl"), "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return "{name}-1.0-py3-none-any.whl"
"""


def wheel_files(name: str, version: str, files: dict[str, str] | None = None) -> dict[str, str]:
    """What a wheel holds; without files of its own, one module that knows its version."""
    information = f"{name}-{version}.dist-info"
    return (files or {f"{name}.py": f"version = '{version}'\n"}) | {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/RECORD": "",
    }


def backend_of(name: str) -> str:
    """The source of a build backend that makes one package."""
    return BACKEND.format(name=name, files=wheel_files(name, "1.0"))


class MiniRepository:
    """A folder with a space in its name that holds the runners, docker/ and a Pipfile.lock of our own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.links, self.hold = folder / "my repository", folder / "links", folder / "hold"
        self.venv = self.root / ".venv"
        inherited = {key: text for key, text in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.links), "PIP_NO_CACHE_DIR": "1"}
        self.environment = inherited | pip | {"PIP_CONFIG_FILE": os.devnull, "HOLD": str(self.hold)}

    def wheel(self, name: str, version: str = "1.0", files: dict[str, str] | None = None) -> dict[str, Entry]:
        """Put a wheel where pip looks; gives its entry for Pipfile.lock."""
        path = self.links / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inside, text in wheel_files(name, version, files).items():
                archive.writestr(inside, text)
        return {name: entry(path, version)}

    def source_archive(self, name: str, build_system: str = 'requires = []\nbackend-path = ["."]') -> dict[str, Entry]:
        """Put a package that pip has to build where pip looks; gives its entry for Pipfile.lock."""
        path = self.links / f"{name}-1.0.tar.gz"
        files = {
            "pyproject.toml": f'[build-system]\nbuild-backend = "setuptools.build_meta"\n{build_system}\n',
            "setuptools/build_meta.py": backend_of(name),
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        }
        with tarfile.open(path, "w:gz") as archive:
            for inside, text in files.items():
                member = tarfile.TarInfo(f"{name}-1.0/{inside}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return {name: entry(path, "1.0")}

    def lock(self, categories: dict[str, dict[str, Entry]], python: str = PYTHON_VERSION) -> None:
        """Write Pipfile.lock."""
        meta = {"_meta": {"requires": {"python_version": python}}}
        (self.root / "Pipfile.lock").write_text(json.dumps(meta | categories, indent=4))

    def stamp(self, category: str) -> None:
        """Let .venv say that it holds a category of the present Pipfile.lock."""
        shutil.copy2(self.root / "Pipfile.lock", self.venv / f".locked-{category}")

    def begin(self, *categories: str, **environment: str) -> subprocess.Popen[str]:
        """Start environment.py; `ended` takes what it says."""
        command = (sys.executable, str(self.root / "docker" / "environment.py"), *categories)

        def heed_hangups() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored, as environment.py lets it

        env = self.environment | environment
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=heed_hangups)

    def set_up(self, *categories: str, **environment: str) -> tuple[int, list[str]]:
        """Run environment.py to its end; gives what `ended` gives."""
        return ended(self.begin(*categories, **environment))

    def begin_and_hold(self, *categories: str) -> subprocess.Popen[str]:
        """Start environment.py and come back when pip is at work on a source archive, where it stays."""
        self.hold.touch()
        process = self.begin(*categories)
        wait_until(Path(f"{self.hold}.reached").exists)
        return process

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command from the folder above the repository."""
        env = self.environment | environment
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=self.root.parent, check=False)

    def versions(self, *names: str) -> list[str]:
        """The version of each package as .venv imports it, `none` without one."""
        code = "import importlib as i, importlib.util as u, sys\n"
        code += "for n in sys.argv[1:]: print(i.import_module(n).version if u.find_spec(n) else 'none')"
        return self.run(self.venv / "bin" / "python", "-Ic", code, *names).stdout.split()


def entry(path: Path, version: str) -> Entry:
    """A file's entry in Pipfile.lock."""
    return pinned(version, hashlib.sha256(path.read_bytes()).hexdigest())


def pinned(version: str, digest: str = "0" * 64) -> Entry:
    """An entry in Pipfile.lock; by default no file has its hash."""
    return {"version": f"=={version}", "hashes": [f"sha256:{digest}"]}


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Exit code and lines on stderr of a process once it has ended: no progress of slow machines, N for seconds."""
    with process:
        _, said = process.communicate(timeout=120)
        lines = re.sub(r"\d+ s$", "N s", said, flags=re.MULTILINE).splitlines()
        return process.returncode, [line for line in lines if not re.match(r"\[\d+/\d+\] ", line)]
