"""The job on a Spark cluster of containers: the same bytes as without it, and every row, whichever node is killed."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from common.test import containers
from common.test.containers import Ran, alone, docker
from common.test.waiting import wait_until
from section1.test.container import NAME, RUN, SECONDS, Copy, started_process
from section1.test.support import application, csv_of, write_files

pytestmark = [pytest.mark.needs("docker"), pytest.mark.full("cluster")]

MASTER, WORKERS = "section1_master", ["section1_worker_1", "section1_worker_2"]
URL = "spark://section1-master:7077"
DEST = "/app/section1/resource"
FILES = 16
FULL_SECONDS = 1800  # for five million rows
GONE = (
    f"section1_manage.py: {URL}: no Spark master answered, or no executor stayed alive. Nothing was published. "
    "Read the logs of the master and the workers, or pass another --master."
)
Budget = Callable[[int, int], int]
Record = Callable[[dict[str, str]], None]


def job(destination: str, *arguments: str) -> list[str]:
    """Return the command that publishes one batch to this destination."""
    command = ["docker", "container", "exec", NAME, "python3", "section1_manage.py"]
    batch = ["--task-config", "section1_process.yaml", "--batch", "2026-11-23T16"]
    return [*command, *batch, "--dest-path", f"{DEST}/{destination}", *arguments]


class Cluster(Copy):
    """A copy whose containers are a cluster."""

    def start(self) -> None:
        """Start the cluster, whose nodes must all become healthy."""
        ran = self.runner("start", "--cluster")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def publish(self, destination: str, *arguments: str) -> Ran:
        """Publish one batch to this destination."""
        command = job(destination, *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=FULL_SECONDS)

    def published(self, destination: str) -> dict[str, bytes]:
        """Return the part files in this destination."""
        root = self.section / "resource" / destination
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("part-*.csv"))}

    def write_rows(self, rows: int) -> None:
        """Write this many rows with different emails into the source; one in ten is under 18."""
        write_files(self.source, {})
        for file in range(FILES):
            lines = (
                application(f"Ada Lim{number}", f"{number}@lim.com", f"{2010 if number % 10 == 0 else 1990}-12-10")
                for number in range(file, rows, FILES)
            )
            (self.source / f"{file}.csv").write_bytes(csv_of(*lines))
        self.give_away()


def is_healthy(node: str) -> bool:
    return containers.inspect(node, "{{.State.Health.Status}}") == "healthy"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with alone(Cluster(tmp_path_factory.mktemp("cluster"))) as copy:
        copy.drop("quoted.csv", csv_of('"Lim, Bo",bo@lim.net,1990-12-10,91234567', "Ada Lim,ada@lim"))
        copy.start()
        yield copy


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    """The cluster with all nodes healthy, whichever the test before has killed."""
    docker("container", "start", MASTER, *WORKERS)
    wait_until(lambda: all(map(is_healthy, (MASTER, *WORKERS))), seconds=180)
    return running


@pytest.fixture(scope="module")
def local(running: Cluster) -> dict[str, bytes]:
    """The part files of the job without the cluster, in three parts."""
    running.configure(parts="3")
    assert running.publish("local").returncode == 0
    return running.published("local")


def test_scheduled_job_uses_the_cluster_and_status_lists_it(running: Cluster) -> None:
    assert len(running.batches()) == 1
    status = running.runner("status")
    assert status.returncode == 0
    assert [line.partition(" (")[0] for line in status.stdout.splitlines()] == [
        f"{node}: running healthy" for node in (MASTER, *WORKERS, NAME)
    ]
    assert "section1_master: running healthy (2 workers)" in status.stdout


def test_local_and_cluster_publish_the_same_bytes(cluster: Cluster, local: dict[str, bytes]) -> None:
    ran = cluster.publish("many", "--master", URL)
    assert ran.returncode == 0, ran.stderr
    published = cluster.published("many")
    assert (published, len(published)) == (local, 6)
    assert cluster.not_ours() == []


def test_job_with_a_wrong_password_is_refused(cluster: Cluster) -> None:
    command = [*job("stranger", "--master", URL)]
    command[3:3] = ["--env", "_SPARK_AUTH_SECRET=guessed"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (ran.returncode, ran.stderr.splitlines()[-1], cluster.published("stranger")) == (1, GONE, {})


def has_a_waiting_job() -> bool:
    """Return whether the master's page lists an application without workers."""
    show = "import json, urllib.request as r; print(json.load(r.urlopen('http://localhost:8080/json/'))['activeapps'])"
    return "'state': 'WAITING'" in containers.inside(MASTER, "python3", "-c", show)


