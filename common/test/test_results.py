"""A result replaces its own section of RESULTS.md and no other."""

from pathlib import Path

from common.results import machine, table, with_section, write_section

TEXT = "# Title\n\nwords\n\n## Section 1\n\nold\n\n### 5k rows\n\nold\n\n## Section 12\n\nkept\n"


def test_a_section_is_replaced_with_all_below_it() -> None:
    assert with_section(TEXT, "Section 1", "new") == (
        "# Title\n\nwords\n\n## Section 1\n\nnew\n\n## Section 12\n\nkept\n"
    )


def test_the_last_section_is_replaced() -> None:
    assert with_section(TEXT, "Section 12", "new") == TEXT.replace("kept", "new")


def test_a_new_section_is_added_at_the_end() -> None:
    assert with_section(TEXT, "Section 2", "new\n") == f"{TEXT}\n## Section 2\n\nnew\n"


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Title\n")
    for _ in range(2):
        write_section(path, "Section 1", "body")
        assert path.read_text() == "# Title\n\n## Section 1\n\nbody\n"


def test_a_table_is_markdown_in_straight_columns() -> None:
    assert table(("who", "s"), [("DuckDB", "1.5"), ("x", "10.25")]) == (
        "| who    |     s |\n| ------ | ----: |\n| DuckDB |   1.5 |\n| x      | 10.25 |"
    )


def test_the_machine_is_described_but_not_named() -> None:
    assert "cores" in machine()
    assert Path("/proc/sys/kernel/hostname").read_text().strip() not in machine()
