"""Connections, servers and jobs that end in the middle: the next run makes of it what a clean load is."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
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
from section4.config import CONF, ROOT
from section4.main import create
from section4.test.support import NOW, PATHS, ingested, owid
from section4.test.web_server import Reply, Site

ROWS = "select measurement_date::text, cases_total from covid.daily_cases order by 1"
CUTS = 100
KILLS = 20


def figures(number: int, version: int) -> bytes:
    """Return days whose last figure changes with the version."""
    days = [("Singapore", f"2022-03-{day:02d}", 1, 100 + day, 0, 1) for day in range(1, number)]
    return owid(*days, ("Singapore", f"2022-03-{number:02d}", 1, 1_000 + version, 0, 1))


def require_sound(covid: Server) -> None:
    """The ledger must tell of exactly the rows and revisions that there are."""
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


def test_connections_that_are_cut_around_commit(covid: Server, there: Site, tmp_path_factory: Any) -> None:
    random, committed = Random(4), 0
    folder = tmp_path_factory.mktemp("p")
    with proxied(covid, folder) as proxy:
        for cut in range(CUTS):
            there.answer("/owid.csv", figures(5 + cut % 20, cut))
            proxy.cut = random.choice(["before", "in the middle", "after"])
            before = run_sql(covid, "select count(*) from covid.ingestion_run")
            with pytest.raises(JobError, match="what was not committed is undone"):
                ingested(proxy.server, there, now=NOW + timedelta(minutes=2 * cut))
            wait_for_no_loader(covid)
            arrived = run_sql(covid, "select count(*) from covid.ingestion_run") != before
            assert not arrived or proxy.cut == "after"
            committed += arrived
            require_sound(covid)
            if random.random() < 0.5:
                proxy.cut = "never"
                ingested(proxy.server, there, now=NOW + timedelta(minutes=2 * cut + 1))
                assert ("2022-03-" + f"{5 + cut % 20:02d}", 1_000 + cut) in run_sql(covid, ROWS)
                require_sound(covid)
    assert 0 < committed < CUTS
    ingested(covid, there, now=NOW + timedelta(days=1))
    expected = [(f"2022-03-{day:02d}", 100 + day) for day in range(1, 24)] + [("2022-03-24", 1_000 + CUTS - 1)]
    assert run_sql(covid, ROWS) == expected
    require_sound(covid)


def wait_for_no_loader(covid: Server) -> None:
    """Return when no job is connected any more."""
    for _ in range(200):
        if (
            run_sql(
                covid, "select 1 from pg_stat_activity where usename = 'covid_loader' and datname = current_database()"
            )
            == []
        ):
            return
        time.sleep(0.01)
    raise TimeoutError


def job(tmp_path: Path, server: Server, there: Site) -> list[str]:
    """Return the command of the job, whose sources are on the site."""
    process, postgresql = tmp_path / "process.yaml", tmp_path / "postgresql.yaml"
    text = (CONF / "section4_process.yaml").read_text()
    for line in text.splitlines():
        name = line.strip().partition(":")[0]
        if name in PATHS:
            text = text.replace(line, f"  {name}: {there.address}{PATHS[name]}")
    process.write_text(text)
    postgresql.write_text(f"host: {server.host}\nport: {server.port}\ndatabase: {server.database}\n")
    command = [sys.executable, str(ROOT / "section4_manage.py"), "--task-config", str(process)]
    return [*command, "--postgresql-config", str(postgresql), "--source", "owid"]


def test_a_job_that_is_killed_at_any_moment(covid: Server, there: Site, tmp_path: Path) -> None:
    random, killed = Random(20), 0
    command = job(tmp_path, covid, there)
    body = figures(28, 7)
    pieces = tuple(body[place : place + 50] for place in range(0, len(body), 50))
    there.answer("/owid.csv", Reply(pieces=pieces, pause=1.2 / len(pieces)))
    for _ in range(KILLS):
        run_sql(covid, "delete from covid.daily_cases; delete from covid.ingestion_run")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            time.sleep(0.3 + 1.7 * random.random())
            running.kill()
        killed += running.returncode == -signal.SIGKILL
        wait_for_no_loader(covid)
        assert len(run_sql(covid, ROWS)) in (0, 28)
        require_sound(covid)
    assert killed >= KILLS // 2
    subprocess.run(command, check=True, capture_output=True)
    assert run_sql(covid, ROWS)[-1] == ("2022-03-28", 1_007)
    require_sound(covid)


def test_two_jobs_at_once(covid: Server, there: Site, tmp_path: Path) -> None:
    there.answer("/owid.csv", Reply(figures(28, 7), silence=0.5))
    command = job(tmp_path, covid, there)
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        one.wait()
    codes = sorted([one.returncode, other.returncode])
    assert codes in ([0, 75], [0, 0])
    assert run_sql(covid, "select sum(inserted), sum(changed) from covid.ingestion_run") == [(28, 0)]
    require_sound(covid)


@pytest.mark.parametrize("sent", range(0, 5))
def test_a_server_that_is_killed_in_the_middle_of_an_ingestion(there: Site, tmp_path: Path, sent: int) -> None:
    data = tmp_path / "data"
    body = figures(28, 7)
    pieces = [body[:400], body[400:800], body[800:]]
    with serving(data) as sockets:
        server = Server(host=str(sockets), database="my_database")
        create(server)
        there.answer("/owid.csv", figures(20, 1))
        ingested(server, there)
        there.answer("/owid.csv", Reply(pieces=tuple(pieces), pause=0.2))
        ran: list[object] = []

        def run() -> None:
            try:
                ran.append(ingested(server, there, now=NOW + timedelta(hours=1)))
            except JobError as error:
                ran.append(error)

        running = threading.Thread(target=run)
        running.start()
        time.sleep(0.15 * sent)
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)  # at once, as a crash
        running.join()
    with serving(data) as sockets:
        server = server.model_copy(update={"host": str(sockets)})
        require_sound(server)
        there.answer("/owid.csv", body)
        ingested(server, there, now=NOW + timedelta(hours=2))
        assert len(run_sql(server, ROWS)) == 28
        assert run_sql(server, ROWS)[-1] == ("2022-03-28", 1_007)
        require_sound(server)
