"""--compare: the rows that other rules would move, worked out by hand, on both engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.progress import Progress
from section1 import main
from section1.config import CONF, ProcessConfig, Rules
from section1.core.comparison import Change, Comparison, by_reason, total
from section1.core.report import Counts
from section1.operator.destination import Destination
from section1.operator.source import SourceChanged, SourceMissing
from section1.test.command import cells_of, error, run_job
from section1.test.engines import ENGINES, HAND_MADE, SPARK_IF_SLOW, generated_files
from section1.test.personal_data import LABELLED, REFUSED, personal_data_in
from section1.test.support import BATCH, NEXT_BATCH, NOW, application, config_for, csv_of, publish, write_files

SHIPPED = (CONF / "section1_process.yaml").read_text()
# On 2022-01-01 Ada is 31, Bob 20, Cyd 17.
PEOPLE = csv_of(
    application(),
    application("Bob Tan", "bob@tan.net", "2001-06-30"),
    application("Cyd Ong", "cyd@ong.net", "2004-06-30"),
    application("Dan Wee", "dan@wee.org", "2004-06-30", "1"),
    application("Eve Yeo", "eve@yeo.org"),
)


def changed(config: ProcessConfig, **changes: object) -> Rules:
    """Return the configured rules with these changes."""
    return config.rules.model_copy(update=changes)


def compared(config: ProcessConfig, other: Rules, batch: str = BATCH, **changes: bool) -> Comparison:
    return main.compare(config, other, main.Request(batch, NOW, **changes), Progress())


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """A source of five people and no destination."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": PEOPLE})
    return config


@ENGINES
def test_higher_age_and_other_endings_move_these_rows(config: ProcessConfig, engine: str) -> None:
    config = config.model_copy(update={"engine": engine})
    found = compared(config, changed(config, adult_age=21, email_endings=("com", "org")))
    assert {(change.before, change.after): change.rows for change in found.changes} == {
        (None, None): 1,  # Ada
        (None, "under_18;email_invalid"): 1,  # Bob: not an adult any more, and at .net
        ("under_18", "under_18;email_invalid"): 1,  # Cyd
        ("mobile_invalid;under_18;email_invalid", "mobile_invalid;under_18"): 1,  # Dan
        ("email_invalid", None): 1,  # Eve
    }
    assert by_reason(found.changes) == [
        ("successful", 2, 2, 1, 1, None, None),
        ("unsuccessful", 3, 3, 1, 1, None, None),
        ("row_malformed", 0, 0, 0, 0, 0, 0),
        ("name_missing", 0, 0, 0, 0, 0, 0),
        ("mobile_invalid", 1, 1, 0, 0, 0, 0),
        ("birthday_missing", 0, 0, 0, 0, 0, 0),
        ("birthday_invalid", 0, 0, 0, 0, 0, 0),
        ("under_18", 2, 3, 1, 0, 1, 0),
        ("email_invalid", 2, 2, 2, 2, 1, 1),
    ]


@SPARK_IF_SLOW
def test_swapped_day_and_month_change_membership_ids(config: ProcessConfig, engine: str) -> None:
    config = config.model_copy(update={"engine": engine})
    days = ("12/10/1990", "10/10/1990", "12/25/1990", "25/12/1990")
    write_files(config.source, {"a.csv": csv_of(*(application(date_of_birth=day) for day in days))})
    found = compared(config, changed(config, date_shapes=("dd/MM/yyyy",)))
    assert sorted(found.changes, key=str) == [
        Change("birthday_invalid", None, 1, 0),
        Change(None, "birthday_invalid", 1, 0),
        Change(None, None, 2, 1),  # 10/10 is the same day both ways
    ]


@pytest.mark.integration
@SPARK_IF_SLOW
def test_each_side_equals_a_dry_run_with_its_rules(tmp_path: Path, engine: str) -> None:
    config = config_for(tmp_path)
    write_files(config.source, HAND_MADE | generated_files(150))
    other = changed(config, adult_age=40, email_endings=("org", "NET"), date_shapes=("dd/MM/yyyy", "yyyy-dd-MM"))
    table = by_reason(compared(config.model_copy(update={"engine": engine}), other).changes)
    for column, rules in ((1, config.rules), (2, other)):
        dry = publish(config.model_copy(update={"rules": rules}), dry_run=True)
        assert {row[0]: int(str(row[column])) for row in table} == rows_by_reason(dry.report.counts)


def rows_by_reason(counts: Counts) -> dict[str, int]:
    return {"successful": counts.successful, "unsuccessful": counts.unsuccessful, **counts.reasons}