@pytest.mark.full("faults")
def test_run_without_workers_waits_for_one(
    cluster: Cluster, local: dict[str, bytes], fault: Callable[[str, str, str, str], None]
) -> None:
    docker("container", "stop", *WORKERS)
    with started_process(job("no_workers", "--master", URL)) as run:
        wait_until(has_a_waiting_job, seconds=180)
        wait_until(lambda: "the master is ALIVE, with 0 workers" in cluster.runner("status").stdout)
        assert (run.poll(), cluster.published("no_workers")) == (None, {})
        docker("container", "start", WORKERS[1])
        assert run.wait(300) == 0
    assert cluster.published("no_workers") == local
    seen = "unhealthy: the master is ALIVE, with 0 workers; the run waits, up to its time limit"
    fault("all workers are gone", "section 1's cluster", seen, "the run continues once a worker is back")


def run_with_a_killed_node(cluster: Cluster, destination: str, node: str) -> tuple[int, str]:
    """Publish on the cluster and kill a node once rows are being written; return exit code and output."""
    staging = cluster.section / "resource" / destination / ".staging"
    command = job(destination, "--master", URL)
    with started_process(command, subprocess.PIPE, FULL_SECONDS) as run:
        wait_until(lambda: list(staging.glob("*/lines/_temporary/0/*/*")) or run.poll() is not None, seconds=300)
        assert run.poll() is None
        docker("container", "kill", node)
        output, _ = run.communicate(timeout=FULL_SECONDS)
    return run.returncode, output


def require_each_row_once(destination: Path, rows: int) -> None:
    for output, expected in (("successful_application", rows - rows // 10), ("unsuccessful_application", rows // 10)):
        files = str(destination / output / "*" / "part-*.csv")
        counted = duckdb.execute("select count(*), count(distinct email) from read_csv(?, header = true)", [files])
        assert counted.fetchone() == (expected, expected)


def row_of(node: str, rows: int, result: str) -> dict[str, str]:
    return {"killed in the middle": node, "rows": f"{rows:,}", "the run": result, "rows lost or duplicated": "0"}


def test_run_with_a_killed_worker_publishes_each_row_once(cluster: Cluster, budget: Budget, record: Record) -> None:
    rows = budget(200_000, 5_000_000)
    cluster.write_rows(rows)
    code, output = run_with_a_killed_node(cluster, "worker_killed", WORKERS[0])
    assert code == 0, output
    assert containers.inspect(WORKERS[0], "{{.State.Status}}") == "exited"
    require_each_row_once(cluster.section / "resource" / "worker_killed", rows)
    record(row_of("a worker", rows, "completes"))


def test_run_with_a_killed_master_completes_and_the_next_fails(
    cluster: Cluster, budget: Budget, record: Record
) -> None:
    rows = budget(200_000, 5_000_000)
    cluster.write_rows(rows)
    code, output = run_with_a_killed_node(cluster, "master_killed", MASTER)
    assert code == 0, output  # the executors serve the run until its end
    require_each_row_once(cluster.section / "resource" / "master_killed", rows)
    without = cluster.publish("no_master", "--master", URL)
    assert (without.returncode, without.stderr.splitlines()[-1]) == (1, GONE)
    assert cluster.published("no_master") == {}
    docker("container", "start", MASTER)
    wait_until(lambda: is_healthy(MASTER), seconds=180)
    assert cluster.publish("no_master", "--master", URL).returncode == 0
    require_each_row_once(cluster.section / "resource" / "no_master", rows)
    record(row_of("the master", rows, "completes"))
    record(row_of("the master, before the run", rows, "fails, publishes nothing; the next one succeeds"))


def test_start_without_cluster_removes_the_nodes(running: Cluster) -> None:
    assert running.runner("start").returncode == 0
    states = [containers.inspect(node, "{{.State.Status}}") for node in (MASTER, *WORKERS, NAME)]
    assert states == ["", "", "", "running"]
    assert json.loads(containers.inspect(NAME, "{{json .Config.Env}}")).count("SECTION1_MASTER=") == 1
    assert docker("container", "exec", NAME, *RUN, seconds=SECONDS).returncode == 0
