"""Schema pipeline: section 1's batches, as section 4's database reads them from the reports."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import JobError, UsageError
from common.postgresql import Server
from common.test.databases import run_sql
from section1.core.columns import REASONS
from section1.test.support import application, config_for, csv_of, publish, write_files
from section4.main import create
from section4.test.support import ALL_TIME, REPORT, put_report, set_age

pytestmark = pytest.mark.integration


@pytest.fixture
def reports(covid: Server, tmp_path: Path) -> Path:
    """Return the directory that the database reads."""
    directory = tmp_path / "dest" / "report"
    create(covid, directory)
    return directory


def batches(covid: Server, columns: str, first: str = ALL_TIME[0], last: str = ALL_TIME[1]) -> Any:
    """Return the batches of a time range, as Grafana's role gets them."""
    return run_sql(covid, f"select {columns} from pipeline.batches(%s, %s)", first, last, role="grafana")


def freshness(covid: Server, columns: str = "state, batch, minutes_ago") -> Any:
    return run_sql(covid, f"select {columns} from pipeline.freshness()", role="grafana")


def test_batches_are_those_that_section_1_published(covid: Server, tmp_path: Path) -> None:
    config, late = config_for(tmp_path), "2026-11-23T16-2"
    create(covid, config.destination / "report")
    write_files(
        config.source,
        {
            "a.csv": csv_of(application(), application(mobile_no="1"), application(mobile_no="2", email="x")),
            "b.csv": b"",
        },
    )
    publish(config)
    (config.source / "c.csv").write_bytes(csv_of(application(name="")))
    publish(config)
    shown = batches(covid, "batch, hour, engine, files, skipped, refused, successful, unsuccessful, is_readable")
    hour = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert shown == [
        ("2026-11-23T16", hour, "duckdb", 1, 0, 1, 1, 2, True),
        (late, hour, "duckdb", 1, 1, 1, 0, 1, True),
    ]
    reasons = run_sql(
        covid, "select batch, reason, applications from pipeline.reasons(%s, %s)", *ALL_TIME, role="grafana"
    )
    expected = {"2026-11-23T16": {"mobile_invalid": 2, "email_invalid": 1}, late: {"name_missing": 1}}
    assert sorted(reasons) == sorted(
        (batch, reason, expected[batch].get(reason, 0)) for batch in expected for reason in REASONS
    )
    step_seconds = json.loads((config.destination / "report" / f"{late}.json").read_text())["seconds"]
    [_, (seconds,)] = batches(covid, "seconds")
    assert float(seconds) == pytest.approx(sum(step_seconds.values()))
    assert freshness(covid) == [("fresh", late, 0)]


def test_hour_is_in_the_time_zone_of_the_report(covid: Server, reports: Path) -> None:
    put_report(reports, "2026-11-23T16")
    put_report(reports, "2026-11-23T17", started_at="2026-11-23T17:00:00-05:30")
    assert batches(covid, "to_char(hour at time zone 'UTC', 'HH24:MI'), seconds::float") == [
        ("08:00", 2.75),
        ("22:30", 2.75),
    ]


def test_batches_of_a_time_range_are_ordered(covid: Server, reports: Path) -> None:
    for batch in ("2026-11-23T16-10", "2026-11-23T17", "2026-11-23T16-2", "2026-11-23T16"):
        put_report(reports, batch)
    for first, last, shown in [
        ("2026-11-23T08:00Z", "2026-11-23T08:00Z", ["2026-11-23T16", "2026-11-23T16-2", "2026-11-23T16-10"]),
        ("2026-11-23T08:01Z", "2026-11-23T09:00Z", ["2026-11-23T17"]),
        ("2026-11-23T09:01Z", "2026-11-24T09:00Z", []),
        ("2026-11-22T09:00Z", "2026-11-23T07:59Z", []),
    ]:
        assert batches(covid, "batch", first, last) == [(batch,) for batch in shown]


def test_missing_or_empty_directory_has_no_batch(covid: Server, reports: Path) -> None:
    for _ in range(2):
        assert batches(covid, "batch") == []
        assert freshness(covid) == [("no batch yet", None, None)]
        reports.mkdir(parents=True, exist_ok=True)


