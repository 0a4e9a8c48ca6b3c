"""What a run says stands on the standard output and in the log; neither can make the run fail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.schedule.copies import Copies
from common.test.schedule_support import NOW, Night, night_in

MEGABYTE = 1_000_000
AT = NOW.isoformat(timespec="seconds")
SAID = [f"{AT} night: a run begins", "one", "two", f"{AT} night: the run is done"]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch).does("import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr)")


def without_times(text: str) -> list[str]:
    """Drop the times that the wrapper's own lines begin with."""
    return [line.partition(" ")[2] if " night: " in line else line for line in text.splitlines()]


def test_the_output_of_a_run_stands_in_both_places(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert night.run() == 0
    assert capsys.readouterr() == ("".join(f"{line}\n" for line in SAID), "")
    assert night.log.splitlines() == SAID


def test_the_next_run_writes_below_the_last_one(night: Night) -> None:
    night.run()
    night.run()
    assert night.log.splitlines() == SAID * 2


def test_the_log_is_rotated_by_its_size_and_five_old_ones_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = Copies(tmp_path / "log" / "pipeline.log")
    for number in range(33):
        copies.tell(f"{number:02}".ljust(MEGABYTE, "."))
    copies.close()
    capsys.readouterr()
    kept = {path.name: [line[:2] for line in path.read_text().split()] for path in (tmp_path / "log").iterdir()}
    assert kept == {
        "pipeline.log": ["32"],
        "pipeline.log.1": ["28", "29", "30", "31"],
        "pipeline.log.2": ["24", "25", "26", "27"],
        "pipeline.log.3": ["20", "21", "22", "23"],
        "pipeline.log.4": ["16", "17", "18", "19"],
        "pipeline.log.5": ["12", "13", "14", "15"],
    }


def close_the_folder(log: Path) -> None:
    log.parent.touch()


def be_a_folder(log: Path) -> None:
    log.mkdir(parents=True)


def fill_the_disk(log: Path) -> None:
    log.parent.mkdir()
    log.symlink_to("/dev/full")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (close_the_folder, "File exists"),
        (be_a_folder, "Is a directory"),
        (fill_the_disk, "No space left on device"),
    ],
)
@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_log_that_cannot_be_written_changes_no_exit_code(
    night: Night, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], problem: str, code: int
) -> None:
    spoil(night.job.log)
    night.does(f"print('one')\nraise SystemExit({code})")
    assert night.run() == code
    begins, *others = capsys.readouterr().out.splitlines()
    assert begins == SAID[0]
    assert others[:2] == [f"{night.job.log}: {problem}; the rest of this run is not written there", "one"]


def test_a_log_that_cannot_be_rotated_does_not_fail_the_run(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 6):
        (night.job.logs / f"data_pipeline.log.{number}").mkdir(parents=True)
    night.job.log.write_text("." * 5 * MEGABYTE)
    assert night.run() == 0
    assert f"{night.job.log}: Is a directory; the rest of this run is not written there" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1, 3])
@pytest.mark.parametrize("output", ["full", "closed"])
def test_a_standard_output_that_cannot_be_written_changes_no_exit_code(night: Night, output: str, code: int) -> None:
    night.does(f"print('one')\nraise SystemExit({code})")
    if output == "full":
        with Path("/dev/full").open("w") as full, night.start("run", stdout=full) as process:
            err = process.communicate(timeout=100)[1]
    else:
        with night.start("run") as process:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
            err = process.communicate(timeout=100)[1]
    assert (process.returncode, err) == (code, "")
    assert without_times(night.log)[-2] == "one"
    assert "standard output: " in night.log


def test_on_a_disk_that_is_full_everywhere_a_run_still_says_how_it_ended(night: Night) -> None:
    ran = night.command("run", "prlimit", "--fsize=0:0")
    assert (ran.code, ran.err) == (0, "")
    places = [night.folder / "log" / "last_run.json", night.folder / "tmp" / "night_last_run.json"]
    unwritten = [f"{place}: File too large; the outcome of this run is not recorded there" for place in places]
    assert without_times(ran.out)[-3:] == ["night: the run is done", *unwritten]


def test_bytes_that_are_no_text_are_shown_as_numbers(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.does(r"import os; os.write(1, b'caf\xc3\xa9 \xff\xfe\n\x00')")
    assert night.run() == 0
    assert night.log.splitlines()[1:3] == ["café \\xff\\xfe", "\0"]
    assert capsys.readouterr().out == night.log


def test_letters_that_the_standard_output_cannot_show_are_shown_as_numbers(night: Night) -> None:
    night.does(r"import os; os.write(1, b'caf\xc3\xa9\n')")
    ran = night.command("run", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err, without_times(ran.out)[1]) == (0, "", "caf\\xe9")
    assert "café" in night.log


def test_a_line_that_does_not_end_is_passed_on_in_pieces(night: Night) -> None:
    night.does("import os; os.write(1, b'x' * 200_000)")
    assert night.run() == 0
    assert [len(line) for line in night.log.splitlines()[1:-1]] == [65536, 65536, 65536, 3392]