@ENGINES
def test_real_file_with_stricter_rules(tmp_path: Path, real_data: Path, engine: str) -> None:
    config = config_for(tmp_path, source=real_data / "applications", engine=engine)
    found = compared(config, changed(config, adult_age=21, email_endings=("com",)))
    rows = {row[0]: row[1:] for row in by_reason(found.changes)}
    assert total(found.changes) == 1999
    assert rows["successful"] == (294, 249, 0, 45, None, None)
    assert rows["unsuccessful"] == (1705, 1750, 45, 0, None, None)
    assert rows["under_18"] == (422, 497, 75, 0, 13, 0)
    assert rows["email_invalid"] == (569, 782, 213, 0, 37, 0)


def test_compare_takes_the_files_that_the_batch_would_take(config: ProcessConfig) -> None:
    publish(config)
    assert compared(config, config.rules).changes == ()
    write_files(config.source, {"a.csv": PEOPLE, "b.csv": csv_of(application("Fay Lau", "fay@lau.net")), "c.csv": b""})
    other = changed(config, email_endings=("com",))
    new, replaced = compared(config, other, NEXT_BATCH), compared(config, other, reprocess=True)
    files = [[file.name for file in found] for found in (new.files, new.skipped, new.refused)]
    assert files == [["b.csv"], ["a.csv"], ["c.csv"]]
    assert (total(new.changes), total(replaced.changes), new.batch, replaced.batch) == (1, 6, NEXT_BATCH, BATCH)
    assert list(Destination(config.destination).committed()) == [BATCH]


def engine_returns(monkeypatch: pytest.MonkeyPatch, moves: Callable[[], list[Change]]) -> None:
    monkeypatch.setattr("section1.operator.duckdb_operator.DuckdbEngine.compare", lambda *_: moves())


def test_missing_rows_in_a_comparison_fail(config: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_returns(monkeypatch, lambda: [Change(None, None, 4, 0)])
    with pytest.raises(main.RowsNotCompared) as caught:
        compared(config, config.rules)
    assert str(caught.value) == "5 rows read, 4 compared. This is a bug: please report this line."


@pytest.mark.parametrize("engine_fails", [False, True])
def test_file_that_changes_during_a_comparison_fails(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch, engine_fails: bool
) -> None:
    def change() -> list[Change]:
        (config.source / "a.csv").write_bytes(PEOPLE + b"\n")
        if engine_fails:
            raise RuntimeError
        return [Change(None, None, 5, 0)]

    engine_returns(monkeypatch, change)
    with pytest.raises(SourceChanged):
        compared(config, config.rules)


def test_missing_source_fails_a_comparison(config: ProcessConfig) -> None:
    with pytest.raises(SourceMissing):
        compared(config.model_copy(update={"source": config.source / "absent"}), config.rules)


@pytest.fixture
def directory(config: ProcessConfig, tmp_path: Path) -> Path:
    """The five people in src, and stricter rules beside them."""
    (tmp_path / "strict.yaml").write_text(SHIPPED.replace("adult_age: 18", "adult_age: 21"))
    return tmp_path


@pytest.mark.integration
def test_command_prints_moves_and_reasons(directory: Path) -> None:
    ran = run_job(directory, "--compare", "strict.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"batch {BATCH}: before and after a change to strict.yaml; nothing written\n")
    lines = cells_of(ran.out)
    for line in (
        ["files read", "1"],
        ["rows in", "5"],
        ["newly unsuccessful", "1"],
        ["newly successful", "0"],
        ["before", "after", "gained", "lost", "gained, now unsuccessful", "lost, now successful"],
        ["successful", "2", "1", "0", "1"],
        ["under_18", "2", "3", "1", "0", "1", "0"],
    ):
        assert line in lines
    assert not (directory / "dest").exists()


@pytest.mark.integration
def test_command_with_refused_files_exits_3_without_personal_data(directory: Path) -> None:
    write_files(directory / "src", LABELLED | REFUSED | {"none.csv": b""})
    ran = run_job(directory, "--compare", "section1_process.yaml")
    lines = cells_of(ran.out)
    assert (ran.code, ["none.csv", "empty file"] in lines) == (3, True)
    assert ["newly unsuccessful", "0"] in lines
    assert personal_data_in(ran.out + ran.err) == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("absent.yaml", "absent.yaml: No such file or directory. Pass another file with --compare."),
        ("", ".: Is a directory. Pass another file with --compare."),
        ("bad.yaml", "bad.yaml: rules.adult_age: expected an integer such as 18, got 'old'."),
    ],
)
def test_invalid_other_configuration_is_refused(directory: Path, other: str, problem: str) -> None:
    (directory / "bad.yaml").write_text(SHIPPED.replace("adult_age: 18", "adult_age: old"))
    assert run_job(directory, "--compare", other) == (2, "", error(problem))
    assert not (directory / "dest").exists()
