"""Hundreds of days in a few seconds each, runs and servers killed: the ledger tells each row, and nothing grows."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from common.test.containers import Copy, alone, docker, free_port, inspect
from common.test.soak import Runs, at_rest, entries_in
from common.test.waiting import wait_until
from common.test.web_server import Site
from common.test.web_server import site as serve
from section4.test.support import owid
from section4.test.test_container import JOB, SERVER, configure, gateway, psql

pytestmark = pytest.mark.needs("docker")

DAYS = 300
INGEST = ("python3", "section4_manage.py", "--task-config", "section4_process.yaml")
SUMS = "select coalesce(sum(inserted), 0), coalesce(sum(changed), 0) from covid.ingestion_run"
ROWS = "select (select count(*) from covid.daily_cases), (select count(*) from covid.revision)"
CONNECTIONS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve(host=gateway()) as served:
        served.answer("/owid.csv", figures(0))
        yield served


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Copy]:
    ports = {"SECTION4_PORT": str(free_port()), "SECTION4_GRAFANA_PORT": str(free_port())}
    with alone(Copy(tmp_path_factory.mktemp("soak"), "section4", SECTION4_SCHEDULE="0 0 31 2 *", **ports)) as copy:
        configure(copy, site.address)
        copy.runner("stop", "--purge", stdin="yes\n")
        copy.start()
        yield copy
        copy.runner("stop", "--purge", stdin="yes\n")


def figures(version: int) -> bytes:
    """Return 300 days of two countries whose last day is revised with each version."""
    days = [
        (name, f"20{20 + day // 336:02}-{day % 336 // 28 + 1:02}-{day % 28 + 1:02}", 1, 100 + day, 0, 1)
        for name in ("Malaysia", "Singapore")
        for day in range(DAYS)
    ]
    return owid(*days[:-1], (*days[-1][:2], 1, 1_000 + version, 0, 1))


def kill_the_server() -> None:
    """Kill the whole server, and wait until it is back."""
    docker("container", "kill", SERVER)
    docker("container", "start", SERVER)
    wait_until(lambda: inspect(SERVER, "{{.State.Health.Status}}") == "healthy")


def test_hundreds_of_days_with_kills(
    days: Copy, site: Site, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    random, servers, batches, version = Random(7), 0, 0, 0
    runs = Runs(JOB, days.uid, random)
    held: list[tuple[int, int, int, float]] = []
    every = budget(4, 50)
    for goal in range(every, budget(12, 300) + 1, every):
        whole = False
        while not (whole and runs.killed and batches >= goal):
            version += 1
            site.answer("/owid.csv", figures(version))
            if random.random() < 0.02:
                kill_the_server()
                servers += 1
            whole = runs.run(*INGEST)
            batches += whole
        wait_until(lambda: psql(days, CONNECTIONS) == "0")
        assert psql(days, SUMS) == psql(days, ROWS)
        processes, memory = at_rest(JOB)
        held.append((processes, entries_in(JOB, "/tmp"), entries_in(SERVER, "/tmp"), memory))
        record(
            {
                "section 4: ingestions": str(batches),
                "runs killed": str(runs.killed),
                "servers killed": str(servers),
                "open connections": "0",
                "processes": str(held[-1][0]),
                "files in scratch": str(held[-1][1] + held[-1][2]),
                "MB of memory between runs": f"{held[-1][3]:.0f}",
                "MB of the database": psql(days, "select pg_database_size(current_database()) / 1000000"),
                "revisions": psql(days, "select count(*) from revision"),
            }
        )
    assert psql(days, "select max(cases_total) from daily_cases where country_code = 'SG'") == str(1_000 + version)
    assert psql(days, "select count(*) from daily_cases") == str(2 * DAYS)
    assert {one[:3] for one in held} == {held[0][:3]}
    assert held[-1][3] < held[0][3] + 5
