"""Make .venv at the repository's root from Pipfile.lock.   usage: environment.py CATEGORY...

Needs a Python >= 3.11 and nothing else. Two kinds of files in .venv tell its state, to runner_lib.sh too:
`.installing` stands while a set-up is at work, so that one stopped half-way is seen and made anew;
`.locked-CATEGORY` is a copy of the Pipfile.lock whose CATEGORY is installed in full.
"""

import argparse
import errno
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from environment_pip import Progress, SetupFailed, Shell, explain, python_version, say

ROOT = Path(__file__).resolve().parent.parent
# .venv may be a link to where there is room; a tool whose pins do not fit the others' has a folder of its own.
VENV, LOCAL = (ROOT / os.environ.get("ENVIRONMENT_FOLDER", ".venv")).resolve(), ROOT / ".local"
MARKER, PYTHON = VENV / ".installing", VENV / "bin" / "python"
LOG, SCRATCH = LOCAL / "environment.log", LOCAL / "environment.tmp"
BUILD_TOOL = "setuptools"


@dataclass(frozen=True)
class Pin:
    """One package of Pipfile.lock: its version and its line in a requirements file."""

    version: str
    requirement: str


Pins = dict[str, Pin]


@dataclass(frozen=True)
class Lock:
    """Pipfile.lock: its bytes, the Python it is tested with, and each category's pins by package name."""

    content: bytes
    python: str
    categories: dict[str, Pins]

    def pins(self, categories: Sequence[str]) -> Pins:
        """The packages of several categories. Raises: SetupFailed when two of them disagree on a version."""
        pins: Pins = {}
        for category in categories:
            for name, pin in self.categories[category].items():
                if pins.setdefault(name, pin).version != pin.version:
                    wrong = f"Pipfile.lock pins {name} twice: {pins[name].version}, and {pin.version} in {category}"
                    raise SetupFailed(wrong, "relock so that the categories agree")
        return pins


def read_lock(wanted: Sequence[str]) -> Lock:
    """Read Pipfile.lock. Raises: SetupFailed when it is broken or lacks a wanted category."""
    content = (ROOT / "Pipfile.lock").read_bytes()
    try:
        entries = json.loads(content)
        python = entries.pop("_meta")["requires"]["python_version"]
        categories = {key: {name: read_pin(name, pin) for name, pin in pins.items()} for key, pins in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupFailed(f"Pipfile.lock cannot be read ({error!r})", "restore it, or relock") from None
    if unknown := [category for category in wanted if category not in categories]:
        raise SetupFailed(f"Pipfile.lock has no category {unknown[0]}", f"it has {', '.join(categories)}")
    return Lock(content, python, categories)


def read_pin(name: str, entry: dict[str, str | list[str]]) -> Pin:
    """One package of Pipfile.lock; where it comes from is left to pip's own configuration."""
    version, extras, markers = str(entry["version"]), ",".join(entry.get("extras", ())), entry.get("markers")
    parts = [name, f"[{extras}]" if extras else "", version, f" ; {markers}" if markers else ""]
    return Pin(version, " ".join(["".join(parts), *(f"--hash={digest}" for digest in entry["hashes"])]))


def held_categories(lock: Lock) -> list[str]:
    """The categories that .venv holds as locked; none when it is to be made anew. Raises: SetupFailed if not ours."""
    if not os.path.lexists(VENV) or (VENV.is_dir() and not any(VENV.iterdir())):
        return []
    stamps = sorted(VENV.glob(".locked-*[!~]"))
    if MARKER.exists():
        say("the last set-up of .venv did not finish: starting over")
        return []
    if not stamps:
        raise SetupFailed(".venv was not made by this project", "move it away or delete it, and try again")
    if any(stamp.read_bytes() != lock.content for stamp in stamps):
        say("Pipfile.lock has changed: making .venv anew")
        return []
    if not python_runs():
        say("the Python that .venv was made with is gone: making .venv anew")
        return []
    return [stamp.name.removeprefix(".locked-") for stamp in stamps]


def python_runs() -> bool:
    """Whether the Python of .venv starts and finds its packages."""
    finds_packages = "import os, site; os.stat(site.getsitepackages()[0])"
    try:
        return subprocess.run([PYTHON, "-Ic", finds_packages], capture_output=True).returncode == 0
    except OSError:
        return False


def prepare(wanted: Sequence[str], lock_descriptor: int) -> None:
    """Bring the wanted categories into .venv. Raises: SetupFailed, with a good .venv left good if pip got nowhere."""
    lock = read_lock(wanted)
    held = held_categories(lock)
    missing = [category for category in wanted if category not in held]
    if not missing:
        return
    pins, present = lock.pins([*held, *missing]), lock.pins(held)
    lacking = {name: pin for name, pin in pins.items() if name not in present}
    if not held and importlib.util.find_spec("ensurepip") is None:
        raise SetupFailed(f"Python {python_version()} cannot make a .venv: it has no ensurepip", "install python3-venv")
    doing = f"adding {' '.join(missing)} to .venv" if held else f"making .venv with Python {python_version()}"
    say(f"{doing} from Pipfile.lock: {len(lacking)} package{'s' if len(lacking) != 1 else ''} (once)")
    shell = Shell(Progress(len(lacking)), LOG, SCRATCH, lock_descriptor)
    with marked(keep=bool(held)):
        if not held:
            create(shell, lock)
        install(shell, lock, lacking, build_tool_pinned=BUILD_TOOL in pins)
        for category in missing:
            stamp(category, lock.content)
    say(f".venv is ready after {shell.progress.seconds()} s")


@contextmanager
def marked(*, keep: bool) -> Iterator[None]:
    """Keep the marker while .venv changes and after a failure, unless a .venv to keep is still as it was."""
    before = package_folder()
    VENV.mkdir(exist_ok=True)
    MARKER.touch()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir()
    LOG.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        if keep and package_folder() == before:
            MARKER.unlink()
        raise
    else:
        MARKER.unlink()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)


