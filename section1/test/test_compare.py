"""What other rules would do, counted by hand, on both engines; and that asking leaves no trace."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.paths import ROOT
from common.progress import Progress
from section1 import main
from section1.config import CONF, ProcessConfig, Rules
from section1.core.moves import Comparison, Move, by_reason, total
from section1.core.report import Counts
from section1.operator import source
from section1.operator.destination import Destination
from section1.operator.source import SourceChanged, SourceMissing
from section1.test.support import BATCH, NOW, application, config_for, csv_of, publish, write_files
from section1.test.test_dry_run import tree
from section1.test.test_engines import ENGINES, HAND_MADE, REAL_FILE, nasty_files
from section1.test.test_manage import Ran, manage
from section1.test.test_privacy import LABELLED, REFUSED, secrets_in

NEXT = "2026-11-23T17"
SHIPPED = (CONF / "section1_process.yaml").read_text()
# On 2022-01-01 Ada is 31, Bob 20, Cyd 17.
PEOPLE = csv_of(
    application(),
    application("Bob Tan", "bob@tan.net", "2001-06-30"),
    application("Cyd Ong", "cyd@ong.net", "2004-06-30"),
    application("Dan Wee", "dan@wee.org", "2004-06-30", "1"),
    application("Eve Yeo", "eve@yeo.org"),
)


def rules(config: ProcessConfig, **changes: object) -> Rules:
    """Return the configured rules but for the changes."""
    return config.rules.model_copy(update=changes)


def compared(config: ProcessConfig, other: Rules, batch: str = BATCH, **changes: bool) -> Comparison:
    return main.compare(config, other, main.Request(batch, NOW, **changes), Progress())


def moves_of(found: Comparison) -> dict[tuple[str | None, str | None], int]:
    """Return the rows by their reasons before and after."""
    return {(move.before, move.after): move.rows for move in found.moves}


@pytest.fixture
def config(tmp_path: Path) -> ProcessConfig:
    """A source of five people, and a destination that is not there."""
    config = config_for(tmp_path)
    write_files(config.source, {"a.csv": PEOPLE})
    return config


@ENGINES
def test_a_higher_age_and_another_ending_move_who_they_concern(config: ProcessConfig, engine: str) -> None:
    config = config.model_copy(update={"engine": engine})
    found = compared(config, rules(config, adult_age=21, email_endings=("com", "org")))
    assert moves_of(found) == {
        (None, None): 1,  # Ada
        (None, "under_18;email_invalid"): 1,  # Bob, of age no longer, and at .net
        ("under_18", "under_18;email_invalid"): 1,  # Cyd
        ("mobile_invalid;under_18;email_invalid", "mobile_invalid;under_18"): 1,  # Dan
        ("email_invalid", None): 1,  # Eve
    }
    assert by_reason(found.moves) == [
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


@ENGINES
def test_a_date_read_the_other_way_round_is_another_membership_id(config: ProcessConfig, engine: str) -> None:
    config = config.model_copy(update={"engine": engine})
    days = ("12/10/1990", "10/10/1990", "12/25/1990", "25/12/1990")
    write_files(config.source, {"a.csv": csv_of(*(application(date_of_birth=day) for day in days))})
    found = compared(config, rules(config, date_shapes=("dd/MM/yyyy",)))
    assert sorted(found.moves, key=str) == [
        Move("birthday_invalid", None, 1, 0),
        Move(None, "birthday_invalid", 1, 0),
        Move(None, None, 2, 1),  # of which the tenth of October is the same day both ways
    ]


def test_the_same_rules_move_nothing(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    write_files(config.source, HAND_MADE)
    assert {(move.before == move.after, move.other_ids) for move in compared(config, config.rules).moves} == {(True, 0)}


@ENGINES
def test_both_sides_are_what_two_dry_runs_report(tmp_path: Path, engine: str) -> None:
    config = config_for(tmp_path)
    write_files(config.source, HAND_MADE | nasty_files(150))
    other = rules(config, adult_age=40, email_endings=("org", "NET"), date_shapes=("dd/MM/yyyy", "yyyy-dd-MM"))
    found = compared(config.model_copy(update={"engine": engine}), other)
    for side, side_s_rules in (("before", config.rules), ("after", other)):
        dry = publish(config.model_copy(update={"rules": side_s_rules}), dry_run=True)
        assert counted(found, side) == reasons_of(dry.report.counts)


def counted(found: Comparison, side: str) -> dict[str, int]:
    """Return the rows of each output and reason on one side of a comparison."""
    place = ("before", "after").index(side) + 1
    return {row[0]: int(str(row[place])) for row in by_reason(found.moves)}


def reasons_of(counts: Counts) -> dict[str, int]:
    return {"successful": counts.successful, "unsuccessful": counts.unsuccessful, **counts.reasons}


@ENGINES
@pytest.mark.needs("shared_data")
def test_the_first_real_file_by_stricter_rules(tmp_path: Path, engine: str) -> None:
    config = config_for(tmp_path, source=REAL_FILE.parent, engine=engine)
    found = compared(config, rules(config, adult_age=21, email_endings=("com",)))
    rows = {row[0]: row[1:] for row in by_reason(found.moves)}
    assert (total(found.moves), rows["successful"], rows["unsuccessful"]) == (
        1999,
        (294, 249, 0, 45, None, None),
        (1705, 1750, 45, 0, None, None),
    )
    assert (rows["under_18"], rows["email_invalid"]) == ((422, 497, 75, 0, 13, 0), (569, 782, 213, 0, 37, 0))


def test_what_a_batch_holds_is_not_taken_but_with_reprocess(config: ProcessConfig) -> None:
    publish(config)
    write_files(config.source, {"a.csv": PEOPLE, "b.csv": csv_of(application("Fay Lau", "fay@lau.net"))})
    other = rules(config, email_endings=("com",))
    new, replaced = compared(config, other, NEXT), compared(config, other, reprocess=True)
    assert ([file.name for file in new.files], [file.name for file in new.skipped]) == (["b.csv"], ["a.csv"])
    assert (total(new.moves), total(replaced.moves), replaced.batch) == (1, 6, BATCH)


def test_without_a_new_file_there_is_nothing_to_compare(config: ProcessConfig) -> None:
    publish(config)
    assert compared(config, config.rules).moves == ()


def test_a_missing_source_and_a_file_that_changes_are_refused(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceMissing):
        compared(config.model_copy(update={"source": config.source / "absent"}), config.rules)
    read = source.read_source

    def read_and_touch(*arguments: object) -> object:
        found = read(*arguments)  # type: ignore[arg-type]
        (config.source / "a.csv").write_bytes(PEOPLE + b"\n")
        return found

    monkeypatch.setattr(main, "read_source", read_and_touch)
    with pytest.raises(SourceChanged):
        compared(config, config.rules)


def test_an_engine_that_compares_not_every_row_is_found_out(
    config: ProcessConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("section1.operator.duckdb_operator.DuckdbEngine.compare", lambda *_: [Move(None, None, 4, 0)])
    with pytest.raises(main.RowsNotCompared, match="5 rows were read, 4 compared; please report this line"):
        compared(config, config.rules)


# --- the command ---


@pytest.fixture
def folder(config: ProcessConfig, tmp_path: Path) -> Path:
    """The five people, and stricter rules beside them."""
    (tmp_path / "strict.yaml").write_text(SHIPPED.replace("adult_age: 18", "adult_age: 21"))
    return tmp_path


def cells_of(ran: Ran) -> list[list[str]]:
    """Return the lines of what was said, cut into cells."""
    return [re.split(r" {2,}", line.strip()) for line in ran.out.splitlines()]


def test_the_same_file_moves_nothing(folder: Path) -> None:
    lines = cells_of(manage(folder, "--compare", "section1_process.yaml"))
    assert ["fall from successful to unsuccessful", "0"] in lines
    assert ["rise from unsuccessful to successful", "0"] in lines
    assert ["under_18", "2", "2", "0", "0", "0", "0"] in lines


def test_the_command_tells_what_moves_and_which_reasons(folder: Path) -> None:
    ran = manage(folder, "--compare", "strict.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"batch {BATCH}: before, and after a change to strict.yaml; nothing written\n")
    lines = cells_of(ran)
    for line in (
        ["files read", "1"],
        ["rows in", "5"],
        ["fall from successful to unsuccessful", "1"],
        ["rise from unsuccessful to successful", "0"],
        ["before", "after", "gained", "lost", "gained and fell", "lost and rose"],
        ["successful", "2", "1", "0", "1"],
        ["under_18", "2", "3", "1", "0", "1", "0"],
    ):
        assert line in lines
    assert not (folder / "dest").exists()


def test_a_refused_file_is_named_and_is_3(folder: Path) -> None:
    (folder / "src" / "none.csv").touch()
    ran = manage(folder, "--compare", "strict.yaml")
    assert (ran.code, ["none.csv", "has no bytes"] in cells_of(ran)) == (3, True)


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("absent.yaml", "absent.yaml: No such file or directory. Pass another file with --compare."),
        ("", ".: Is a directory. Pass another file with --compare."),
        ("bad.yaml", "bad.yaml: rules.adult_age: expected an integer such as 18, got 'old'."),
    ],
)
def test_a_bad_other_configuration_is_2_in_one_line(folder: Path, other: str, problem: str) -> None:
    (folder / "bad.yaml").write_text(SHIPPED.replace("adult_age: 18", "adult_age: old"))
    assert manage(folder, "--compare", other) == (2, "", f"section1_manage.py: {problem}\n")
    assert not (folder / "dest").exists()


def test_it_leaves_no_trace_and_waits_for_no_lock_even_where_nothing_may_be_written(
    folder: Path, config: ProcessConfig
) -> None:
    publish(config)
    write_files(config.destination / ".staging" / "4711", {"half.csv": b""})
    (folder / "tmp").mkdir()
    before = tree(config.destination), tree(config.source)
    for path in (config.destination, *config.destination.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with (config.destination / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = unprivileged(folder, "--compare", "strict.yaml", "--reprocess")
    for path in (config.destination, *config.destination.rglob("*")):
        path.chmod(before[0][str(path)][0] & 0o777)
    assert (ran.code, ran.err, ["rows in", "5"] in cells_of(ran)) == (0, "", True)
    assert (tree(config.destination), tree(config.source)) == before
    assert list((folder / "tmp").iterdir()) == []


def unprivileged(folder: Path, *arguments: str) -> Ran:
    """Run the command without root's right to write where it may not, its temporary files in folder/tmp."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    words = ["--task-config", "section1_process.yaml", "--engine", "duckdb", "--batch", BATCH, *arguments]
    ran = subprocess.run(
        [*drop, sys.executable, str(ROOT / "section1_manage.py"), *words, "--src-path", "src", "--dest-path", "dest"],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
        capture_output=True,
        text=True,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_nothing_personal_is_said(folder: Path) -> None:
    write_files(folder / "src", LABELLED | REFUSED)
    ran = manage(folder, "--compare", "strict.yaml")
    assert (ran.code, secrets_in(ran.out + ran.err)) == (3, [])


def test_it_works_beside_a_destination_with_a_batch_and_publishes_none(config: ProcessConfig) -> None:
    publish(config)
    compared(config, config.rules, NEXT)
    assert list(Destination(config.destination).committed()) == [BATCH]
