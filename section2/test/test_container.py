"""The container section2_postgresql, used with section2_runner.sh. Its limits: common/test/test_container_house.py."""

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from common.test import containers
from common.test.containers import Copy, alone, docker, free_port
from common.test.terminal import on_terminal
from common.test.waiting import wait_until
from section2.config import TEAMS

pytestmark = pytest.mark.needs("docker")

NAME = "section2_postgresql"
inspect, inside = partial(containers.inspect, NAME), partial(containers.inside, NAME)


def passwords(copy: Copy) -> dict[str, str]:
    """Return the passwords of .env."""
    return dict(line.split("=", 1) for line in (copy.root / ".env").read_text().splitlines() if "PASSWORD" in line)


def output(copy: Copy, *arguments: str, stdin: str = "") -> str:
    """Return the output of a runner command, which must succeed."""
    ran = copy.runner(*arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with alone(Copy(tmp_path_factory.mktemp("container"), "section2", SECTION2_PORT=str(free_port()))) as copy:
        copy.runner("stop", "--purge", stdin="yes\n")
        copy.start()
        output(copy, "load", "--orders", "300", "--until", "2026-10-31")
        yield copy
        copy.runner("stop", "--purge", stdin="yes\n")


def orders(copy: Copy) -> str:
    return output(copy, "psql", "-At", "-c", "select count(*), sum(total_price) from orders").strip()


def test_second_start_changes_nothing(started: Copy) -> None:
    before = inspect("{{.Id}} {{.State.StartedAt}}"), orders(started), passwords(started)
    assert inspect("{{.State.Health.Status}}") == "healthy"
    assert (started.root / "section1/resource/dest").stat().st_uid == started.uid  # section 1 writes to it
    assert "already up to date" in output(started, "start")
    assert (inspect("{{.Id}} {{.State.StartedAt}}"), orders(started), passwords(started)) == before


@pytest.mark.parametrize("role", [*TEAMS, "postgres"])
def test_network_connection_needs_the_password_of_the_role(started: Copy, role: str) -> None:
    def connect(password: str) -> subprocess.CompletedProcess[str]:
        address = f"postgresql://{role}:{password}@127.0.0.1/my_database"
        return docker("container", "exec", NAME, "psql", address, "-Atc", "select current_user")

    assert connect(passwords(started)[f"SECTION2_{role.upper()}_PASSWORD"]).stdout == f"{role}\n"
    assert "password authentication failed" in connect("wrong").stderr


def test_socket_connection_needs_a_password(started: Copy) -> None:
    ran = docker("container", "exec", NAME, "psql", "-w", "-U", "postgres", "my_database", "-c", "select 1")
    assert "no password supplied" in ran.stderr


def test_documented_psql_command_works(started: Copy) -> None:
    password = passwords(started)["SECTION2_POSTGRES_PASSWORD"]
    command = f"PGPASSWORD={password} psql -U postgres my_database -Atc 'select count(*) from orders'"
    assert inside("bash", "-c", command) == "300\n"


def test_queries_and_check_run_in_the_container(started: Copy) -> None:
    listed = output(started, "query")
    assert "top10_highest_spending_member\n    Top 10 members by spending." in listed
    assert "10 rows" in output(started, "query", "top10_highest_spending_member")
    assert "3 rows" in output(started, "query", "section2_query_top3_most_sold_item.sql")
    assert "all totals and aggregates add up" in output(started, "check")


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "x'; drop schema sales cascade; --"),
        ("query", "../migrations/section2_create"),
        ("load", "--orders", "1; drop schema sales cascade"),
        ("load", "--orders", "300", "--seed", "1'; drop schema sales cascade; --"),
        ("load", "--orders", "300", "--until", "2026-10-31'; drop schema sales cascade; --"),
        ("psql", "--role", "postgres; drop schema sales cascade"),
        ("psql", "-c", "drop schema sales cascade"),
        ("psql", "--role", "application", "-c", "drop table sales.orders"),
        ("nonsense",),
        ("start", "now"),
        ("backup",),
    ],
    ids=" ".join,
)
def test_invalid_or_malicious_arguments_change_nothing(started: Copy, arguments: tuple[str, ...]) -> None:
    before = orders(started)
    ran = started.runner(*arguments)
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert orders(started) == before


def test_data_survive_stop_and_start(started: Copy) -> None:
    before = orders(started)
    output(started, "stop")
    assert docker("container", "ls", "--all", "--quiet", "--filter", f"name={NAME}").stdout == ""
    assert started.runner("status").returncode == 1
    output(started, "start")
    assert orders(started) == before


def test_backup_is_private_and_can_be_restored(started: Copy, tmp_path: Path) -> None:
    file = tmp_path / "sales.backup"
    before = orders(started)
    output(started, "backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    output(started, "load", "--orders", "400")
    assert orders(started) != before
    refused = started.runner("restore", str(file), stdin="no\n")
    assert refused.returncode == 1
    output(started, "restore", str(file), stdin="yes\n")
    assert orders(started) == before
    assert "add up" in output(started, "check")


def test_failed_backup_leaves_no_file(started: Copy, tmp_path: Path) -> None:
    ran = started.runner("backup", str(tmp_path / "none" / "sales.backup"))
    assert ran.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_on_a_terminal_stops_the_load_in_the_container(started: Copy) -> None:
    def loading() -> bool:
        return "section2 load" in docker("container", "top", NAME).stdout

    command = ["sh", str(started.root / "section2_runner.sh"), "load", "--orders", "200000", "--seed", "9"]
    with on_terminal(command, seconds=120) as load:
        wait_until(loading)
        load.interrupt()
    wait_until(lambda: not loading())
    output(started, "load", "--orders", "300", "--until", "2026-10-31")  # no lock is left behind


def test_killed_server_restarts_with_all_committed_data(
    started: Copy, fault: Callable[[str, str, str, str], None]
) -> None:
    before = orders(started)
    restarts = inspect("{{.RestartCount}}")
    os.kill(int(inspect("{{.State.Pid}}")), 9)
    wait_until(lambda: inspect("{{.RestartCount}}") != restarts)
    wait_until(lambda: inspect("{{.State.Health.Status}}") == "healthy")
    assert orders(started) == before
    fault("PostgreSQL is killed", "section 2", "status: starting", "restarts automatically")


def test_diagram_drawn_in_the_container_equals_the_committed_one(started: Copy) -> None:
    pictures = [started.root / "section2" / f"section2_entity_diagram.{kind}" for kind in ("svg", "png")]
    before = [path.read_bytes() for path in pictures]
    output(started, "erd")
    assert [path.read_bytes() for path in pictures] == before


def test_purge_removes_the_data_after_confirmation(started: Copy) -> None:
    refused = started.runner("stop", "--purge", stdin="no\n")
    assert refused.returncode == 1
    assert inspect("{{.State.Health.Status}}") == "healthy"
    output(started, "stop", "--purge", stdin="yes\n")
    assert docker("volume", "ls", "--quiet", "--filter", "name=section2").stdout == ""
    output(started, "start")
    assert orders(started) == "0|"


def test_start_without_docker_engine_suggests_run(tmp_path: Path) -> None:
    ran = Copy(tmp_path, "section2").runner("start", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert ran.returncode == 2
    assert "section2_runner.sh run" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
