"""Locks Pipfile again, every category, and names no index in Pipfile.lock: pip's own configuration does."""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

NO_CATEGORIES = ("requires", "pipenv", "scripts")


def main() -> int:
    """Run pipenv on the Pipfile of the folder above this file, then take the index out of the lock."""
    argparse.ArgumentParser(description=__doc__, epilog="example: .venv/bin/python docker/relock.py").parse_args()
    root = Path(__file__).resolve().parent.parent
    categories = [name for name in tomllib.loads((root / "Pipfile").read_text()) if name not in NO_CATEGORIES]
    command = [sys.executable, "-m", "pipenv", "lock", "--categories", " ".join(categories)]
    # pipenv would make an environment of its own elsewhere, were it not told that it is in one.
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PIPENV_VERBOSITY": "-1"}
    code = subprocess.run(command, cwd=root, env=environment, check=False).returncode
    if code == 0:
        lock = root / "Pipfile.lock"
        lock.write_text(json.dumps(without_index(json.loads(lock.read_text())), indent=4) + "\n")
    return code


def without_index(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the lock without its sources, and its packages without the name of one."""
    packages = {
        category: {name: {key: pin[key] for key in pin if key != "index"} for name, pin in pins.items()}
        for category, pins in lock.items()
        if category != "_meta"
    }
    return {"_meta": {**lock["_meta"], "sources": []}, **packages}


if __name__ == "__main__":
    sys.exit(main())
