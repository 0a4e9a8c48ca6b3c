"""Markdown tables and sections."""

from pathlib import Path

import pytest

from common.results import machine, table, with_section, write_section

TEXT = "# Title\n\nwords\n\n## Section 1\n\nold\n\n### 5k rows\n\nold\n\n## Section 12\n\nkept\n"


@pytest.mark.parametrize(
    ("heading", "body", "expected"),
    [
        ("Section 1", "new", "# Title\n\nwords\n\n## Section 1\n\nnew\n\n## Section 12\n\nkept\n"),
        ("Section 12", "new", TEXT.replace("kept", "new")),
        ("Section 2", "new\n", f"{TEXT}\n## Section 2\n\nnew\n"),
    ],
    ids=["first", "last", "new"],
)
def test_with_section_replaces_or_appends(heading: str, body: str, expected: str) -> None:
    assert with_section(TEXT, heading, body) == expected


def test_write_section_is_idempotent(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Title\n")
    for _ in range(2):
        write_section(path, "Section 1", "body")
        assert path.read_text() == "# Title\n\n## Section 1\n\nbody\n"


def test_table_is_aligned_markdown() -> None:
    assert table(("who", "s"), [("DuckDB", "1.5"), ("x", "10.25")]) == (
        "| who    |     s |\n| ------ | ----: |\n| DuckDB |   1.5 |\n| x      | 10.25 |"
    )


def test_machine_has_no_host_name() -> None:
    assert "cores" in machine()
    assert Path("/proc/sys/kernel/hostname").read_text().strip() not in machine()
