"""Connections, servers and jobs that end in the middle: the next run makes of it what a clean load is."""

import os
import signal
import socket
import subprocess
import sys
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
from common.paths import ROOT
from common.postgresql import Server
from common.test.databases import run_sql
from common.test.kills import KILLED, row_of_kills
from common.test.waiting import wait_until
from common.test.web_server import Reply, Site
from section4.config import CONF
from section4.main import create
from section4.test.support import NOW, PATHS, ingested, owid

ROWS = "select measurement_date::text, cases_total from covid.daily_cases order by 1"
CUTS = 100
JOBS = (20, 100)  # to kill, small and full
SERVERS = {"a backend": (5, 80), "the whole server": (5, 50)}
HEALED = "the next run loads what lacks; ledger, rows and revisions agree"
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


def figures(number: int, version: int) -> bytes:
    """Return days whose last figure changes with the version."""
    days = [("Singapore", f"2022-03-{day:02d}", 1, 100 + day, 0, 1) for day in range(1, number)]
    return owid(*days, ("Singapore", f"2022-03-{number:02d}", 1, 1_000 + version, 0, 1))


def require_sound(covid: Server) -> None:
    """The ledger must tell of exactly the rows and revisions that site are."""
    [(inserted, changed)] = run_sql(
        covid, "select coalesce(sum(inserted), 0), coalesce(sum(changed), 0) from covid.ingestion_run"
    )
    assert run_sql(covid, "select (select count(*) from covid.daily_cases), (select count(*) from covid.revision)") == [
        (inserted, changed)
    ]


