"""The command's summaries of files and batches, and the exit codes 0, 1 and 3."""

from pathlib import Path

import pytest

from section1.config import CONF
from section1.test.command import error, figures_of, run_job
from section1.test.support import (
    BATCH,
    EMPTY_BATCH,
    NEXT_BATCH,
    UNSUCCESSFUL_HEADER,
    application,
    bytes_of,
    config_for,
    csv_of,
    everything_in,
    publish,
    published,
    write_files,
)

pytestmark = pytest.mark.integration

FIRST, NEW = csv_of(application()), csv_of(application(mobile_no="123"))
NO_EMAIL = b"name,date_of_birth,mobile_no\nAda Lim,1990-12-10,91234567\n"
NOTHING_TO_DO = f"Batch {BATCH} is published and no file is new. Nothing to do.\n"


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A directory with src and dest, whose one file of one successful row is published."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": FIRST})
    publish(config)
    return tmp_path


@pytest.mark.parametrize("name", ["no email.csv", "a [copy].csv", "a:warning:.csv"])
def test_refused_file_is_listed_and_the_others_are_published(tmp_path: Path, name: str) -> None:
    write_files(tmp_path / "src", {"a.csv": FIRST, name: NO_EMAIL, "nothing.csv": b""})
    ran = run_job(tmp_path)
    figures = figures_of(ran.out)
    assert (ran.code, ran.err, published(tmp_path / "dest")) == (3, "", [BATCH])
    assert (figures["files read"], figures["files refused"], figures["successful"]) == ("1", "2", "1")
    assert (figures[name], figures["nothing.csv"]) == ("column 'email' is missing", "empty file")


def test_only_refused_files_publish_nothing(tmp_path: Path) -> None:
    write_files(tmp_path / "src", {"a.csv": NO_EMAIL, "b.csv": b""})
    problems = "a.csv: column 'email' is missing; b.csv: empty file"
    problem = f"no file can be read: {problems}. Nothing was published. Fix or remove the files."
    assert run_job(tmp_path) == (1, "", error(problem))
    assert published(tmp_path / "dest") == []


def test_second_run_without_new_file_changes_nothing(batch: Path) -> None:
    before = everything_in(batch / "dest")
    assert run_job(batch) == (0, NOTHING_TO_DO, "")
    assert everything_in(batch / "dest") == before


def test_second_run_lists_a_new_refused_file(batch: Path) -> None:
    (batch / "src" / "b.csv").write_bytes(NO_EMAIL)
    assert run_job(batch) == (3, f"{NOTHING_TO_DO}refused: b.csv: column 'email' is missing\n", "")
    assert published(batch / "dest") == [BATCH]


def test_skipped_file_is_counted_in_the_table(batch: Path) -> None:
    write_files(batch / "src", {"renamed.csv": FIRST, "z.csv": NEW})
    ran = run_job(batch, batch=NEXT_BATCH)
    assert (ran.code, figures_of(ran.out)["files skipped, already in a batch"]) == (0, "1")


def test_reprocess_applies_the_current_rules(batch: Path) -> None:
    shipped = (CONF / "section1_process.yaml").read_text()
    (batch / "strict.yaml").write_text(shipped.replace("adult_age: 18", "adult_age: 99"))
    assert run_job(batch, "--reprocess", "--task-config", "strict.yaml").code == 0
    row = b"Ada,Lim,19901210,91234567,ada@lim.com,false,under_18,Ada Lim,ada@lim.com,1990-12-10,91234567,,a.csv\n"
    changed = {"unsuccessful_application/part-00000.csv": UNSUCCESSFUL_HEADER + row}
    assert (published(batch / "dest"), bytes_of(config_for(batch))) == ([BATCH], EMPTY_BATCH | changed)


def test_reprocess_of_an_absent_batch_publishes_it(tmp_path: Path) -> None:
    write_files(tmp_path / "src", {"a.csv": FIRST})
    ran = run_job(tmp_path, "--reprocess")
    assert (ran.code, ran.out.splitlines()[0].strip()) == (0, f"batch {BATCH}: published, none replaced")


def test_reprocess_without_the_original_file_is_refused(batch: Path) -> None:
    before = everything_in(batch / "dest")
    write_files(batch / "src", {"b.csv": NEW})
    problem = f"--reprocess: batch {BATCH} has files that are not in the source directory: a.csv. Restore them first."
    assert run_job(batch, "--reprocess") == (2, "", error(problem))
    assert everything_in(batch / "dest") == before
