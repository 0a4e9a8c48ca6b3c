"""The outcome of the last run: written whole to the first place that can be written, read from where it stands."""

import json
from pathlib import Path

import pytest

from common.schedule.record import Record, read, write

GOOD = Record("2026-11-23T16:00:00+08:00", "2026-11-23T16:00:09+08:00", 0, "the run is done", told=False)
BAD = Record("2026-11-23T17:00:00+08:00", "2026-11-23T17:00:09+08:00", 1, "the run failed", told=True)
WHOLE = json.dumps({"started_at": "x", "ended_at": GOOD.ended_at, "exit_code": 0, "words": "", "told": False})


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Two places, whose folders are not there yet."""
    return tmp_path / "log" / "night" / "last_run.json", tmp_path / "tmp" / "night_last_run.json"


def close(place: Path) -> None:
    """Let a file stand where the place's folder should be."""
    place.parent.parent.mkdir(exist_ok=True)
    place.parent.touch()


def open_again(place: Path) -> None:
    """Undo it."""
    place.parent.unlink()


def test_without_a_run_there_is_no_record(places: tuple[Path, Path]) -> None:
    assert read(places) is None


def test_a_record_is_read_as_it_was_written(places: tuple[Path, Path]) -> None:
    assert write(BAD, places) == []
    assert read(places) == BAD


def test_a_record_is_a_small_json_file_and_nothing_is_left_beside_it(places: tuple[Path, Path]) -> None:
    write(BAD, places)
    assert places[0].read_text() == (
        '{\n  "started_at": "2026-11-23T17:00:00+08:00",\n  "ended_at": "2026-11-23T17:00:09+08:00",\n'
        '  "exit_code": 1,\n  "words": "the run failed",\n  "told": true\n}\n'
    )
    assert [path.name for path in places[0].parent.iterdir()] == ["last_run.json"]
    assert not places[1].exists()


@pytest.mark.parametrize(("code", "good"), [(0, True), (3, True), (1, False), (2, False), (75, False), (137, False)])
def test_a_run_is_good_when_it_published(code: int, good: bool) -> None:
    assert Record("", "", code, "", told=False).good is good


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 200,
        b"\xff\xfe",
        WHOLE.encode()[:-9],
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        WHOLE.replace('"words"', '"word"').encode(),
        WHOLE.replace("{", '{"more": 1, ').encode(),
    ],
)
def test_a_damaged_record_counts_as_none_and_the_next_run_mends_it(places: tuple[Path, Path], content: bytes) -> None:
    write(GOOD, places)
    places[0].write_bytes(content)
    assert read(places) is None
    assert write(BAD, places) == []
    assert read(places) == BAD


def test_where_the_first_place_cannot_be_written_the_second_is_and_it_is_said(places: tuple[Path, Path]) -> None:
    close(places[0])
    assert write(BAD, places) == [f"{places[0]}: File exists; the outcome of this run is not recorded there"]
    assert (read(places), read(places[1:])) == (BAD, BAD)


def test_where_no_place_can_be_written_it_is_said_of_each(places: tuple[Path, Path]) -> None:
    close(places[0])
    close(places[1])
    problem = "File exists; the outcome of this run is not recorded there"
    assert write(BAD, places) == [f"{place}: {problem}" for place in places]
    assert read(places) is None


def test_a_folder_is_no_place_for_a_record(places: tuple[Path, Path]) -> None:
    places[0].mkdir(parents=True)
    assert write(BAD, places) == [f"{places[0]}: Is a directory; the outcome of this run is not recorded there"]
    assert read(places) == BAD


@pytest.mark.parametrize(("first", "second"), [(GOOD, BAD), (BAD, GOOD)], ids=["clock went on", "clock went back"])
def test_the_last_run_counts_when_the_first_place_could_not_be_written_any_more(
    places: tuple[Path, Path], first: Record, second: Record
) -> None:
    write(first, places)
    places[0].with_name(f".{places[0].name}.tmp").mkdir()  # as a disk that is full: the old record can be read
    assert len(write(second, places)) == 1
    assert read(places) == second


@pytest.mark.parametrize(("first", "second"), [(GOOD, BAD), (BAD, GOOD)], ids=["clock went on", "clock went back"])
def test_the_last_run_counts_when_the_first_place_can_be_written_again(
    places: tuple[Path, Path], first: Record, second: Record
) -> None:
    close(places[0])
    write(first, places)
    open_again(places[0])
    assert write(second, places) == []
    assert read(places) == second
