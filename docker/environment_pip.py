"""How environment.py runs pip: output in a log, progress on stderr, failures in one line."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PIP_STEP = re.compile(r"(Collecting|Processing|Ignoring|Requirement already \w+:|  Building wheel for) ([^\s:=]+)")
UNREACHABLE = re.compile(r"Retrying \(|Could not fetch URL|Connection(Error| broken| refused| reset)|timed? ?out", re.I)
WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES.*\n\s*([^\s=]+)")


class SetupFailed(Exception):
    """.venv cannot be made; says why and what to do."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(f"{wrong}; {remedy}")


def say(line: str) -> None:
    """Tell the user one line on stderr: stdout belongs to the job that follows."""
    print(line, file=sys.stderr, flush=True)


def python_version() -> str:
    """The running Python as Pipfile.lock writes it, such as 3.11."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


class Progress:
    """Where pip is, on stderr: one line rewritten in place on a terminal, elsewhere a plain line every ten seconds."""

    def __init__(self, total: int) -> None:
        self.total, self.seen, self.step = total, 0, "preparing"
        self.live = sys.stderr.isatty()
        self.interval = 0.2 if self.live else 10.0
        self.started = self.shown = time.monotonic()

    def read(self, line: str) -> None:
        """Follow one line of pip's output."""
        if match := PIP_STEP.match(line):
            building = match[1].startswith(" ")
            self.seen += not building
            self.step = f"building {match[2]}" if building else Path(match[2]).name.split("-")[0]
        elif line.startswith("Installing collected packages"):
            self.step = "installing"

    def seconds(self) -> int:
        """Whole seconds since the set-up began."""
        return round(time.monotonic() - self.started)

    def show(self) -> None:
        """Write the present step when a line is due."""
        if time.monotonic() >= self.shown + self.interval:
            self.shown = time.monotonic()
            self.write(f"[{min(self.seen, self.total)}/{self.total}] {self.step}, {self.seconds()} s")

    def write(self, line: str) -> None:
        """Write a line; on a terminal in place, where an empty one clears it."""
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:width]:<{width}}\r", end="", file=sys.stderr, flush=True)
        elif line:
            say(line)


@dataclass(frozen=True)
class Shell:
    """Runs the commands of one set-up."""

    progress: Progress
    log: Path
    scratch: Path
    lock_descriptor: int

    def run(self, *command: str | Path) -> tuple[int, str]:
        """Run a command to its end; gives its exit code and output. A stop kills it with all that it started."""
        # It inherits the lock: nobody else touches .venv while a pip whose parent was killed still writes to it.
        # TMPDIR: building pyspark needs 2 GB, which a small /tmp lacks and where a killed pip would leave them.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(self.scratch), "DIST_EXTRA_CONFIG": str(self.scratch / "dist.cfg")},
            process_group=0,
            pass_fds=[self.lock_descriptor],
        )
        with process:
            try:
                output = self.follow(process)
                return process.wait(), output
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            finally:
                self.progress.write("")

    def follow(self, process: subprocess.Popen[bytes]) -> str:
        """Copy a process's output to the log until it closes, showing progress; gives the output."""
        assert process.stdout is not None
        output = rest = b""
        with self.log.open("ab") as log:
            while True:
                if select.select([process.stdout], [], [], self.progress.interval)[0]:
                    chunk = os.read(process.stdout.fileno(), 65536)
                    if not chunk:
                        return output.decode(errors="replace")
                    log.write(chunk)
                    output += chunk
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        self.progress.read(line.decode(errors="replace"))
                self.progress.show()


def explain(output: str, log: str, tested_python: str) -> SetupFailed:
    """What the output of a failed command means for the user."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    last = ([line for line in lines if line.startswith("ERROR:")] or lines)[-1]
    if "No space left on device" in output:
        wrong, remedy = "the disk is full", "free some space (4 GB serve all sections) and try again"
    elif match := WRONG_HASH.search(output):
        wrong = f"the download of {match[1]} does not have the hash that Pipfile.lock gives, and was not installed"
        remedy = "find out where pip got it"
    elif UNREACHABLE.search(output):
        wrong, remedy = f"pip could not download the packages ({last})", "check the network and try again"
    elif python_version() != tested_python:
        misfit = f"is tested with Python {tested_python} and does not fit Python {python_version()}"
        wrong, remedy = f"Pipfile.lock {misfit} ({last})", f"install Python {tested_python}"
    else:
        wrong, remedy = f".venv could not be made ({last})", "mend that and try again"
    return SetupFailed(wrong, f"{remedy} (all output: {log})")
