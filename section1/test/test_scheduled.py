"""Section 1's job on its schedule: missed and repeated hours, other time zones, folders, files and messages."""

import fcntl
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import section1_manage
from common.paths import ROOT
from common.schedule import record
from common.test.schedule_support import TOKEN, Listener, listening, use_own_scratch, with_few_rights
from section1 import scheduled
from section1.test.command import HEAVY
from section1.test.scheduled_support import BATCH, Site
from section1.test.support import application, csv_of, everything_in, rows_of

A, B, C = (csv_of(application(name=name)) for name in ("Ada Lim", "Bob Tan", "Cy Ng"))
NO_CSV = b"no,header\n"
BERLIN = "time_zone: Europe/Berlin"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


NOW = moment("2026-11-23T16:30+08:00")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    use_own_scratch(tmp_path, monkeypatch)
    return Site(tmp_path).build()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def test_what_cron_starts_is_there_and_takes_its_arguments() -> None:
    script, *arguments = scheduled.JOB.command
    assert (scheduled.JOB.root, (ROOT / script).is_file()) == (ROOT, True)
    assert section1_manage.parser().parse_args(arguments).task_config == scheduled.CONFIG
    assert importlib.util.find_spec(scheduled.JOB.module) is not None
    assert scheduled.JOB.log == ROOT / "section1" / "log" / "data_pipeline.log"
    assert scheduled.configured().destination == ROOT / "section1" / "resource" / "dest"


def test_the_environment_names_the_master_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scheduled.command() == ("section1_manage.py", "--task-config", scheduled.CONFIG)
    monkeypatch.setenv("SECTION1_MASTER", "spark://host:7077")
    assert scheduled.command()[3:] == ("--master", "spark://host:7077")