class Proxy:
    """Stands between the job and the server, and cuts their connection around COMMIT."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server.model_copy(update={"host": str(folder)})
        self.cut = "never"
        self._target = f"{server.host}/.s.PGSQL.{server.port}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/.s.PGSQL.{server.port}")
        self._listener.listen()

    def serve(self) -> None:
        """Pass on what is said, until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(self._target)
                threading.Thread(target=self._between, args=(client, upstream), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _between(self, client: socket.socket, upstream: socket.socket) -> None:
        answers = threading.Thread(target=self._answers, args=(client, upstream), daemon=True)
        answers.start()
        with client, upstream:
            self._questions(client, upstream)
            answers.join()

    def _questions(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(1 << 16):
                if b"COMMIT" in said and self.cut != "never":
                    self._cut(client, upstream, said)
                    return
                upstream.sendall(said)
        _end(upstream)

    def _cut(self, client: socket.socket, upstream: socket.socket, commit: bytes) -> None:
        """Let the COMMIT arrive or not, and its answer never."""
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

    def _answers(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while said := upstream.recv(1 << 16):
                client.sendall(said)
        _end(client)


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(server: Server, folder: Path) -> Iterator[Proxy]:
    """Let a proxy work while the body runs."""
    proxy = Proxy(server, folder)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


def test_connections_that_are_cut_around_commit(covid: Server, site: Site, tmp_path_factory: Any) -> None:
    random, committed = Random(4), 0
    folder = tmp_path_factory.mktemp("p")
    with proxied(covid, folder) as proxy:
        for cut in range(CUTS):
            site.answer("/owid.csv", figures(5 + cut % 20, cut))
            proxy.cut = random.choice(["before", "in the middle", "after"])
            before = run_sql(covid, "select count(*) from covid.ingestion_run")
            with pytest.raises(JobError, match="Uncommitted changes were rolled back"):
                ingested(proxy.server, site, now=NOW + timedelta(minutes=2 * cut))
            wait_until(lambda: not loaders(covid), seconds=4)
            arrived = run_sql(covid, "select count(*) from covid.ingestion_run") != before
            assert not arrived or proxy.cut == "after"
            committed += arrived
            require_sound(covid)
            if random.random() < 0.5:
                proxy.cut = "never"
                ingested(proxy.server, site, now=NOW + timedelta(minutes=2 * cut + 1))
                assert ("2022-03-" + f"{5 + cut % 20:02d}", 1_000 + cut) in run_sql(covid, ROWS)
                require_sound(covid)
    assert 0 < committed < CUTS
    ingested(covid, site, now=NOW + timedelta(days=1))
    expected = [(f"2022-03-{day:02d}", 100 + day) for day in range(1, 24)] + [("2022-03-24", 1_000 + CUTS - 1)]
    assert run_sql(covid, ROWS) == expected
    require_sound(covid)


def loaders(covid: Server) -> list[int]:
    """Return the backends of the jobs that are connected."""
    statement = "select pid from pg_stat_activity where usename = 'covid_loader' and datname = current_database()"
    return [pid for (pid,) in run_sql(covid, statement)]


def job(tmp_path: Path, server: Server, site: Site) -> list[str]:
    """Return the command of the job, whose sources are on the site."""
    process, postgresql = tmp_path / "process.yaml", tmp_path / "postgresql.yaml"
    text = (CONF / "section4_process.yaml").read_text()
    for line in text.splitlines():
        name = line.strip().partition(":")[0]
        if name in PATHS:
            text = text.replace(line, f"  {name}: {site.address}{PATHS[name]}")
    process.write_text(text)
    postgresql.write_text(f"host: {server.host}\nport: {server.port}\ndatabase: {server.database}\n")
    command = [sys.executable, str(ROOT / "section4_manage.py"), "--task-config", str(process)]
    return [*command, "--postgresql-config", str(postgresql), "--source", "owid"]


def dripping(body: bytes, seconds: float) -> Reply:
    """Return an answer that comes in pieces of 50 bytes."""
    pieces = tuple(body[place : place + 50] for place in range(0, len(body), 50))
    return Reply(pieces=pieces, pause=seconds / len(pieces))


def test_a_job_that_is_killed_at_any_moment(
    covid: Server, site: Site, tmp_path: Path, budget: Budget, record: Record
) -> None:
    random, kills, unfinished = Random(20), 0, 0
    command = job(tmp_path, covid, site)
    site.answer("/owid.csv", dripping(figures(28, 7), 0.6))
    while kills < budget(*JOBS):
        run_sql(covid, "delete from covid.daily_cases; delete from covid.ingestion_run")
        site.asked.clear()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            wait_until(lambda: site.asked)  # until then it has changed nothing
            time.sleep(1.2 * random.random())
            running.kill()
        kills += running.returncode == -signal.SIGKILL
        wait_until(lambda: not loaders(covid), seconds=4)
        found = len(run_sql(covid, ROWS))
        assert found in (0, 28)
        unfinished += not found
        require_sound(covid)
    assert unfinished > kills // 4
    subprocess.run(command, check=True, capture_output=True)
    assert run_sql(covid, ROWS)[-1] == ("2022-03-28", 1_007)
    require_sound(covid)
    take_down(record, "the job", kills, covid)


def take_down(record: Record, victim: str, kills: int, covid: Server) -> None:
    """Note how many of the 28 days site are that must be, and how many that must not."""
    days = [day for day, _ in run_sql(covid, ROWS)]
    lost, doubled = 28 - len(set(days)), len(days) - len(set(days))
    record(row_of_kills(4, victim, kills, HEALED, lost=lost, doubled=doubled))


def test_two_jobs_at_once(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", Reply(figures(28, 7), silence=0.5))
    command = job(tmp_path, covid, site)
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        one.wait()
    codes = sorted([one.returncode, other.returncode])
    assert codes in ([0, 75], [0, 0])
    assert run_sql(covid, "select sum(inserted), sum(changed) from covid.ingestion_run") == [(28, 0)]
    require_sound(covid)


class Ingestion(threading.Thread):
    """An ingestion that runs beside, of the figures of a version; knows whether it failed."""

    def __init__(self, server: Server, site: Site, version: int) -> None:
        super().__init__()
        self._server, self._there, self._now = server, site, NOW + timedelta(minutes=version)
        self.failed = False
        site.answer("/owid.csv", dripping(figures(28, version), 0.3))

    def run(self) -> None:
        try:
            ingested(self._server, self._there, now=self._now)
        except JobError:
            self.failed = True


def sound_figure(covid: Server) -> int | None:
    """Return the newest day's figure, None without one; all days are site or none, and the ledger knows."""
    require_sound(covid)
    rows = run_sql(covid, ROWS)
    assert len(rows) in (0, 28)
    return int(rows[-1][1]) if rows else None


def when_recovered(covid: Server) -> int | None:
    """Return the newest day's figure as soon as the server has noticed that a backend was killed and is back."""

    def figure() -> list[int | None]:
        with suppress(JobError):
            return [] if loaders(covid) else [sound_figure(covid)]
        return []

    return wait_until(figure)[0]


def strike(victim: str, server: Server, data: Path) -> None:
    """Kill what works for a job, if it is still at work."""
    if victim == "a backend":
        for pid in loaders(server):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    else:
        os.killpg(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@pytest.mark.parametrize("victim", SERVERS)
def test_ingestions_whose_server_is_killed_at_any_moment(
    site: Site, tmp_path: Path, victim: str, budget: Budget, record: Record
) -> None:
    data, random, kills, version = tmp_path / "data", Random(victim), 0, 0
    expected: set[int | None] = {None}
    while kills < budget(*SERVERS[victim]):
        with serving(data, KILLED) as sockets:
            server = Server(host=str(sockets), database="my_database")
            create(server)
            while kills < budget(*SERVERS[victim]):
                before = when_recovered(server)
                assert before in expected
                version += 1
                ingestion = Ingestion(server, site, version)
                ingestion.start()
                time.sleep(0.4 * random.random())
                strike(victim, server, data)
                ingestion.join()
                kills += ingestion.failed
                expected = {1_000 + version, *([before] if ingestion.failed else [])}  # told or not, it may be kept
                if victim == "the whole server":
                    break
            else:
                assert when_recovered(server) in expected
    with serving(data, KILLED) as sockets:
        server = Server(host=str(sockets), database="my_database")
        assert when_recovered(server) in expected
        site.answer("/owid.csv", figures(28, 7))
        ingested(server, site, now=NOW + timedelta(days=2))
        assert sound_figure(server) == 1_007
        take_down(record, victim, kills, server)
