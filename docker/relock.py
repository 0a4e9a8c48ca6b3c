"""Lock every category of Pipfile again, without the name of an index, and write docker/pipenv.txt.

usage: .venv/bin/python docker/relock.py
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NO_CATEGORIES = ("requires", "pipenv", "scripts")


def main() -> None:
    """Run pipenv, then remove the index from the lock: pip's configuration names it."""
    categories = [name for name in tomllib.loads((ROOT / "Pipfile").read_text()) if name not in NO_CATEGORIES]
    # Without VIRTUAL_ENV pipenv would create another environment.
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PIPENV_VERBOSITY": "-1"}
    pipenv = ROOT / ".local" / "pipenv" / "bin" / "pipenv"
    subprocess.run([pipenv, "lock", "--categories", " ".join(categories)], cwd=ROOT, env=environment, check=True)
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    lock["_meta"]["sources"] = []
    for category in lock.keys() - {"_meta"}:
        for pin in lock[category].values():
            pin.pop("index", None)
    (ROOT / "Pipfile.lock").write_text(json.dumps(lock, indent=4) + "\n")
    (ROOT / "docker" / "pipenv.txt").write_text("".join(requirement(*item) for item in lock["installer"].items()))


def requirement(name: str, pin: dict[str, str | list[str]]) -> str:
    """Return the lines of a requirements file that pin one package."""
    return " \\\n    ".join([f"{name}{pin['version']}", *(f"--hash={digest}" for digest in pin["hashes"])]) + "\n"


if __name__ == "__main__":
    main()
