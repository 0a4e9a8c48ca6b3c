"""Section 1's job on its schedule, struck in the middle: the destination is as before, and the next run completes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.schedule.processes import at_work
from common.test.schedule_support import use_own_scratch
from common.test.waiting import wait_until
from section1.test.scheduled_support import BATCH, COMMITTING, HALF_PUBLISHED, LABELLED, STAGED, Site
from section1.test.support import application, csv_of, everything_in, rows_of

A = csv_of(application())
NOW = datetime.fromisoformat("2026-11-23T16:30+08:00")
HOUR = timedelta(hours=1)
OLD = "2026-11-23T15"
FAILED, KILLED = "the run failed with exit code 1", "the run was killed (exit code 137), perhaps for lack of memory"
LATE = "the run was ended because it took longer than 50 min"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with an empty batch of the hour before, and a new file."""
    use_own_scratch(tmp_path, monkeypatch)
    site = Site(tmp_path).build()
    site.publish(NOW - HOUR, OLD)
    site.drop({"a.csv": A})
    return site


def struck(site: Site, where: tuple[str, str], way: str) -> int:
    """Let a wrapper run the job, which is struck; what counts must be as before. Return the wrapper's exit code."""
    before = counting(site)
    site.strike(where, way)
    code = site.make(NOW, lambda _: site.command("run").code)
    wait_until(lambda: not at_work(site.job))  # a job may die a moment after its wrapper
    assert not (site.folder / "strike").exists()
    assert counting(site) == before
    return code


def counting(site: Site) -> dict[str, bytes]:
    """Return the files of the batches that count."""
    batches = site.batches()
    files = {Path(path): content for path, content in everything_in(site.folder / "dest").items()}
    return {str(path): content for path, content in files.items() if path.parts[1].partition(".")[0] in batches}


def require_completed(site: Site) -> None:
    """The next run takes the file, and leaves nothing of the struck one."""
    assert site.make(NOW, site.catch_up) == 0
    assert site.outcome == (0, "the run is done")
    assert site.batches() == {OLD: [], BATCH: ["a.csv"]}
    assert len(rows_of(site.folder / "dest" / "successful_application" / BATCH)) == 1
    assert (site.stages(), counting(site)) == ([], everything_in(site.folder / "dest"))
    assert site.check(NOW)[0] == 0


@pytest.mark.parametrize(
    ("where", "way", "code", "outcome"),
    [
        (HALF_PUBLISHED, "its time is over", 1, (1, LATE)),
        (COMMITTING, "its wrapper is stopped", 143, None),
        (LABELLED, "it is killed", 137, (137, KILLED)),
        (STAGED, "both are killed", -9, None),
        (HALF_PUBLISHED, "both are killed", -9, None),
        (STAGED, "the disk is full", 1, (1, FAILED)),
        (LABELLED, "the disk is full", 1, (1, FAILED)),
    ],
)
def test_a_run_struck_in_the_middle_leaves_the_old_state_and_the_next_one_completes(
    site: Site, where: tuple[str, str], way: str, code: int, outcome: tuple[int, str] | None
) -> None:
    assert (struck(site, where, way), site.outcome) == (code, outcome)
    if "killed" not in way:
        assert site.stages() == []
    if "disk" in way:
        assert "File too large; nothing was published\n" in site.log
    require_completed(site)


def test_a_job_that_has_lost_its_wrapper_completes_and_nothing_is_due_then(site: Site) -> None:
    site.strike(STAGED, "its wrapper is killed")
    assert site.make(NOW, lambda _: site.command("run").code) == -9
    wait_until(lambda: not at_work(site.job))
    assert (site.batches(), site.stages()) == ({OLD: [], BATCH: ["a.csv"]}, [])
    assert (site.make(NOW, site.catch_up), site.outcome) == (0, None)


def test_stop_ends_the_job_in_the_middle_and_waits_for_it(site: Site) -> None:
    site.strike(HALF_PUBLISHED, "it takes its time")
    (site.folder / "now").write_text(NOW.isoformat())
    with site.start("run") as wrapper:
        wait_until((site.folder / "struck").exists)
        assert at_work(site.job) == [wrapper.pid]
        assert site.command("stop") == (0, "", "")
        assert (at_work(site.job), site.stages(), list(site.batches())) == ([], [], [OLD])
        assert wrapper.wait() == 143
