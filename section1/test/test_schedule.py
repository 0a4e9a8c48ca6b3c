"""Section 1's job on its schedule: catch-up runs, health, failures, messages."""

import fcntl
import importlib.util
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.paths import ROOT
from common.schedule import record
from common.test.schedule_support import TOKEN, Listener, listening, use_own_scratch, with_few_rights
from section1 import cli as section1_cli
from section1 import scheduled
from section1.test.command import HEAVY, imported_by
from section1.test.schedule_support import Site
from section1.test.support import BATCH, application, csv_of, everything_in, rows_of

pytestmark = pytest.mark.integration

A = csv_of(application())
NO_CSV = b"no,header\n"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime.fromisoformat("2026-11-23T16:30+08:00")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    use_own_scratch(tmp_path, monkeypatch)
    return Site(tmp_path).build()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def test_scheduled_command_exists_and_takes_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    script, *arguments = scheduled.JOB.command
    assert (scheduled.JOB.root, (ROOT / script).is_file()) == (ROOT, True)
    assert section1_cli.parser().parse_args(arguments).task_config == scheduled.CONFIG
    assert importlib.util.find_spec(scheduled.JOB.module) is not None
    assert scheduled.JOB.log == ROOT / "section1" / "log" / "data_pipeline.log"
    assert scheduled.configured().destination == ROOT / "section1" / "resource" / "dest"
    assert scheduled.command() == ("section1_manage.py", "--task-config", scheduled.CONFIG)
    monkeypatch.setenv("SECTION1_MASTER", "spark://host:7077")
    assert scheduled.command()[3:] == ("--master", "spark://host:7077")


def test_schedule_help_imports_nothing_heavy() -> None:
    modules = imported_by("-m", scheduled.JOB.module, "--help")
    assert "common.cli" in modules
    assert modules & HEAVY == set()


def test_missed_run_is_caught_up_once(site: Site) -> None:
    site.drop({"a.csv": A})
    assert [site.make(NOW, site.catch_up) for _ in range(3)] == [0, 0, 0]
    assert site.batches() == {BATCH: ["a.csv"]}
    assert site.log.count(" a run begins\n") == 1


def test_several_missed_hours_are_caught_up_by_one_run(site: Site) -> None:
    site.publish(NOW)
    site.drop({"a.csv": A})
    assert [site.make(NOW + 5 * HOUR, site.catch_up) for _ in range(2)] == [0, 0]
    assert site.batches() == {BATCH: [], "2026-11-23T21": ["a.csv"]}


def test_failed_run_is_caught_up_although_the_hour_has_a_batch(site: Site) -> None:
    site.publish(NOW)
    (site.folder / "src").rmdir()
    assert site.make(NOW) == 2
    assert site.check(NOW)[1].startswith("unhealthy: the run failed with exit code 2 at ")
    site.drop({"a.csv": A})
    assert [site.make(NOW, site.catch_up) for _ in range(2)] == [0, 0]
    assert site.batches() == {BATCH: [], f"{BATCH}-2": ["a.csv"]}
    assert site.check(NOW)[0] == 0


def test_run_beside_another_one_is_not_recorded(site: Site, listener: Listener) -> None:
    site.make(NOW)
    before = record.read(site.job.records)
    with (site.folder / "dest" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert site.make(NOW + HOUR, lambda at: site.run(at, webhook=listener.url)) == 75
    assert (record.read(site.job.records), listener.visits, list(site.batches())) == (before, [], [BATCH])
    assert site.log.endswith(": another run is in progress, so this one did nothing\n")


def test_empty_source_publishes_an_empty_batch_and_is_healthy(site: Site) -> None:
    assert site.make(NOW) == 0
    assert site.batches() == {BATCH: []}
    assert rows_of(site.folder / "dest" / "successful_application" / BATCH) == []
    done = "last run at 2026-11-23T16:30:00+08:00: the run is done"
    assert site.check(NOW) == (0, f"healthy: batch {BATCH} was published 0 min ago; {done}")


def test_run_with_a_refused_file_is_successful(site: Site, listener: Listener) -> None:
    site.drop({"a.csv": A, "b.csv": NO_CSV})
    assert site.make(NOW, lambda at: site.run(at, webhook=listener.url)) == 3
    assert (site.batches(), listener.visits) == ({BATCH: ["a.csv"]}, [])
    assert site.check(NOW)[0] == 0
    assert site.make(NOW, site.catch_up) == 0


def test_messages_and_run_record_have_no_personal_data(site: Site, listener: Listener) -> None:
    name, rows = "Zanzivar", (application(name="Zanzivar Lim"), application(name="", email="zanzivar@lim.com"))
    for files in ({f"{name}.csv": NO_CSV}, {f"{name}.csv": csv_of(*rows)}, {"b.csv": f"{name}\n".encode()}):
        site.drop(files)
        site.make(NOW, lambda at: site.run(at, webhook=listener.url))
    assert [message["event"] for message in listener.heard] == ["failed", "recovered", "failed"]
    sent = str(listener.heard) + site.job.records[0].read_text()
    assert name.lower() not in sent.lower()
    assert name in site.log  # as the name of a file, which the reader of the log needs
    assert TOKEN not in site.log


def test_unwritable_destination_fails_and_stays_unchanged(site: Site) -> None:
    site.publish(NOW - HOUR, "2026-11-23T15")
    destination = site.folder / "dest"
    before = everything_in(destination)
    directories = [destination, *(path for path in destination.rglob("*") if path.is_dir())]
    for directory in directories:
        directory.chmod(0o555)
    site.drop({"a.csv": A})
    code = site.make(NOW, lambda _: site.command("run", *with_few_rights()).code)
    for directory in directories:
        directory.chmod(0o755)
    assert (code, site.outcome) == (1, (1, "the run failed with exit code 1"))
    assert "Permission denied. Nothing was published.\n" in site.log
    assert everything_in(destination) == before
    assert site.make(NOW, site.catch_up) == 0
    assert site.batches() == {"2026-11-23T15": [], BATCH: ["a.csv"]}


def test_unreadable_destination_is_unhealthy(site: Site) -> None:
    site.publish(NOW)
    (site.folder / "dest" / "report").chmod(0)
    ran = site.command("check", *with_few_rights())
    (site.folder / "dest" / "report").chmod(0o755)
    assert ran == (1, f"unhealthy: {site.folder}/dest/report: Permission denied\n", "")


def test_invalid_configuration_is_unhealthy_and_a_failed_run(site: Site) -> None:
    site.publish(NOW)
    site.configure("parts: none")
    problem = "process.yaml: parts: expected an integer such as 18, got 'none'."
    assert site.check(NOW) == (1, f"unhealthy: {problem}")
    assert (site.make(NOW), site.outcome) == (2, (2, "the run failed with exit code 2"))
    assert f": {problem}\n" in site.log


def test_health_depends_on_the_newest_committed_batch(site: Site) -> None:
    assert scheduled.newest(site.config) is None
    site.publish(NOW)
    (site.folder / "dest" / "successful_application" / "2026-11-24T16").mkdir()
    (site.folder / "dest" / "report" / "2026-11-24T16.json~").touch()
    published = scheduled.newest(site.config)
    assert published is not None
    assert (published.what, published.at) == (f"batch {BATCH} was published", NOW.astimezone(ZoneInfo("UTC")))
    assert site.check(NOW + DAY)[1].startswith(f"unhealthy: batch {BATCH} was published 1440 min ago")
