"""The commands as one types them, against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.paths import ROOT
from common.postgresql import Server
from common.test.databases import run_sql
from section2.config import QUERIES
from section2.operator.query_files import read_queries

COMMANDS = ("run", "create", "load", "load-members", "query", "psql", "check", "erd", "backup", "restore")


def command(sales: Server | None, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command of section 2 on a server."""
    named = {"SECTION2_HOST": sales.host, "SECTION2_DATABASE": sales.database} if sales else {}
    return subprocess.run(
        [sys.executable, "-m", "section2", *arguments],
        cwd=ROOT,
        env={**os.environ, **named},
        input=stdin,
        capture_output=True,
        check=False,
    )


def said(sales: Server, *arguments: str, stdin: bytes = b"") -> str:
    ran = command(sales, *arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


def test_run_creates_loads_and_shows_who_buys_what_and_a_second_time_adds_nothing(sales: Server) -> None:
    first = said(sales, "run", "--orders", "300")
    assert "0 existed, 300 added" in first
    for title in ("Top 10 members by spending", "Top 3 items", "10 rows", "3 rows"):
        assert title in first
    second = said(sales, "run", "--orders", "300")
    assert "300 existed, 0 added" in second
    assert second.partition("Top 10")[2] == first.partition("Top 10")[2]


def test_each_question_can_be_asked_and_all_are_listed(sales: Server) -> None:
    said(sales, "load", "--orders", "400")
    listed = said(sales, "query")
    for name, question in read_queries(QUERIES).items():
        assert f"{name}\n    {question.description[0]}" in listed
        assert question.description[0] in said(sales, "query", name)


def test_help_names_every_command_an_example_and_the_exit_codes() -> None:
    ran = command(None, "--help")
    assert ran.returncode == 0
    text = ran.stdout.decode()
    for name in COMMANDS:
        assert re.search(rf"^    {name}\s", text, re.MULTILINE)
    assert "example" in text
    assert "75" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: COMMAND"),
        (("nonsense",), "invalid choice"),
        (("load",), "required: --orders"),
        (("load", "--orders", "-5"), "expected a number of orders such as 1000000, got"),
        (("load", "--orders", "0"), "expected a number of orders such as 1000000, got"),
        (("load", "--orders", "1; drop schema sales"), "expected a number of orders such as 1000000, got"),
        (("load", "--orders", "5", "--until", "yesterday"), "--until"),
        (("load", "--orders", "5", "--until", "2999-01-01"), "in the future"),
        (("query", "best_customers"), "no such query. "),
        (("query", "average_baskets"), "Did you mean 'average_basket'?"),
        (("psql", "--role", "nobody"), "invalid choice"),
        (("erd", "--format", "gif"), "invalid choice"),
        (("load-members", "--applications", "/nowhere"), "no such directory. Run section 1"),
    ],
    ids=str,
)
def test_a_mistake_takes_one_line_and_changes_nothing(sales: Server, arguments: tuple[str, ...], words: str) -> None:
    ran = command(sales, *arguments)
    error = ran.stderr.decode()
    assert ran.returncode == 2
    assert words in error
    assert "Traceback" not in error
    assert run_sql(sales, "select count(*) from sales.orders") == [(0,)]


def test_a_server_that_is_not_there_takes_one_line(tmp_path: Path) -> None:
    nowhere = Server(host=str(tmp_path), database="my_database")
    ran = command(nowhere, "check")
    assert ran.returncode == 1
    assert b" as analytics: " in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_a_database_without_the_schema_takes_one_line(cluster: Server) -> None:
    ran = command(cluster, "check")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


def test_psql_passes_its_arguments_and_its_exit_code_on(sales: Server) -> None:
    assert said(sales, "psql", "-Atc", "select current_user") == "analytics\n"
    assert said(sales, "psql", "--role", "sales", "-Atc", "select current_user") == "sales\n"
    assert command(sales, "psql", "-c", "delete from orders").returncode == 1


def test_what_differs_is_shown_and_told_by_the_exit_code(sales: Server) -> None:
    said(sales, "load", "--orders", "100")
    run_sql(sales, "insert into sales.item_sales_base (item_id, units, orders) values (2000, 5, 1)")
    ran = command(sales, "check")
    assert ran.returncode == 1
    assert b"sales of an item" in ran.stdout


def test_a_backup_goes_through_pipes(sales: Server) -> None:
    said(sales, "load", "--orders", "100")
    copy = command(sales, "backup").stdout
    run_sql(sales, "update sales.item set cost = 99")
    assert "restored from the backup" in said(sales, "restore", stdin=copy)
    [(most,)] = run_sql(sales, "select count(*) from sales.item where cost = 99")
    assert most < 10


def test_loading_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from common.progress import Progress

    shown: list[str] = []
    progress = Progress()
    monkeypatch.setattr(progress, "tell", shown.append)
    tell = progress.bar("orders")
    for done in (0, 500, 1_000):
        tell(done, 1_000)
    assert shown[0] == f"[{'.' * 30}] 0 of 1,000 orders"
    assert shown[1].startswith(f"[{'=' * 15}{'.' * 15}] 500 of 1,000 orders, ")
    assert shown[2].startswith(f"[{'=' * 30}] 1,000 of 1,000 orders, 0 s left")
