"""Command line of section 2."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import UsageError
from common.paths import ROOT
from common.postgresql import Server
from common.test.databases import run_sql
from section2.cli import parse, parser
from section2.commands import run_command
from section2.config import QUERIES
from section2.operator.query_files import read_queries

COMMANDS = ("run", "create", "load", "load-members", "query", "psql", "check", "erd", "backup", "restore")
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(sales: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command on the database; return its exit code and standard output."""
    monkeypatch.setenv("SECTION2_HOST", sales.host)
    monkeypatch.setenv("SECTION2_DATABASE", sales.database)

    def run(*argv: str) -> tuple[int, str]:
        return run_command(parse(parser(), argv)), capfd.readouterr().out

    return run


def run_module(server: Server, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `python -m section2` on a server."""
    environment = {**os.environ, "SECTION2_HOST": server.host, "SECTION2_DATABASE": server.database}
    module = [sys.executable, "-m", "section2", *argv]
    return subprocess.run(module, cwd=ROOT, env=environment, input=stdin, capture_output=True, timeout=120, check=False)


def test_help_lists_all_commands_an_example_and_exit_codes() -> None:
    text = parser().format_help()
    assert [name for name in COMMANDS if not re.search(rf"^    {name}\s", text, re.MULTILINE)] == []
    assert "example:\n  ./section2_runner.sh run\n\nexit codes:\n  0   done" in text


def test_parser_imports_no_database_driver() -> None:
    code = "import sys, section2.cli; section2.cli.parser(); sys.exit('psycopg2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "required: COMMAND"),
        (("nonsense",), "invalid choice"),
        (("load",), "required: --orders"),
        (("load", "--orders", "1; drop schema sales"), "expected a number of orders such as 1000000, got '1; drop"),
        (("psql", "--role", "other"), "invalid choice"),
        (("check", "-c", "select 1"), "unrecognized arguments: -c select 1"),
    ],
    ids=str,
)
def test_usage_error_is_one_line(argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(parser(), argv)
    error = capsys.readouterr().err
    assert raised.value.code == 2
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.integration
@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("load", "--orders", "5", "--until", "2999-01-01"), "in the future"),
        (("query", "best_customers"), "no such query"),
        (("query", "average_baskets"), "Did you mean 'average_basket'?"),
        (("load-members", "--applications", "/nowhere"), "no such directory. Run section 1"),
    ],
    ids=str,
)
def test_usage_error_changes_nothing(sales: Server, command: Command, argv: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        command(*argv)
    assert run_sql(sales, "select count(*) from sales.orders") == [(0,)]


@pytest.mark.integration
def test_unreachable_server_or_missing_schema_is_one_line(cluster: Server, tmp_path: Path) -> None:
    for server, message in (
        (Server(host=str(tmp_path), database="my_database"), b"as analytics"),
        (cluster, b"sales.order_line"),
    ):
        ran = run_module(server, "check")
        assert ran.returncode == 1
        assert message in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


@pytest.mark.integration
def test_run_loads_sample_orders_once_and_prints_results(command: Command) -> None:
    code, first = command("run", "--orders", "300")
    assert code == 0
    assert "0 existed, 300 added" in first
    for text in ("Top 10 members by spending", "Top 3 items", "10 rows", "3 rows"):
        assert text in first
    code, second = command("run", "--orders", "300")
    assert "300 existed, 0 added" in second
    assert second.partition("Top 10")[2] == first.partition("Top 10")[2]


@pytest.mark.integration
def test_query_lists_and_runs_every_query(command: Command) -> None:
    command("load", "--orders", "400")
    _, listed = command("query")
    for name, query in read_queries(QUERIES).items():
        assert f"{name}\n    {query.description[0]}\n" in listed
        assert query.description[0] in command("query", name)[1]


@pytest.mark.integration
def test_psql_passes_arguments_and_exit_code(command: Command) -> None:
    assert command("psql", "-Atc", "select current_user") == (0, "analytics\n")
    assert command("psql", "--role", "sales", "-Atc", "select current_user") == (0, "sales\n")
    assert command("psql", "-c", "delete from orders")[0] == 1


@pytest.mark.integration
def test_check_prints_differences_and_exits_with_1(sales: Server, command: Command) -> None:
    command("load", "--orders", "100")
    assert command("check") == (0, "all totals and aggregates add up\n")
    run_sql(sales, "insert into sales.item_sales_base (item_id, units, orders) values (2000, 5, 1)")
    code, output = command("check")
    assert code == 1
    assert "sales of an item" in output


@pytest.mark.integration
def test_backup_and_restore_work_through_pipes(sales: Server, command: Command) -> None:
    command("load", "--orders", "100")
    backup = run_module(sales, "backup").stdout
    run_sql(sales, "update sales.item set cost = 99")
    assert b"restored from the backup" in run_module(sales, "restore", stdin=backup).stdout
    [(changed,)] = run_sql(sales, "select count(*) from sales.item where cost = 99")
    assert changed < 10
