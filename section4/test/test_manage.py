"""The job as it is typed: its arguments, its words, its exit codes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.paths import ROOT
from common.postgresql import Server
from common.test.databases import run_sql
from common.test.web_server import Reply, Site
from section4.test.support import owid
from section4.test.test_faults import job

Ran = subprocess.CompletedProcess[str]
TWO_DAYS = owid(
    ("Singapore", "2022-03-09", 3, 10, 1, 2),
    ("Malaysia", "2022-03-10", 4, 14, 0, 2),
    ("World", "2022-03-10", 1, 1, 1, 1),
)


def manage(*arguments: str, **environment: str) -> Ran:
    """Run section4_manage.py."""
    return subprocess.run(
        [sys.executable, str(ROOT / "section4_manage.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
        cwd="/",
    )


def ran(command: list[str], *arguments: str) -> Ran:
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def test_help_comes_at_once_with_an_example_and_the_exit_codes() -> None:
    started = time.monotonic()
    shown = manage("--help")
    assert time.monotonic() - started < 3  # 0.3 s on a machine that has nothing else to do
    assert shown.returncode == 0
    for text in ("example:", "exit codes:", "75", "--dry-run", "sample (made up)"):
        assert text in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the following arguments are required: --task-config"),
        (("--task-config", "none.yaml"), "none.yaml: No such file or directory. Pass another file with --task-config."),
        (("--task-config", "section4_process.yaml", "--source", "cnn"), "invalid choice: 'cnn'"),
        (("--task-config", "section4_process.yaml", "--country", "XX"), "'XX' has 'XX', which is no country's code"),
        (("--task-config", "section4_process.yaml", "--country", "SG,all"), "has 'ALL', which is no country's code"),
        (("--task-config", "section4_process.yaml", "--country", "'; drop schema covid; --"), "no country's code"),
        (
            ("--task-config", "section4_process.yaml", "--from", "9.3.2022"),
            "expected a date such as 2022-03-09, got '9.3.2022'.",
        ),
        (
            ("--task-config", "section4_process.yaml", "--from", "2022-03-09", "--to", "2022-03-08"),
            "is before the first",
        ),
        (
            ("--task-config", "section4_process.yaml", "--postgresql-config", "none.yaml"),
            "section4_manage.py: none.yaml: No such file or directory. Pass another file with --postgresql-config.\n",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    shown = manage(*arguments)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_a_run_ends_with_a_table(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    shown = ran(job(tmp_path, covid, site), "--country", "sg, my", "--from", "2022-03-01")
    assert shown.returncode == 0, shown.stderr
    lines = [line.split() for line in shown.stdout.splitlines() if line.strip()]
    assert lines[:-1] == [
        ["ingestion:", "loaded"],
        ["source", "owid"],
        ["countries", "MY,", "SG"],
        ["days", "2022-03-01", "to", "the", "latest"],
        ["inserted", "2"],
        ["changed", "0"],
        ["unchanged", "0"],
        ["refused", "1"],
        ["World", "1"],
    ]
    assert run_sql(covid, "select country_code from covid.daily_cases order by 1") == [("MY",), ("SG",)]


def test_what_the_source_does_not_know_is_told(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    shown = ran(job(tmp_path, covid, site), "--country", "SG,AQ")
    assert "AQ" in shown.stdout
    assert "the source does not know it" in shown.stdout


def test_all_countries_can_be_asked_for(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    shown = ran(job(tmp_path, covid, site), "--country", "all")
    assert run_sql(covid, "select country_code from covid.daily_cases order by 1") == [("MY",), ("SG",)], shown.stderr


def test_sample_says_that_it_is_made_up(covid: Server, site: Site, tmp_path: Path) -> None:
    shown = ran([*job(tmp_path, covid, site)[:-1], "sample"])
    assert "sample: MADE UP, no real figures" in shown.stdout


def test_a_dry_run_says_so(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    shown = ran(job(tmp_path, covid, site), "--dry-run")
    assert "dry run, nothing changed" in shown.stdout
    assert run_sql(covid, "select 1 from covid.ingestion_run") == []


def test_nothing_new_is_no_failure(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}), Reply(status=304))
    assert ran(job(tmp_path, covid, site)).returncode == 0
    shown = ran(job(tmp_path, covid, site))
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, "ingestion: nothing new since the last run")


def test_no_source_is_a_failure_that_says_why(covid: Server, site: Site, tmp_path: Path) -> None:
    shown = ran(job(tmp_path, covid, site))
    assert shown.returncode == 1
    assert "owid: answered 404 Not Found" in shown.stderr
    assert "section4_manage.py: none of owid can be used; the database is as it was" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_no_server_is_a_failure_in_one_line(site: Site, tmp_path: Path) -> None:
    gone = Server(host=str(tmp_path), database="my_database")
    shown = ran(job(tmp_path, gone, site))
    assert shown.returncode == 1
    assert len(shown.stderr.splitlines()) == 1
    assert " as covid_loader: " in shown.stderr


def test_a_password_in_the_file_is_used_and_never_shown(covid: Server, site: Site, tmp_path: Path) -> None:
    command = job(tmp_path, covid, site)
    path = tmp_path / "postgresql.yaml"
    path.write_text(path.read_text() + "passwords:\n  covid_loader: tr0ub4dor\n")
    site.answer("/owid.csv", TWO_DAYS)
    shown = ran(command)
    assert shown.returncode == 0, shown.stderr
    assert "tr0ub4dor" not in shown.stdout + shown.stderr
