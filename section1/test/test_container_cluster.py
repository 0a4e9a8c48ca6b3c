"""The job on a Spark cluster of containers: the same bytes, and all of them, whoever is killed."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from common.test import containers
from section1.test.container import NAME, RUN, Copy, Ran, alone, docker, wait_until
from section1.test.support import application, csv_of, write_files

pytestmark = pytest.mark.needs("docker")

MASTER, WORKERS = "section1_master", ["section1_worker_1", "section1_worker_2"]
URL = "spark://section1-master:7077"
DEST = "/app/section1/resource"
FILES = 16
GONE = (
    f"section1_manage.py: {URL}: no Spark master answered, or no executor stayed alive. Nothing was published. "
    "Read the logs of the master and the workers, or pass another --master."
)


def job(where: str, *arguments: str) -> list[str]:
    """Return the command that makes a batch of a destination of its own."""
    command = ["docker", "container", "exec", NAME, "python3", "section1_manage.py"]
    batch = ["--task-config", "section1_process.yaml", "--batch", "2026-11-23T16", "--dest-path", f"{DEST}/{where}"]
    return [*command, *batch, *arguments]


class Cluster(Copy):
    """A copy whose containers are a cluster's."""

    def start(self) -> None:
        """Start the cluster, all of which must become healthy."""
        ran = self.runner("start", "--cluster")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def publish(self, where: str, *arguments: str) -> Ran:
        """Make a batch of a destination of its own."""
        return subprocess.run(job(where, *arguments), capture_output=True, text=True, check=False)

    def published(self, where: str) -> dict[str, bytes]:
        """Return the part files there."""
        root = self.section / "resource" / where
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("part-*.csv"))}

    def write_rows(self, rows: int) -> None:
        """Let the source hold so many rows, each with an address of its own, one in ten of them under age."""
        write_files(self.source, {})
        for file in range(FILES):
            lines = (
                application(f"Ada Lim{number}", f"{number}@lim.com", f"{2010 if number % 10 == 0 else 1990}-12-10")
                for number in range(file, rows, FILES)
            )
            (self.source / f"{file}.csv").write_bytes(csv_of(*lines))
        self.give_away()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with alone(Cluster(tmp_path_factory.mktemp("cluster"))) as copy:
        copy.drop("quoted.csv", csv_of('"Lim, Bo",bo@lim.net,1990-12-10,91234567', "Ada Lim,ada@lim"))
        copy.start()
        yield copy


@pytest.fixture
def whole(cluster: Cluster) -> Cluster:
    """The cluster with every node at work, whatever the test before has killed."""
    for node in (MASTER, *WORKERS):
        docker("container", "start", node)
    for node in (MASTER, *WORKERS):
        wait_until(lambda node=node: containers.inspect(node, "{{.State.Health.Status}}") == "healthy", seconds=180)  # type: ignore[misc]
    return cluster


@pytest.fixture(scope="module")
def local(cluster: Cluster) -> dict[str, bytes]:
    """What the job publishes without the cluster, in three parts."""
    cluster.configure(parts="3")
    assert cluster.publish("local").returncode == 0
    return cluster.published("local")


def test_the_hourly_job_runs_on_the_cluster_and_its_status_shows_all(cluster: Cluster) -> None:
    assert len(cluster.batches()) == 1
    status = cluster.runner("status")
    assert status.returncode == 0
    assert [line.partition(" (")[0] for line in status.stdout.splitlines()] == [
        f"{node}: running healthy" for node in (MASTER, *WORKERS, NAME)
    ]
    assert "section1_master: running healthy (2 workers)" in status.stdout


def test_local_and_cluster_publish_the_same_bytes(whole: Cluster, local: dict[str, bytes]) -> None:
    many = whole.publish("many", "--master", URL)
    assert many.returncode == 0, many.stderr
    published = whole.published("many")
    assert (published, len(published)) == (local, 6)
    assert list(whole.not_ours()) == []


def test_who_does_not_know_the_password_sends_no_work(whole: Cluster) -> None:
    stranger = [*job("stranger", "--master", URL)]
    stranger[3:3] = ["--env", "_SPARK_AUTH_SECRET=guessed"]
    ran = subprocess.run(stranger, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1], whole.published("stranger")) == (1, GONE, {})


def waits() -> bool:
    """Return whether the master's page tells of an application that nobody works for."""
    ask = "import json, urllib.request as r; print(json.load(r.urlopen('http://localhost:8080/json/'))['activeapps'])"
    return "'state': 'WAITING'" in containers.inside(MASTER, "python3", "-c", ask)


