"""Connections cut around COMMIT, killed jobs and servers: nothing is lost or loaded twice."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from common.embedded_postgresql import serving
from common.errors import JobError
from common.postgresql import Server
from common.test.databases import run_sql
from common.test.kills import KILLED, row_of_kills
from common.test.waiting import wait_until
from common.test.web_server import Reply, Site
from section4.main import create
from section4.test.support import NOW, ingested, job, owid

pytestmark = pytest.mark.integration

ROWS = "select measurement_date::text, cases_total from covid.daily_cases order by 1"
CUTS = 100
JOBS = (20, 100)  # kills, without and with --full
SERVERS = {"a backend": (5, 80), "the whole server": (5, 50)}
RECOVERY = "the next run loads the missing rows; run records, rows and revisions agree"
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


def figures(number: int, version: int) -> bytes:
    """Return days of Singapore; the last figure depends on the version."""
    days = [("Singapore", f"2022-03-{day:02d}", 1, 100 + day, 0, 1) for day in range(1, number)]
    return owid(*days, ("Singapore", f"2022-03-{number:02d}", 1, 1_000 + version, 0, 1))


def require_consistent(covid: Server) -> None:
    """Check that the run records account for all rows and revisions."""
    [(inserted, changed)] = run_sql(
        covid, "select coalesce(sum(inserted), 0), coalesce(sum(changed), 0) from covid.ingestion_run"
    )
    assert run_sql(covid, "select (select count(*) from covid.daily_cases), (select count(*) from covid.revision)") == [
        (inserted, changed)
    ]


class Proxy:
    """Forwards connections to the server, and cuts them around COMMIT."""

    def __init__(self, server: Server, directory: Path) -> None:
        self.server = server.model_copy(update={"host": str(directory)})
        self.cut = "never"
        self._target = f"{server.host}/.s.PGSQL.{server.port}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{directory}/.s.PGSQL.{server.port}")
        self._listener.listen()

    def serve(self) -> None:
        """Forward connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(self._target)
                threading.Thread(target=self._forward, args=(client, upstream), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _forward(self, client: socket.socket, upstream: socket.socket) -> None:
        responses = threading.Thread(target=self._responses, args=(client, upstream), daemon=True)
        responses.start()
        with client, upstream:
            self._requests(client, upstream)
            responses.join()

    def _requests(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                if b"COMMIT" in data and self.cut != "never":
                    self._cut(client, upstream, data)
                    return
                upstream.sendall(data)
        _end(upstream)

    def _cut(self, client: socket.socket, upstream: socket.socket, commit: bytes) -> None:
        """Deliver the COMMIT or not, but never its response."""
        if self.cut == "before":
            _end(upstream, client)
            return
        _end(client)
        if self.cut == "in the middle":
            upstream.sendall(commit[:4])
        else:
            upstream.sendall(commit)
            time.sleep(0.05)
        _end(upstream)

    def _responses(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while data := upstream.recv(1 << 16):
                client.sendall(data)
        _end(client)


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(server: Server, directory: Path) -> Iterator[Proxy]:
    """Run a proxy."""
    proxy = Proxy(server, directory)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(timeout=10)


@pytest.mark.slow
def test_connection_cut_around_commit_is_all_or_nothing(covid: Server, site: Site, tmp_path_factory: Any) -> None:
    random, committed = Random(4), 0
    with proxied(covid, tmp_path_factory.mktemp("p")) as proxy:
        for cut in range(CUTS):
            site.answer("/owid.csv", figures(5 + cut % 20, cut))
            proxy.cut = random.choice(["before", "in the middle", "after"])
            before = run_sql(covid, "select count(*) from covid.ingestion_run")
            with pytest.raises(JobError, match="Uncommitted changes were rolled back"):
                ingested(proxy.server, site, now=NOW + timedelta(minutes=2 * cut))
            wait_until(lambda: not loaders(covid), seconds=4)
            was_committed = run_sql(covid, "select count(*) from covid.ingestion_run") != before
            assert not was_committed or proxy.cut == "after"
            committed += was_committed
            require_consistent(covid)
            if random.random() < 0.5:
                proxy.cut = "never"
                ingested(proxy.server, site, now=NOW + timedelta(minutes=2 * cut + 1))
                assert ("2022-03-" + f"{5 + cut % 20:02d}", 1_000 + cut) in run_sql(covid, ROWS)
                require_consistent(covid)
    assert 0 < committed < CUTS
    ingested(covid, site, now=NOW + timedelta(days=1))
    expected = [(f"2022-03-{day:02d}", 100 + day) for day in range(1, 24)] + [("2022-03-24", 1_000 + CUTS - 1)]
    assert run_sql(covid, ROWS) == expected
    require_consistent(covid)


def loaders(covid: Server) -> list[int]:
    """Return the process IDs of the jobs' backends."""
    statement = "select pid from pg_stat_activity where usename = 'covid_loader' and datname = current_database()"
    return [pid for (pid,) in run_sql(covid, statement)]


def slow_reply(body: bytes, seconds: float) -> Reply:
    """Return a response that is sent in chunks of 50 bytes."""
    pieces = tuple(body[start : start + 50] for start in range(0, len(body), 50))
    return Reply(pieces=pieces, pause=seconds / len(pieces))


@pytest.mark.slow
@pytest.mark.full("kills")
def test_killed_job_loads_all_or_nothing(
    covid: Server, site: Site, tmp_path: Path, budget: Budget, record: Record
) -> None:
    random, kills, unfinished = Random(20), 0, 0
    command = job(tmp_path, covid, site)
    site.answer("/owid.csv", slow_reply(figures(28, 7), 0.6))
    while kills < budget(*JOBS):
        run_sql(covid, "delete from covid.daily_cases; delete from covid.ingestion_run")
        site.asked.clear()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                wait_until(lambda: site.asked)  # a kill before the first request would test nothing
                time.sleep(1.2 * random.random())
            finally:
                running.kill()
        kills += running.returncode == -signal.SIGKILL
        wait_until(lambda: not loaders(covid), seconds=4)
        found = len(run_sql(covid, ROWS))
        assert found in (0, 28)
        unfinished += not found
        require_consistent(covid)
    assert unfinished > kills // 4
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert run_sql(covid, ROWS)[-1] == ("2022-03-28", 1_007)
    require_consistent(covid)
    record_kills(record, "the job", kills, covid)


def record_kills(record: Record, victim: str, kills: int, covid: Server) -> None:
    """Record how many of the 28 days are missing or duplicated."""
    days = [day for day, _ in run_sql(covid, ROWS)]
    lost, doubled = 28 - len(set(days)), len(days) - len(set(days))
    record(row_of_kills(4, victim, kills, RECOVERY, lost=lost, doubled=doubled))


def test_two_jobs_at_once_load_once(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", Reply(figures(28, 7), silence=0.5))
    command = job(tmp_path, covid, site)
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        try:
            other = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            one.wait(60)
        finally:
            one.kill()
    codes = sorted([one.returncode, other.returncode])
    assert codes in ([0, 75], [0, 0])
    assert run_sql(covid, "select sum(inserted), sum(changed) from covid.ingestion_run") == [(28, 0)]
    require_consistent(covid)


class Ingestion(threading.Thread):
    """A concurrent ingestion of one version of the figures."""

    def __init__(self, server: Server, site: Site, version: int) -> None:
        super().__init__(daemon=True)  # a hanging one does not block the end of the tests
        self._server, self._site, self._now = server, site, NOW + timedelta(minutes=version)
        self.failed = False
        site.answer("/owid.csv", slow_reply(figures(28, version), 0.3))

    def run(self) -> None:
        try:
            ingested(self._server, self._site, now=self._now)
        except JobError:
            self.failed = True


def last_figure(covid: Server) -> int | None:
    """Return the newest day's figure, None without rows; check that all days are loaded or none."""
    require_consistent(covid)
    rows = run_sql(covid, ROWS)
    assert len(rows) in (0, 28)
    return int(rows[-1][1]) if rows else None


def figure_after_recovery(covid: Server) -> int | None:
    """Return the newest day's figure once the server has recovered from the kill of a backend."""

    def figure() -> list[int | None]:
        with suppress(JobError):
            return [] if loaders(covid) else [last_figure(covid)]
        return []

    return wait_until(figure)[0]


def kill(victim: str, server: Server, data: Path) -> None:
    """Kill the jobs' backends or the whole server."""
    if victim == "a backend":
        for pid in loaders(server):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    else:
        os.killpg(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.full("kills")
@pytest.mark.parametrize("victim", SERVERS)
def test_killed_server_keeps_committed_ingestions(
    site: Site, tmp_path: Path, victim: str, budget: Budget, record: Record
) -> None:
    data, random, kills, version = tmp_path / "data", Random(victim), 0, 0
    expected: set[int | None] = {None}
    while kills < budget(*SERVERS[victim]):
        with serving(data, KILLED) as sockets:
            server = Server(host=str(sockets), database="my_database")
            create(server)
            while kills < budget(*SERVERS[victim]):
                before = figure_after_recovery(server)
                assert before in expected
                version += 1
                ingestion = Ingestion(server, site, version)
                ingestion.start()
                time.sleep(0.4 * random.random())
                kill(victim, server, data)
                ingestion.join(timeout=60)
                assert not ingestion.is_alive()
                kills += ingestion.failed
                # A failed ingestion may have been committed.
                expected = {1_000 + version, *([before] if ingestion.failed else [])}
                if victim == "the whole server":
                    break
            else:
                assert figure_after_recovery(server) in expected
    with serving(data, KILLED) as sockets:
        server = Server(host=str(sockets), database="my_database")
        assert figure_after_recovery(server) in expected
        site.answer("/owid.csv", figures(28, 7))
        ingested(server, site, now=NOW + timedelta(days=2))
        assert last_figure(server) == 1_007
        record_kills(record, victim, kills, server)
