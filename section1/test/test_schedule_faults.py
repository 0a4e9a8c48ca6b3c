"""Scheduled runs that fail in the middle: the destination stays unchanged, and the next run completes."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from common.schedule.lock import run_in_progress
from common.test.schedule_support import use_own_scratch
from common.test.waiting import wait_until
from section1.test.schedule_support import COMMITTING, HALF_PUBLISHED, LABELLED, STAGED, Site
from section1.test.support import BATCH, application, csv_of, everything_in, rows_of

pytestmark = pytest.mark.integration

NOW = datetime.fromisoformat("2026-11-23T16:30+08:00")
OLD = "2026-11-23T15"
FAILED, KILLED = "the run failed with exit code 1", "the run was killed (exit code 137), perhaps out of memory"
LIMIT = timedelta(seconds=15)
LATE = "the run was ended because it took longer than 0.25 min"
slow = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with an empty batch of the hour before and a new file."""
    use_own_scratch(tmp_path, monkeypatch)
    site = Site(tmp_path).build()
    site.publish(NOW - timedelta(hours=1), OLD)
    site.drop({"a.csv": csv_of(application())})
    return site


def committed_files(site: Site) -> dict[str, bytes]:
    """Return the files of the committed batches."""
    batches = site.batches()
    files = {Path(path): content for path, content in everything_in(site.folder / "dest").items()}
    return {str(path): content for path, content in files.items() if path.parts[1].partition(".")[0] in batches}


@pytest.mark.parametrize(
    ("where", "fault", "code", "outcome"),
    [
        (HALF_PUBLISHED, "job waits", 1, (1, LATE)),
        (COMMITTING, "wrapper terminated", 143, None),
        (LABELLED, "job killed", 137, (137, KILLED)),
        pytest.param(STAGED, "both killed", -9, None, marks=slow),
        (HALF_PUBLISHED, "both killed", -9, None),
        pytest.param(STAGED, "disk full", 1, (1, FAILED), marks=slow),
        (LABELLED, "disk full", 1, (1, FAILED)),
    ],
)
def test_failed_run_changes_nothing_and_the_next_completes(
    site: Site, where: tuple[str, str], fault: str, code: int, outcome: tuple[int, str] | None
) -> None:
    before = committed_files(site)
    site.inject(where, fault)
    in_this_process = fault == "job waits"  # with a limit in seconds
    run = partial(site.run, limit=LIMIT) if in_this_process else lambda _: site.command("run").code
    assert (site.make(NOW, run), site.outcome) == (code, outcome)
    assert not (site.folder / "fault").exists()
    assert committed_files(site) == before
    if "killed" not in fault:
        assert site.stages() == []
    if "disk" in fault:
        assert "File too large. Nothing was published.\n" in site.log
    assert site.make(NOW, site.catch_up) == 0
    assert site.outcome == (0, "the run is done")
    assert site.batches() == {OLD: [], BATCH: ["a.csv"]}
    assert len(rows_of(site.folder / "dest" / "successful_application" / BATCH)) == 1
    assert (site.stages(), committed_files(site)) == ([], everything_in(site.folder / "dest"))
    assert site.check(NOW)[0] == 0


def test_job_whose_wrapper_is_killed_completes(site: Site) -> None:
    site.inject(STAGED, "wrapper killed")
    assert site.make(NOW, lambda _: site.command("run").code) == -9
    wait_until(lambda: BATCH in site.batches() and not site.stages())
    assert site.batches() == {OLD: [], BATCH: ["a.csv"]}
    assert (site.make(NOW, site.catch_up), site.outcome) == (0, None)


def test_stop_ends_the_job_and_waits_for_it(site: Site) -> None:
    site.inject(HALF_PUBLISHED, "job waits")
    (site.folder / "now").write_text(NOW.isoformat())
    with site.start("run") as wrapper:
        wait_until((site.folder / "waiting").exists)
        assert run_in_progress(site.job.lock) == wrapper.pid
        assert site.command("stop") == (0, "", "")
        assert (run_in_progress(site.job.lock), site.stages(), list(site.batches())) == (None, [], [OLD])
        assert wrapper.wait(60) == 143
