"""Runs pytest again and again in forks of one process, since starting Python takes longer than most tests.

Started in the folder whose tests it is to run. For each line of its input, a JSON list of pytest's arguments and the
seconds it may take, it writes how pytest ended: its exit code, or null when it took longer, and the seconds it took.
"""

import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import pytest

# What the tests import and the project does not own.
PACKAGES = ("duckdb", "hypothesis", "psycopg2", "pyarrow.parquet", "pycountry", "pydantic", "requests", "rich", "yoyo")
OVER_TIME = (-signal.SIGXCPU, -signal.SIGKILL)


def main() -> None:
    """Answer each line until there are no more."""
    for package in PACKAGES:
        import_module(package)
    gc.freeze()  # or each fork looks through all that was imported
    # A changed module has the size and the second of another one, and would be taken for it by what is cached.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for line in sys.stdin:
        print(json.dumps(ended(*json.loads(line))), flush=True)


def ended(arguments: Sequence[str], seconds: int) -> tuple[int | None, float]:
    """Run pytest in a fork of this process, end all that it has started; return exit code and seconds of its processor.

    Its time is the processor's, so that a busy machine ends nobody; one that only waits has twenty times as long.
    """
    if not (pid := os.fork()):
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os._exit(pytest.main([*arguments]))
    deadline = time.monotonic() + 20 * seconds
    try:
        while time.monotonic() < deadline:
            done, status, used = os.wait4(pid, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                return (None if code in OVER_TIME else code), used.ru_utime + used.ru_stime
            time.sleep(0.01)
        return None, 0.0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
