"""PostgreSQL on a full disk: the error names the cause, nothing is lost, and work continues once there is space."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from common.test.containers import Copy, Ran, alone, docker, free_port, inside, inspect
from common.test.waiting import wait_until
from common.test.web_server import site
from section1.test.container import NEVER
from section4.test.container import configure, gateway
from section4.test.support import owid

pytestmark = [pytest.mark.needs("docker"), pytest.mark.full("faults")]

Fault = Callable[[str, str, str, str], None]
DISK = "volumes:\n  data:\n    driver: local\n    driver_opts: {type: tmpfs, device: tmpfs, o: size=320m}\n"
BALLAST = "ballast"


def figures(days: int) -> bytes:
    """Return OWID's file with this many days of Singapore."""
    first = date(2020, 1, 1)
    return owid(*(("Singapore", f"{first + timedelta(days=day)}", 1, day + 1, 0, 0) for day in range(days)))


@contextmanager
def on_a_small_disk(copy: Copy) -> Iterator[Copy]:
    """Keep the data of the section's server in memory, where another container can fill the disk."""
    compose = copy.root / "docker" / f"{copy.name}.compose.yaml"
    compose.write_text(compose.read_text().replace("volumes:\n  data:\n", DISK))
    copy.runner("stop", "--purge", stdin="yes\n")
    try:
        yield copy
    finally:
        docker("container", "rm", "--force", BALLAST)
        copy.runner("stop", "--purge", stdin="yes\n")


@contextmanager
def full(copy: Copy) -> Iterator[None]:
    """Fill the server's disk while the body runs, even while the server is down."""
    server = f"{copy.name}_postgresql"
    mount = ["--volume", f"{copy.name}_data:/disk", "--user", "0", "--entrypoint", "sleep"]
    docker("container", "run", "--detach", "--name", BALLAST, *mount, server, "infinity")
    inside(BALLAST, "sh", "-c", "! dd if=/dev/zero of=/disk/ballast bs=1M 2>/dev/null")
    yield
    inside(BALLAST, "rm", "/disk/ballast")
    wait_until(lambda: inspect(server, "{{.State.Health.Status}}") == "healthy", seconds=180)


def run(copy: Copy, *arguments: str) -> str:
    """Return the output of the runner, which must succeed."""
    ran = copy.runner(*arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def error_of(copy: Copy, ran: Ran) -> str:
    """Return a command's error line. It or the server's log must name the cause."""
    lines = (ran.stdout + ran.stderr).splitlines()
    [line] = [line for line in lines if line.startswith(("section", "python")) and "PostgreSQL" in line]
    assert "No space left on device" in line + docker("container", "logs", f"{copy.name}_postgresql").stderr
    return line


def test_sales_database_survives_a_full_disk(tmp_path: Path, fault: Fault) -> None:
    with alone(Copy(tmp_path, "section2", SECTION2_PORT=str(free_port()))) as copy, on_a_small_disk(copy):
        copy.start()
        run(copy, "load", "--orders", "500")
        with full(copy):
            ran = copy.runner("load", "--orders", "20000")
            assert ran.returncode == 1
            seen = error_of(copy, ran)
        run(copy, "load", "--orders", "5000")
        run(copy, "check")
        assert run(copy, "psql", "-qAt", "-c", "select count(*) from orders").strip() == "5000"
    fault("disk full", "PostgreSQL of section 2", seen, "the next load, once there is space")


def test_covid_database_survives_a_full_disk(tmp_path: Path, fault: Fault) -> None:
    ports = {"SECTION4_PORT": str(free_port()), "SECTION4_GRAFANA_PORT": str(free_port())}
    with site(host=gateway()) as sources, alone(Copy(tmp_path, "section4", SECTION4_SCHEDULE=NEVER, **ports)) as copy:
        configure(copy, sources.address)
        with on_a_small_disk(copy):
            sources.answer("/owid.csv", figures(10))
            copy.start()
            sources.answer("/owid.csv", figures(2_000))
            with full(copy):
                ran = copy.runner("ingest")
                assert ran.returncode == 1
                seen = error_of(copy, ran)
            run(copy, "ingest")
            count = "select count(*), max(cases_total) from daily_cases"
            assert run(copy, "psql", "-qAt", "-c", count).strip() == "2000|2000"
    fault("disk full", "PostgreSQL of section 4", seen, "the next ingestion, once there is space")
