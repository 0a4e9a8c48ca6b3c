"""Many ingestions in containers while runs and servers are killed: run records match the rows, nothing accumulates."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from common.test.containers import Copy, docker, inspect
from common.test.soak import Runs, at_rest, entries_in
from common.test.waiting import wait_until
from common.test.web_server import Site
from section4.test.container import JOB, SERVER, psql, served_to_containers, started
from section4.test.support import owid

pytestmark = [pytest.mark.needs("docker"), pytest.mark.slow]

DAYS = 300
INGEST = ("python3", "section4_manage.py", "--task-config", "section4_process.yaml")
SUMS = "select coalesce(sum(inserted), 0), coalesce(sum(changed), 0) from covid.ingestion_run"
ROWS = "select (select count(*) from covid.daily_cases), (select count(*) from covid.revision)"
CONNECTIONS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with served_to_containers(figures(0)) as served:
        yield served


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Copy]:
    with started(tmp_path_factory.mktemp("soak"), site, SECTION4_SCHEDULE="0 0 31 2 *") as containers:
        yield containers


def figures(version: int) -> bytes:
    """Return 300 days of two countries; the last day depends on the version."""
    days = [
        (name, f"20{20 + day // 336:02}-{day % 336 // 28 + 1:02}-{day % 28 + 1:02}", 1, 100 + day, 0, 1)
        for name in ("Malaysia", "Singapore")
        for day in range(DAYS)
    ]
    return owid(*days[:-1], (*days[-1][:2], 1, 1_000 + version, 0, 1))


def kill_the_server() -> None:
    docker("container", "kill", SERVER)
    docker("container", "start", SERVER)
    wait_until(lambda: inspect(SERVER, "{{.State.Health.Status}}") == "healthy")


@pytest.mark.full("soak")
def test_many_ingestions_with_kills_lose_and_leak_nothing(
    copy: Copy, site: Site, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    random, servers, batches, version = Random(7), 0, 0, 0
    runs = Runs(JOB, copy.uid, random)
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
        wait_until(lambda: psql(copy, CONNECTIONS) == "0")
        assert psql(copy, SUMS) == psql(copy, ROWS)
        processes, memory = at_rest(JOB)
        held.append((processes, entries_in(JOB, "/tmp"), entries_in(SERVER, "/tmp"), memory))
        record(
            {
                "section 4: ingestions": str(batches),
                "runs killed": str(runs.killed),
                "servers killed": str(servers),
                "open connections": "0",
                "processes": str(held[-1][0]),
                "temporary files": str(held[-1][1] + held[-1][2]),
                "MB of memory between runs": f"{held[-1][3]:.0f}",
                "MB of the database": psql(copy, "select pg_database_size(current_database()) / 1000000"),
                "revisions": psql(copy, "select count(*) from revision"),
            }
        )
    assert psql(copy, "select max(cases_total) from daily_cases where country_code = 'SG'") == str(1_000 + version)
    assert psql(copy, "select count(*) from daily_cases") == str(2 * DAYS)
    assert {one[:3] for one in held} == {held[0][:3]}
    assert held[-1][3] < held[0][3] + 5
