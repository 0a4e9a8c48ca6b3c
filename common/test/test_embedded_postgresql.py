"""The server of one's own: it comes, serves, goes, and survives being killed."""

import os
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

from common.embedded_postgresql import ServerFailed, serving
from common.errors import Busy
from common.postgresql import Server, ServerUnreachable, StatementFailed
from common.test.waiting import is_gone, wait_until


def value(sockets: Path, statement: str) -> object:
    with Server(host=str(sockets), database="postgres").connected() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        connection.commit()
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_data_survive_from_one_time_to_the_next(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table kept as select 7 as number")
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select number from kept") == 7


def test_it_ends_with_the_body_whatever_ends_that(tmp_path: Path) -> None:
    pids = []
    with suppress(KeyError), serving(tmp_path / "data"):
        pids.append(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]))
        raise KeyError
    [pid] = pids
    wait_until(lambda: is_gone(pid), seconds=5)


def test_a_number_that_is_another_processs_by_now_stops_nobody(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        noted = (tmp_path / "data" / "postmaster.pid").read_text().split("\n", 1)[1]
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n{noted}")
        with serving(tmp_path / "data") as sockets:
            assert value(sockets, "select 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_the_environments_port_is_not_the_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "show port") == "5432"


def test_its_log_quotes_no_row(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table person (name text check (name <> 'Marguerite'))")
        with suppress(StatementFailed):
            value(sockets, "insert into person values ('Marguerite')")
    log = (tmp_path / "data.log").read_text()
    assert "violates check constraint" in log
    assert "Marguerite" not in log


def test_nobody_else_reaches_it(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select string_agg(type || auth_method, ',') from pg_hba_file_rules") == "localpeer"
        assert value(sockets, "select count(*) from pg_ident_file_mappings") == 1
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert value(sockets, "show listen_addresses") == ""


def test_settings_hold(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"work_mem": "17MB"}) as sockets:
        assert value(sockets, "show work_mem") == "17MB"


def test_one_at_a_time(tmp_path: Path) -> None:
    with serving(tmp_path / "data"), pytest.raises(Busy) as raised, serving(tmp_path / "data"):
        pass
    assert raised.value.exit_code == 75


def test_one_that_a_killed_process_left_behind_is_ended_by_the_next(tmp_path: Path) -> None:
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
        left = int((tmp_path / "data" / "postmaster.pid").read_text().split()[0])
        process.kill()
    assert not is_gone(left)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select 1") == 1
        wait_until(lambda: is_gone(left), seconds=5)


def test_it_recovers_what_was_committed_when_it_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        value(sockets, "create table kept as select 7 as number")
        os.killpg(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        time.sleep(0.2)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select number from kept") == 7


def test_a_creation_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished" / "base").mkdir(parents=True)
    with serving(tmp_path / "data") as sockets:
        assert value(sockets, "select 1") == 1


def test_a_setting_that_the_server_refuses_is_told_in_a_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="postgres failed") as raised,
        serving(tmp_path / "data", {"work_mem": "many"}),
    ):
        pass
    assert "\n" not in str(raised.value)
    assert 'invalid value for parameter "work_mem"' in (tmp_path / "data.log").read_text()


def test_a_server_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerUnreachable, match="is it started") as raised,
        Server(host=str(tmp_path), database="postgres").connected(),
    ):
        pass
    assert "\n" not in str(raised.value)


def test_what_the_server_refuses_rolls_back(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as sockets:
        server = Server(host=str(sockets), database="postgres")
        with pytest.raises(StatementFailed) as raised, server.connected() as connection, connection.cursor() as cursor:
            cursor.execute("create table gone (); select 'a secret'::integer")
        assert "a secret" not in str(raised.value)
        assert isinstance(raised.value.__cause__, psycopg2.Error)
        assert value(sockets, "select to_regclass('gone')") is None
