"""The command lines of section 4: arguments, output, exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.paths import ROOT
from common.postgresql import Server
from common.test.databases import run_sql
from common.test.web_server import Reply, Site
from section4 import cli, commands, main
from section4.test.support import job, owid

Ran = subprocess.CompletedProcess[str]
TWO_DAYS = owid(
    ("Singapore", "2022-03-09", 3, 10, 1, 2),
    ("Malaysia", "2022-03-10", 4, 14, 0, 2),
    ("World", "2022-03-10", 1, 1, 1, 1),
)
CODES = "expected codes such as SG, MY, or all"


def run(*command: str) -> Ran:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd="/")


def ingest(command: list[str], *arguments: str) -> int:
    """Run the ingestion of a command line in this process."""
    return commands.ingest(cli.job_parser().parse_args([*command[2:], *arguments]))


@pytest.mark.integration
def test_help_has_an_example_and_the_exit_codes() -> None:
    manage = run(sys.executable, str(ROOT / "section4_manage.py"), "--help")
    module = run("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "section4", "run", "--help")
    for shown in (manage, module):
        assert (shown.returncode, shown.stderr) == (0, "")
        for text in ("example:", "exit codes:", "75", "--dry-run", "sample (synthetic)", "section4_process.yaml"):
            assert text in shown.stdout


def test_parsers_import_no_heavy_package() -> None:
    code = "import sys, section4.cli; print({'pydantic', 'psycopg2', 'pycountry', 'requests'} & set(sys.modules))"
    assert run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", code).stdout == "set()\n"


def test_source_option_lists_all_sources() -> None:
    assert tuple(main.SOURCES) == cli.SOURCES


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--source", "cnn"), "argument --source: invalid choice: 'cnn'"),
        (("--country", "XX"), f"argument --country: 'XX' is not a country code; {CODES}, got 'XX'"),
        (("--country", "SG,all"), f"'ALL' is not a country code; {CODES}, got 'SG,all'"),
        (("--country", "'; drop schema covid; --"), "is not a country code"),
        (("--from", "9.3.2022"), "argument --from: expected a date such as 2022-03-09, got '9.3.2022'"),
        (("--task-config", "none.yaml"), "none.yaml: No such file or directory"),
        (("--postgresql-config", "none.yaml"), "none.yaml: No such file or directory"),
        (
            ("--from", "2022-03-09", "--to", "2022-03-08"),
            "--to 2022-03-08 is before the first day, 2022-03-09. Swap --from and --to.",
        ),
    ],
)
def test_usage_error_is_one_line(arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.manage(arguments)
    shown = capsys.readouterr().err
    assert caught.value.code == 2
    assert expected in shown
    assert len(shown.splitlines()) == 1


@pytest.mark.integration
def test_run_prints_a_table(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", TWO_DAYS)
    shown = run(*job(tmp_path, covid, site), "--country", "sg, my,AQ", "--from", "2022-03-01")
    assert shown.returncode == 0, shown.stderr
    lines = [line.split() for line in shown.stdout.splitlines() if line.strip()]
    assert lines[:-1] == [
        ["ingestion:", "loaded"],
        ["source", "owid"],
        ["countries", "AQ,", "MY,", "SG"],
        ["days", "2022-03-01", "to", "latest"],
        ["inserted", "2"],
        ["changed", "0"],
        ["unchanged", "0"],
        ["refused", "1"],
        ["World", "1"],
        ["AQ", "not", "in", "the", "source"],
    ]
    assert run_sql(covid, "select country_code from covid.daily_cases order by 1") == [("MY",), ("SG",)]


@pytest.mark.integration
def test_source_and_country_options_select(
    covid: Server, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.answer("/owid.csv", Reply(TWO_DAYS, headers={"ETag": '"1"'}), Reply(status=304))
    command = job(tmp_path, covid, site)
    assert ingest(command, "--dry-run", "--source", "sample") == 0
    shown = capsys.readouterr().out
    assert "ingestion: dry run, nothing changed" in shown
    assert "sample: SYNTHETIC, not real figures" in shown
    assert run_sql(covid, "select 1 from covid.ingestion_run") == []
    assert ingest(command, "--country", "all") == 0
    assert run_sql(covid, "select country_code from covid.daily_cases order by 1") == [("MY",), ("SG",)]
    capsys.readouterr()
    assert ingest(command, "--country", "all") == 0
    assert capsys.readouterr().out.splitlines()[0] == "ingestion: nothing new since the last run"


@pytest.mark.integration
def test_failed_sources_exit_with_1(covid: Server, site: Site, tmp_path: Path) -> None:
    site.answer("/owid.csv", Reply(status=503), Reply(status=404))  # the retry is not logged: it would show the address
    shown = run(*job(tmp_path, covid, site))
    warning, error = shown.stderr.splitlines()
    assert (shown.returncode, shown.stdout) == (1, "")
    assert warning.endswith(" WARNING owid: HTTP 404 Not Found")
    assert error == (
        "section4_manage.py: no usable source: owid failed, see the warnings above."
        " The database is unchanged; run again later."
    )


@pytest.mark.integration
def test_unreachable_server_exits_with_1(site: Site, tmp_path: Path) -> None:
    shown = run(*job(tmp_path, Server(host=str(tmp_path), database="my_database"), site))
    assert (shown.returncode, len(shown.stderr.splitlines())) == (1, 1)
    assert "cannot connect to PostgreSQL at" in shown.stderr
    assert " as covid_loader: " in shown.stderr


@pytest.mark.integration
def test_password_is_read_from_the_file_and_never_printed(covid: Server, site: Site, tmp_path: Path) -> None:
    command = job(tmp_path, covid, site)
    path = tmp_path / "postgresql.yaml"
    path.write_text(path.read_text() + "passwords:\n  covid_loader: tr0ub4dor\n")
    site.answer("/owid.csv", TWO_DAYS)
    shown = run(*command)
    assert shown.returncode == 0, shown.stderr
    assert "tr0ub4dor" not in shown.stdout + shown.stderr