def test_a_run_without_any_worker_waits_for_one(
    whole: Cluster, local: dict[str, bytes], fault: Callable[[str, str, str, str], None]
) -> None:
    docker("container", "stop", *WORKERS)
    with subprocess.Popen(job("nobody", "--master", URL)) as run:
        wait_until(waits, seconds=180)
        wait_until(lambda: "the master is ALIVE, with 0 workers" in whole.runner("status").stdout)
        assert (run.poll(), whole.published("nobody")) == (None, {})
        docker("container", "start", WORKERS[1])
        assert run.wait(300) == 0
    assert whole.published("nobody") == local
    seen = "unhealthy: the master is ALIVE, with 0 workers; the run waits, up to its time limit"
    fault("all workers are gone", "section 1's cluster", seen, "the run goes on once there is a worker")


def killed_in_the_middle(whole: Cluster, where: str, victim: str) -> subprocess.CompletedProcess[str]:
    """Make a batch on the cluster, kill a container once rows are being written, and return how the run ended."""
    command = job(where, "--master", URL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        staging = whole.section / "resource" / where / ".staging"
        wait_until(lambda: list(staging.glob("*/lines/_temporary/0/*/*")) or run.poll() is not None, seconds=300)
        assert run.poll() is None
        docker("container", "kill", victim)
        said, _ = run.communicate(timeout=1800)
    return subprocess.CompletedProcess(run.args, run.returncode, said)


def require_each_row_once(where: Path, rows: int) -> None:
    """Each of the rows must stand in one of the two sets, and once."""
    for output, expected in (("successful_application", rows - rows // 10), ("unsuccessful_application", rows // 10)):
        files = str(where / output / "*" / "part-*.csv")
        counted = duckdb.execute("select count(*), count(distinct email) from read_csv(?, header = true)", [files])
        assert counted.fetchone() == (expected, expected)


def test_a_run_whose_worker_is_killed_in_the_middle_completes_and_has_each_row_once(
    whole: Cluster, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    rows = budget(200_000, 5_000_000)
    whole.write_rows(rows)
    ended = killed_in_the_middle(whole, "worker_killed", WORKERS[0])
    assert ended.returncode == 0, ended.stdout
    assert containers.inspect(WORKERS[0], "{{.State.Status}}") == "exited"
    require_each_row_once(whole.section / "resource" / "worker_killed", rows)
    record(
        {"killed in the middle": "a worker", "rows": f"{rows:,}", "the run": "completes", "rows lost or doubled": "0"}
    )


def test_a_run_whose_master_is_killed_publishes_all_or_nothing_and_the_next_one_succeeds(
    whole: Cluster, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    rows = budget(200_000, 5_000_000)
    whole.write_rows(rows)
    where = whole.section / "resource" / "master_killed"
    ended = killed_in_the_middle(whole, "master_killed", MASTER)
    assert ended.returncode == 0, ended.stdout  # its executors are its own until its end
    require_each_row_once(where, rows)
    without = whole.publish("no_master", "--master", URL)
    assert (without.returncode, without.stderr.splitlines()[-1]) == (1, GONE)
    assert whole.published("no_master") == {}
    docker("container", "start", MASTER)
    wait_until(lambda: containers.inspect(MASTER, "{{.State.Health.Status}}") == "healthy", seconds=180)
    assert whole.publish("no_master", "--master", URL).returncode == 0
    require_each_row_once(whole.section / "resource" / "no_master", rows)
    record(
        {"killed in the middle": "the master", "rows": f"{rows:,}", "the run": "completes", "rows lost or doubled": "0"}
    )
    record(
        {
            "killed in the middle": "the master, before the run",
            "rows": f"{rows:,}",
            "the run": "fails, publishes nothing; the next one succeeds",
            "rows lost or doubled": "0",
        }
    )


def test_start_without_cluster_takes_the_nodes_away(cluster: Cluster) -> None:
    assert cluster.runner("start").returncode == 0
    assert [containers.inspect(node, "{{.State.Status}}") for node in (MASTER, *WORKERS, NAME)] == [
        "",
        "",
        "",
        "running",
    ]
    assert json.loads(containers.inspect(NAME, "{{json .Config.Env}}")).count("SECTION1_MASTER=") == 1
    assert docker("container", "exec", NAME, *RUN).returncode == 0