DAMAGED = [
    b"",
    b'{"batch": "2026-11-23T03", "files": [',
    b'["2026-11-23T04"]',
    b'{"batch": "\xff"}',
    b'{"batch": "2026-11-23T06\\u0000"}',
    b"[" * 100_000,
    b'{"batch": "2026-11-23T08"}',
    json.dumps(REPORT | {"batch": "2026-11-23T01"}).encode(),
    b" " * (16 << 20) + json.dumps(REPORT | {"batch": "2026-11-23T10"}).encode(),
]
WRONG: list[dict[str, Any]] = [
    {"files": {}},
    {"started_at": "yesterday"},
    {"started_at": "2026-11-23T16:00:07"},
    {"seconds": {"reading": "long"}},
    {"engine": None},
    {"counts": {"successful": 1e30, "unsuccessful": 0, "reasons": {"under_18": 1}}},
    {"counts": {"successful": 1, "unsuccessful": 0, "reasons": {"under_18": "many"}}},
]


def test_damaged_report_is_counted_and_hides_no_other(covid: Server, reports: Path) -> None:
    set_age(put_report(reports, "2026-11-23T01"), minutes=30)
    for hour, content in enumerate(DAMAGED, start=2):
        put_report(reports, f"2026-11-23T{hour:02d}", content)
    for number, changes in enumerate(WRONG, start=2):
        put_report(reports, f"2026-11-23T20-{number}", **changes)
    put_report(reports, "2026-11-31T16")  # not a date
    assert len(list(reports.iterdir())) == 1 + len(DAMAGED) + len(WRONG) + 1 == 18
    assert batches(covid, "count(*)") == [(18,)]
    shown = run_sql(
        covid, "select batch, successful from pipeline.batches(%s, %s) where is_readable", *ALL_TIME, role="grafana"
    )
    assert shown == [("2026-11-23T01", 7)]
    assert freshness(covid) == [("fresh", "2026-11-23T01", 30)]


def test_other_files_are_ignored(covid: Server, reports: Path) -> None:
    put_report(reports, "2026-11-23T16")
    for name in (
        ".2026-11-23T17.json",
        "2026-11-23T16.html",
        "2026-11-23T16-1.json",
        "latest.json",
        b"\xff.json".decode("utf-8", "surrogateescape"),
    ):
        (reports / name).write_text("{")
    (reports / "2026-11-23T18.json").mkdir()
    (reports / "2026-11-23T19.json").symlink_to("gone")
    assert batches(covid, "batch") == [("2026-11-23T16",)]


def test_link_does_not_reveal_another_file(covid: Server, reports: Path, tmp_path: Path) -> None:
    secret = put_report(tmp_path, "2026-11-23T10", engine="secret")
    reports.mkdir(parents=True)
    targets = [
        secret,
        Path("../../2026-11-23T10.json"),
        Path("/etc/passwd"),
        Path("/dev/zero"),
        Path("2026-11-23T15.json"),
    ]
    for hour, target in enumerate(targets, start=11):
        (reports / f"2026-11-23T{hour}.json").symlink_to(target)
    os.mkfifo(reports / "2026-11-23T16.json")  # has no writer
    shown = run_sql(
        covid,
        "select batch, engine, is_readable from pipeline.batches(%s, %s) order by batch",
        *ALL_TIME,
        role="grafana",
    )
    assert shown == [(f"2026-11-23T{hour}", None, False) for hour in range(11, 17)]


def test_freshness_is_the_age_of_the_last_report(covid: Server, reports: Path) -> None:
    set_age(put_report(reports, "2026-11-23T16"), days=3)
    reprocessed = put_report(reports, "2026-11-20T09")
    for minutes, state in [(0, "fresh"), (119, "fresh"), (121, "STALE: no batch for 2 hours")]:
        set_age(reprocessed, minutes=minutes)
        assert freshness(covid) == [(state, "2026-11-20T09", minutes)]