def test_help_of_the_schedule_answers_at_once() -> None:
    command = [sys.executable, "-X", "importtime", "-m", scheduled.JOB.module, "--help"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    imported = {line.split("|")[-1].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    assert (ran.returncode, imported & HEAVY) == (0, set())
    assert "docker container exec section1_python python3 -m section1.scheduled run\n" in ran.stdout


def test_a_missed_run_is_made_up_exactly_once(site: Site) -> None:
    site.drop({"a.csv": A})
    assert [site.make(NOW, site.catch_up) for _ in range(3)] == [0, 0, 0]
    assert site.batches() == {BATCH: ["a.csv"]}
    assert site.log.count(" a run begins\n") == 1


def test_several_missed_hours_are_made_up_by_one_run(site: Site) -> None:
    site.publish(NOW)
    site.drop({"a.csv": A})
    assert [site.make(NOW + 5 * HOUR, site.catch_up) for _ in range(2)] == [0, 0]
    assert site.batches() == {BATCH: [], "2026-11-23T21": ["a.csv"]}


def test_after_a_failed_run_catching_up_runs_again_though_the_hour_has_its_batch(site: Site) -> None:
    site.publish(NOW)
    (site.folder / "src").rmdir()
    assert site.make(NOW) == 2
    assert site.check(NOW)[1].startswith("unhealthy: the run failed with exit code 2 at ")
    site.drop({"a.csv": A})
    assert [site.make(NOW, site.catch_up) for _ in range(2)] == [0, 0]
    assert site.batches() == {BATCH: [], f"{BATCH}-2": ["a.csv"]}
    assert site.check(NOW)[0] == 0


def test_while_another_run_holds_the_destination_nothing_is_recorded_or_told(site: Site, listener: Listener) -> None:
    site.make(NOW)
    before = record.read(site.job.records)
    with (site.folder / "dest" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert site.make(NOW + HOUR, lambda at: site.run(at, webhook=listener.url)) == 75
    assert (record.read(site.job.records), listener.visits, list(site.batches())) == (before, [], [BATCH])
    assert site.log.endswith(": another run is at work, so this one did nothing\n")


def test_the_hour_that_a_clock_shows_twice_has_two_batches_when_a_file_is_new(site: Site) -> None:
    site.use(BERLIN)
    for offset, files in (("+02:00", {"a.csv": A}), ("+01:00", {"a.csv": A, "b.csv": B})):
        site.drop(files)
        assert site.make(moment(f"2026-10-25T02:00{offset}")) == 0
    assert site.batches() == {"2026-10-25T02": ["a.csv"], "2026-10-25T02-2": ["b.csv"]}
    assert site.check(moment("2026-10-25T02:30+01:00"))[1].startswith("healthy: batch 2026-10-25T02-2 was ")


def test_the_hour_that_a_clock_shows_twice_has_one_batch_when_no_file_is_new(site: Site) -> None:
    site.use(BERLIN)
    site.drop({"a.csv": A})
    site.publish(moment("2026-10-25T02:00+02:00"), "2026-10-25T02")
    assert site.make(moment("2026-10-25T02:00+01:00")) == 0
    assert site.batches() == {"2026-10-25T02": ["a.csv"]}
    assert site.check(moment("2026-10-25T03:00+01:00"))[0] == 0


def test_what_comes_after_the_first_of_two_equal_hours_is_not_lost_when_the_second_is_missed(site: Site) -> None:
    site.use(BERLIN)
    site.publish(moment("2026-10-25T02:00+02:00"), "2026-10-25T02")
    site.drop({"a.csv": A})
    assert site.make(moment("2026-10-25T02:30+01:00"), site.catch_up) == 0
    assert site.make(moment("2026-10-25T03:00+01:00"), site.catch_up) == 0
    assert site.batches() == {"2026-10-25T02": [], "2026-10-25T03": ["a.csv"]}


def test_the_hour_that_a_clock_skips_is_neither_missed_nor_asked_for(site: Site) -> None:
    site.use(BERLIN)
    night = [moment("2026-03-29T00:00+01:00") + timedelta(minutes=10 * number) for number in range(24)]
    hours = dict.fromkeys(scheduled.batch_due(site.config, at) for at in night)
    assert list(hours) == [f"2026-03-29T{hour}" for hour in ("00", "01", "03", "04")]
    site.publish(moment("2026-03-29T01:00+01:00"), "2026-03-29T01")
    assert site.make(moment("2026-03-29T01:59+01:00"), site.catch_up) == 0
    assert site.make(moment("2026-03-29T03:00+02:00"), site.catch_up) == 0
    assert list(site.batches()) == ["2026-03-29T01", "2026-03-29T03"]


@pytest.mark.parametrize(
    ("zone", "second"),
    [("Europe/Berlin", "2026-11-23T10"), ("Pacific/Auckland", "2026-11-23T22")],
)
def test_in_another_time_zone_no_file_is_published_twice_and_health_goes_by_the_moment(
    site: Site, zone: str, second: str
) -> None:
    site.drop({"a.csv": A})
    site.publish(NOW)
    site.use(f"time_zone: {zone}")
    site.drop({"a.csv": A, "b.csv": B})
    assert scheduled.batch_due(site.config, NOW + HOUR) == second
    assert site.make(NOW + HOUR) == 0
    assert site.batches() == {BATCH: ["a.csv"], second: ["b.csv"]}
    assert site.check(NOW + 2 * HOUR)[1].startswith(f"healthy: batch {second} was published 60 min ago; ")


def test_a_clock_that_jumps_back_loses_nothing_and_publishes_nothing_twice(
    site: Site, fault: Callable[[str, str, str, str], None]
) -> None:
    site.drop({"a.csv": A})
    site.publish(NOW)
    for at, files in ((NOW - HOUR, {"a.csv": A, "b.csv": B}), (NOW, {"a.csv": A, "c.csv": C})):
        site.drop(files)
        assert (site.make(at), site.check(at)[0]) == (0, 0)
    assert site.batches() == {"2026-11-23T15": ["b.csv"], BATCH: ["a.csv"], f"{BATCH}-2": ["c.csv"]}
    fault("the clock jumps back an hour", "section 1", "batches under the hours it shows", "nothing to heal")


def test_an_empty_folder_publishes_an_empty_batch_and_is_healthy(site: Site) -> None:
    assert site.make(NOW) == 0
    assert site.batches() == {BATCH: []}
    assert rows_of(site.folder / "dest" / "successful_application" / BATCH) == []
    done = "last run at 2026-11-23T16:30:00+08:00: the run is done"
    assert site.check(NOW) == (0, f"healthy: batch {BATCH} was published 0 min ago; {done}")


def test_a_run_that_refused_a_file_is_a_good_one(site: Site, listener: Listener) -> None:
    site.drop({"a.csv": A, "b.csv": NO_CSV})
    assert site.make(NOW, lambda at: site.run(at, webhook=listener.url)) == 3
    assert (site.batches(), listener.visits) == ({BATCH: ["a.csv"]}, [])
    assert site.check(NOW)[0] == 0
    assert site.make(NOW, site.catch_up) == 0


def test_messages_hold_nothing_of_the_input_and_neither_does_the_record(site: Site, listener: Listener) -> None:
    marker, rows = "Zanzivar", (application(name="Zanzivar Lim"), application(name="", email="zanzivar@lim.com"))
    for files in ({f"{marker}.csv": NO_CSV}, {f"{marker}.csv": csv_of(*rows)}, {"b.csv": f"{marker}\n".encode()}):
        site.drop(files)
        site.make(NOW, lambda at: site.run(at, webhook=listener.url))
    assert [message["event"] for message in listener.heard] == ["failed", "recovered", "failed"]
    told = str(listener.heard) + site.job.records[0].read_text()
    assert marker.lower() not in told.lower()
    assert marker in site.log  # a file's name: whoever mends it needs it
    assert TOKEN not in site.log


def test_a_destination_that_cannot_be_written_fails_and_stays_as_it_was(site: Site) -> None:
    site.publish(NOW - HOUR, "2026-11-23T15")
    before = everything_in(site.folder / "dest")
    folders = [site.folder / "dest", *(path for path in (site.folder / "dest").rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    site.drop({"a.csv": A})
    code = site.make(NOW, lambda _: site.command("run", *with_few_rights()).code)
    for folder in folders:
        folder.chmod(0o755)
    assert (code, site.outcome) == (1, (1, "the run failed with exit code 1"))
    assert "Permission denied; nothing was published\n" in site.log
    assert everything_in(site.folder / "dest") == before
    assert site.make(NOW, site.catch_up) == 0
    assert site.batches() == {"2026-11-23T15": [], BATCH: ["a.csv"]}


def test_a_destination_that_cannot_be_read_is_unhealthy_and_named(site: Site) -> None:
    site.publish(NOW)
    (site.folder / "dest" / "report").chmod(0)
    ran = site.command("check", *with_few_rights())
    (site.folder / "dest" / "report").chmod(0o755)
    assert ran == (1, f"unhealthy: {site.folder}/dest/report: Permission denied\n", "")


def test_a_broken_configuration_is_unhealthy_and_a_failed_run(site: Site) -> None:
    site.publish(NOW)
    site.use("parts: none")
    problem = "process.yaml: parts: 'none' is no whole number (e.g. 18)"
    assert site.check(NOW) == (1, f"unhealthy: {problem}")
    assert (site.make(NOW), site.outcome) == (2, (2, "the run failed with exit code 2"))
    assert f"error: {problem}\n" in site.log


def test_health_goes_by_the_newest_batch_that_counts(site: Site) -> None:
    assert scheduled.newest(site.config) is None
    site.publish(NOW)
    (site.folder / "dest" / "successful_application" / "2026-11-24T16").mkdir()
    (site.folder / "dest" / "report" / "2026-11-24T16.json~").touch()
    published = scheduled.newest(site.config)
    assert published is not None
    assert (published.what, published.at) == (f"batch {BATCH} was published", NOW.astimezone(ZoneInfo("UTC")))
    assert site.check(NOW + DAY)[1].startswith(f"unhealthy: batch {BATCH} was published 1440 min ago")
