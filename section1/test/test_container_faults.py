"""Faults in the container: kill, stop, no memory, no time, no disk. The old batch stays, the next run completes."""

from collections.abc import Callable, Iterator

import pytest

from common.test.containers import docker
from common.test.waiting import wait_until
from section1.test.container import NAME, inside, inspect
from section1.test.container_faults import (
    BEGINS,
    COMPLETED,
    DESTINATION,
    DONE,
    LOG,
    SECTION,
    Site,
    full_disk,
    health,
    read_only_disk,
    started,
    unhealthy,
    without_times,
)

pytestmark = [pytest.mark.needs("docker"), pytest.mark.full("faults")]

Fault = Callable[[str, str, str, str], None]

FAILED = "the run failed with exit code 1"
KILLED = "the run was killed (exit code 137), perhaps out of memory"
LATE = "the run was ended because it took longer than 1 min"
STOPPED = "the run was stopped before its end"
JOB, RUNNER = "section1_manage.py", "section1_runner.sh"  # the program that an error names


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with started(Site(tmp_path_factory.mktemp("container")), SECTION1_TIME_LIMIT_MINUTES="1") as site:
        yield site


@pytest.fixture
def site(container: Site) -> Site:
    return container.ready()


def files_inside() -> dict[str, str]:
    """Return the files of the destination as the container sees them, with their checksums."""
    lines = inside("find", DESTINATION, "-type", "f", "-exec", "sha256sum", "{}", "+").splitlines()
    return {path: checksum for checksum, path in (line.split() for line in lines)}


def require_completion_by_the_next_run(site: Site) -> None:
    assert site.runner("run-now").returncode == 0
    assert site.state() == COMPLETED


def test_run_killed_with_its_container_is_caught_up_once(site: Site, fault: Fault) -> None:
    before = site.committed_files()
    with site.held_run() as run:
        assert (docker("container", "kill", NAME).returncode, run.wait(60)) == (0, 137)
    status = site.runner("status")
    assert (status.returncode, status.stdout.startswith(f"{NAME}: exited ")) == (1, True)
    assert (site.committed_files(), site.last_run()) == (before, None)
    site.start()
    assert site.state() == COMPLETED
    assert site.logged().count(BEGINS) == 2
    fault("killed in the middle", "section 1's container", "status: exited", "the next start runs the missed batch")


def test_stop_lets_a_run_clean_up_and_is_not_a_failure(site: Site) -> None:
    before = site.committed_files()
    with site.held_run():
        assert site.runner("stop").returncode == 0
    assert inspect("{{.State.Status}}") == ""
    assert (site.committed_files(), site.last_run(), site.logged()[-1]) == (before, None, STOPPED)
    leftovers = [path.partition("/")[0] for path in site.leftovers()]
    assert leftovers == ["successful_application"]  # half a batch, which is not committed; and no stage
    site.start()
    assert site.state() == COMPLETED


def test_second_run_at_once_does_nothing(site: Site, fault: Fault) -> None:
    with site.held_run() as first:
        second = site.runner("run-now")
    assert (first.returncode, second.returncode) == (0, 75)
    busy = "another run is in progress, so this one did nothing"
    assert second.stdout.endswith(f"section1: {busy}\n")
    assert site.state() == COMPLETED
    fault("two runs at once", "section 1", busy, "none needed: the first one completes")


def test_second_container_on_the_same_directory_does_nothing(site: Site, fault: Fault) -> None:
    mounted = ["--volume", f"{site.section}:{SECTION}", "--env", f"RUN_AS_OWNER_OF={SECTION}"]
    command = ["python3", JOB, "--task-config", "section1_process.yaml"]
    with site.held_run() as first:
        second = docker("run", "--rm", *mounted, "--entrypoint", command[0], "section1_python", *command[1:])
    problem = f"{JOB}: {DESTINATION}: another run is in progress. Wait until it ends."
    assert (first.returncode, second.returncode, second.stderr.splitlines()[-1]) == (0, 75, problem)
    assert site.state() == COMPLETED
    fault("two containers on one directory", "section 1", problem, "none needed: the first one completes")


def test_run_needs_no_network(site: Site, fault: Fault) -> None:
    docker("network", "disconnect", "section1_default", NAME)
    try:
        require_completion_by_the_next_run(site)
    finally:
        docker("network", "connect", "section1_default", NAME)
    fault("no network", "section 1", DONE, "none needed")


def test_run_over_its_time_limit_is_ended(site: Site, fault: Fault) -> None:
    before = site.committed_files()
    with site.held_run() as run:
        assert run.wait(150) == 1
    assert (site.committed_files(), site.last_run(), site.logged()[-1]) == (before, (1, LATE), LATE)
    assert [path.partition("/")[0] for path in site.leftovers()] == ["successful_application"]
    assert health() == unhealthy(LATE)
    require_completion_by_the_next_run(site)
    fault("a run that hangs", "section 1", LATE, "the next run")


def test_read_only_destination_is_unhealthy_until_it_is_writable(site: Site, fault: Fault) -> None:
    before = site.committed_files()
    with read_only_disk():
        assert site.runner("run-now").returncode == 1
        problem = f"{RUNNER}: {DESTINATION}/.lock: Read-only file system. Nothing was published."
        assert (site.logged(), health()) == ([BEGINS, problem, FAILED], unhealthy(FAILED))
        wait_until(lambda: f"{NAME}: running unhealthy ({FAILED} at " in site.runner("status").stdout)
        assert (site.runner("status").returncode, site.committed_files()) == (1, before)
    require_completion_by_the_next_run(site)
    fault("read-only destination", "section 1", problem, "the next run, once it is writable")


def test_full_disk_is_unhealthy_until_there_is_space(site: Site, fault: Fault) -> None:
    with full_disk() as free:
        before = files_inside()
        ran = site.runner("run-now")
        assert (ran.returncode, without_times(ran.stdout).splitlines()) == (
            1,
            [
                f"TIME section1: {BEGINS}",
                f"{RUNNER}: duckdb: No space left on device. Nothing was published.",
                f"TIME section1: {FAILED}",
                f"{LOG}/last_run.json: No space left on device. The result of this run is not recorded there.",
            ],
        )
        assert (files_inside(), health()) == (before, unhealthy(FAILED))
        free()
        assert site.runner("run-now").returncode == 0
        after = files_inside()
        # Two part files, a report and its page.
        assert (after.items() > before.items(), len(after) - len(before), health()[0]) == (True, 4, 0)
    require_completion_by_the_next_run(site)
    fault("disk full", "section 1", ran.stdout.splitlines()[1], "the next run, once there is space")


def test_run_without_memory_is_killed_and_start_fails(site: Site, fault: Fault) -> None:
    before = site.committed_files()
    site.set(SECTION1_MEMORY="64m")
    ran = site.runner("start")
    assert (ran.returncode, f"{NAME} is running starting ({KILLED} at " in ran.stderr.splitlines()[-1]) == (1, True)
    assert (site.committed_files(), site.last_run()) == (before, (137, KILLED))
    site.set(SECTION1_MEMORY="2g")
    site.start()
    assert site.state() == COMPLETED
    fault("out of memory", "section 1", KILLED, "start, with more in SECTION1_MEMORY")