def test_time_range_reads_only_the_reports_within(covid: Server, reports: Path) -> None:
    end = datetime(2026, 11, 23, 16, tzinfo=UTC)
    hours = [end - timedelta(hours=hour) for hour in range(9_000)]
    for hour in hours:
        near = end - hour <= timedelta(days=7, hours=14)
        content = None if near else b"{"  # would be counted as damaged
        put_report(reports, f"{hour:%Y-%m-%dT%H}", content, started_at=f"{hour:%Y-%m-%dT%H}:00:05+00:00")
    shown = batches(covid, "count(*), sum(successful), bool_and(is_readable)", f"{end - timedelta(days=7)}", f"{end}")
    assert shown == [(7 * 24 + 1, (7 * 24 + 1) * 7, True)]
    before = [f"{end - timedelta(days=days)}" for days in (107, 100)]
    assert batches(covid, "count(*), bool_or(is_readable)", *before) == [(7 * 24 + 1 + 2 * 14, False)]


FORBIDDEN = [
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('/etc/passwd', 0, 1, true)",
    "select pg_ls_dir('/')",
    "select * from pg_stat_file('/etc/passwd', true)",
    "create table public.copied (line text)",
    "copy (select 1) to program 'true'",
    "set role pipeline_owner",
    "select * from pipeline.report_folder",
    "update pipeline.report_folder set path = '/etc'",
    "delete from pipeline.report_folder",
    "select * from pipeline.report('2026-11-23T16', '/etc/passwd')",
    "select * from pipeline.committed()",
    "select * from pipeline.last_batch()",
    "create function pipeline.other() returns int language sql as 'select 1'",
]


def test_roles_cannot_read_files_or_move_the_directory(covid: Server, reports: Path) -> None:
    put_report(reports, "2026-11-23T16")
    for role in ("grafana", "covid_loader"):
        for statement in FORBIDDEN:
            with pytest.raises(JobError, match="permission denied"):
                run_sql(covid, f"set transaction read write; {statement}", role=role)
    with pytest.raises(JobError, match="permission denied"):
        run_sql(covid, "select * from pipeline.freshness()", role="covid_loader")


def test_functions_have_their_owner_and_privileges(covid: Server) -> None:
    functions = run_sql(
        covid,
        "select proname, pg_get_userbyid(proowner), prosecdef, array_to_string(proconfig, ' '),"
        " has_function_privilege('public', oid, 'execute'), has_function_privilege('grafana', oid, 'execute')"
        " from pg_proc where pronamespace = 'pipeline'::regnamespace order by proname",
    )
    granted = {"batches", "freshness", "reasons"}
    assert [name for name, *_ in functions] == ["batches", "committed", "freshness", "last_batch", "reasons", "report"]
    for name, *its in functions:
        assert its == ["pipeline_owner", True, 'search_path=""', False, name in granted]
    members = "select pg_get_userbyid(member) from pg_auth_members where roleid = %s::regrole"
    assert run_sql(covid, members, "pipeline_owner") == []
    assert run_sql(covid, members, "pg_read_server_files") == [("pipeline_owner",)]
    assert run_sql(covid, "select rolcanlogin or rolsuper from pg_roles where rolname = 'pipeline_owner'") == [(False,)]
    relations = "select relname from pg_class where relnamespace = 'pipeline'::regnamespace and relkind in ('r', 'v')"
    assert run_sql(covid, relations) == [("report_folder",)]


def test_directory_is_unique_and_set_by_create(covid: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create(covid, tmp_path)
    monkeypatch.setenv("SECTION4_REPORTS", "/elsewhere")
    create(covid)
    assert run_sql(covid, "select path from pipeline.report_folder") == [("/elsewhere",)]
    for path in ("relative", "/app/../etc"):
        monkeypatch.setenv("SECTION4_REPORTS", path)
        with pytest.raises(UsageError, match="SECTION4_REPORTS: expected an absolute path such as /"):
            create(covid)
        with pytest.raises(JobError, match="report_folder_is_absolute"):
            run_sql(covid, "update pipeline.report_folder set path = %s", path)
    with pytest.raises(JobError, match="report_folder_is_one"):
        run_sql(covid, "insert into pipeline.report_folder values ('/etc')")