def package_folder() -> set[Path]:
    """What stands in the package folder of .venv."""
    return set(VENV.glob("lib/*/site-packages/*"))


def create(shell: Shell, lock: Lock) -> None:
    """Make an environment without packages in the place of what .venv held; the marker stands all the while."""
    for child in VENV.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child != MARKER:
            child.unlink()
    code, output = shell.run(sys.executable, "-I", "-m", "venv", VENV)
    if code:
        raise explain(output, str(LOG.relative_to(ROOT)), lock.python)


def install(shell: Shell, lock: Lock, pins: Pins, *, build_tool_pinned: bool) -> None:
    """Install packages by hash, first the tool that builds the others from source if the lock pins it."""
    # pyspark comes as source only. Its jars are compressed already: packing them again would take 20 s.
    (SCRATCH / "dist.cfg").write_text("[bdist_wheel]\ncompression=stored\n")
    options = ["--no-deps", "--require-hashes", "--no-compile", "--use-pep517", "--no-input", "--progress-bar=off"]
    options += ["--disable-pip-version-check", *(["--no-build-isolation"] if build_tool_pinned else [])]
    first = {name: pin for name, pin in pins.items() if name == BUILD_TOOL}
    others = {name: pin for name, pin in pins.items() if name != BUILD_TOOL}
    for step in filter(None, [first, others]):
        requirements = SCRATCH / "requirements.txt"
        requirements.write_text("".join(f"{pin.requirement}\n" for pin in step.values()))
        code, output = shell.run(PYTHON, "-I", "-m", "pip", "install", *options, "-r", requirements)
        if code:
            raise explain(output, str(LOG.relative_to(ROOT)), lock.python)
    if sys.dont_write_bytecode:  # else the first import compiles what it needs; here every import would, each time
        shell.progress.step = "compiling"
        shell.run(PYTHON, "-I", "-m", "compileall", "-q", "-j0", "-x", "/tests?/", VENV / "lib")


def stamp(category: str, content: bytes) -> None:
    """Note that a category is installed in full, as a whole or not at all."""
    unfinished = VENV / f".locked-{category}~"
    unfinished.write_bytes(content)
    unfinished.replace(VENV / f".locked-{category}")


@contextmanager
def alone() -> Iterator[int]:
    """Hold the lock file, waiting for another set-up to end; gives its descriptor, for pip to inherit."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "environment.lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of .venv is at work: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


class Stopped(BaseException):
    """A signal asked to stop; carries its number."""


def stop(number: int, _: FrameType | None) -> None:
    """Turn a signal into an exception, so that what was begun is left in order."""
    raise Stopped(number)


def main() -> int:
    """Make .venv; gives the exit code: 0 done, 2 not possible (one line says why), 128 + signal when stopped."""
    parser = argparse.ArgumentParser(
        description="Make .venv from Pipfile.lock.", epilog="example: python3 docker/environment.py default section1"
    )
    parser.add_argument("category", nargs="+", help="a category of Pipfile.lock, such as default or section1")
    wanted = parser.parse_args().category
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        with alone() as lock_descriptor:
            prepare(wanted, lock_descriptor)
    except SetupFailed as failure:
        say(f"environment.py: {failure}")
        return 2
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some disk space" if full else "see to it that this user can read and write it"
        say(f"environment.py: {error.filename or LOCAL}: {error.strerror}; {remedy}")
        return 2
    except Stopped as stopped:
        say("stopped; the next call starts over")
        return 128 + int(stopped.args[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
