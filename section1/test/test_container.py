"""The container as users start it: healthy, hourly by cron, and isolated."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import pytest

from common.test.containers import alone, docker
from common.test.waiting import wait_until
from section1.test.container import NAME, RUN, Copy, inside, inspect, started_process
from section1.test.support import application, csv_of

pytestmark = pytest.mark.needs("docker")

SECRET = "a-token-that-only-the-container-knows"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with alone(Copy(tmp_path_factory.mktemp("container"))) as copy:
        copy.set(SECTION1_SCHEDULE="* * * * *", ALERT_WEBHOOK_URL=f"http://127.0.0.1:9/{SECRET}")
        copy.start()
        yield copy


def test_start_publishes_the_first_batch_and_is_idempotent(started: Copy) -> None:
    assert inspect("{{.State.Health.Status}}") == "healthy"
    assert started.batches()
    assert started.runner("status").returncode == 0
    assert inside("bash", "-c", "crontab -l") == "* * * * * /app/docker/scheduled_job.sh\n"
    container = inspect("{{.Id}} {{.State.StartedAt}}")
    assert started.runner("start").returncode == 0
    assert inspect("{{.Id}} {{.State.StartedAt}}") == container


def test_cron_publishes_a_new_file_that_belongs_to_the_owner(started: Copy) -> None:
    # Spark must read a staged file because of the quoted row, with what a container lets it execute.
    started.drop("dropped.csv", csv_of(application("Ada Dropped"), '"Dropped, Bo",bo@lim.net,1990-12-10,91234567'))

    def is_published() -> bool:
        return any("dropped.csv" in str(json.loads(report)["files"]) for report in started.batches().values())

    wait_until(is_published, seconds=150)
    assert started.not_ours() == []
    published = "".join(part.read_text() for part in (started.destination / "successful_application").rglob("*.csv"))
    assert ("Ada,Dropped," in published, "Dropped,Bo," in published) == (True, True)
    logs = docker("container", "logs", NAME)
    assert "published" in started.log.read_text()
    assert "published" in logs.stdout + logs.stderr


def test_spark_pages_are_served_during_a_run(started: Copy) -> None:
    port = inspect('{{(index (index .NetworkSettings.Ports "4040/tcp") 0).HostPort}}')

    def title() -> str:
        with suppress(OSError, HTTPException), urlopen(f"http://127.0.0.1:{port}/jobs/", timeout=5) as page:
            return next((line.strip() for line in page.read().decode().splitlines() if "<title>" in line), "")
        return ""

    def titles_during_a_run(number: int) -> Iterator[str]:
        started.drop(f"shown{number}.csv", csv_of(application(f"Ada Shown{number}")))
        with started_process(["docker", "container", "exec", NAME, *RUN]) as run:
            while run.poll() is None:
                yield title()

    # Cron may take the first file just before, so that this run has nothing to do.
    seen = {shown for number in range(2) for shown in titles_during_a_run(number)}
    assert "<title>section1 - Spark Jobs</title>" in seen
    wait_until(lambda: title() == "")


def test_documented_command_writes_no_file_as_root(started: Copy) -> None:
    command = "python3 section1_manage.py --task-config section1_process.yaml --engine duckdb --batch 2020-01-01T00"
    assert docker("container", "exec", NAME, "bash", "-c", command).returncode in (0, 75)
    assert started.not_ours() == []


def test_directories_closed_to_other_users_are_usable(started: Copy) -> None:
    for name in ("conf", "log", "resource"):
        (started.section / name).chmod(0o700)
    assert started.runner("run-now").returncode == 0
    assert inside("python3", "-m", "section1.scheduled", "check").startswith("healthy: ")


def test_only_mounted_and_scratch_directories_are_writable(started: Copy) -> None:
    for directory in ("/", "/app", "/opt/venv", "/etc"):
        assert "Read-only" in docker("container", "exec", NAME, "touch", f"{directory}/probe").stderr
    assert inspect("{{.HostConfig.ReadonlyRootfs}}") == "true"
    assert json.loads(inspect("{{json .HostConfig.Tmpfs}}")) == {
        "/tmp": "size=512m,mode=1777",
        "/run": "size=1m,mode=0755",
        "/var/spool/cron/crontabs": "size=1m,mode=0700",
    }
    mounts = inspect("{{range .Mounts}}{{.Destination}}:{{.RW}} {{end}}").split()
    assert sorted(mounts) == ["/app/section1/conf:false", "/app/section1/log:true", "/app/section1/resource:true"]


def test_image_contains_no_secret(started: Copy) -> None:
    assert SECRET in inspect("{{.Config.Env}}")  # the container's, from .env
    history = docker("image", "history", "--no-trunc", NAME).stdout
    assert SECRET not in history + docker("image", "inspect", NAME).stdout
    directories = ["/app", "/etc", "/opt", "/root", "/tmp"]
    found = docker("run", "--rm", "--entrypoint", "grep", NAME, "-rlsF", SECRET, *directories)
    assert (found.returncode, found.stdout) == (1, "")  # 1: not found
    assert docker("run", "--rm", "--entrypoint", "ls", NAME, "/app/.env").returncode == 2


def test_capabilities_memory_and_processes_are_limited(started: Copy) -> None:
    status = dict(line.split(":\t", 1) for line in inside("cat", "/proc/1/status").splitlines())
    assert int(status["CapBnd"], 16) == (1 << 6) | (1 << 7)  # SETGID, SETUID
    assert status["NoNewPrivs"] == "1"
    limits = inspect("{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}")
    assert limits == f"{2 << 30} {2 << 30} 512"


def test_port_is_bound_to_the_loopback_only(started: Copy) -> None:
    bindings = json.loads(inspect("{{json .HostConfig.PortBindings}}"))
    assert {port: [bound["HostIp"] for bound in bounds] for port, bounds in bindings.items()} == {
        "4040/tcp": ["127.0.0.1"]
    }


def test_stop_keeps_only_the_outputs(started: Copy) -> None:
    batches = started.batches()
    assert started.runner("stop").returncode == 0
    assert docker("container", "ls", "--all", "--quiet", "--filter", f"name={NAME}").stdout == ""
    assert docker("network", "ls", "--quiet", "--filter", "name=section1").stdout == ""
    assert started.batches().items() >= batches.items()
    assert started.log.exists()


def test_start_without_an_engine_suggests_run(tmp_path: Path) -> None:
    ran = Copy(tmp_path).runner("start", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert ran.returncode == 2
    assert "does not answer" in ran.stderr
    assert "section1_runner.sh run" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
