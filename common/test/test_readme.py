"""What the README tells people to type is what CI types, and what it tells of exists."""

import re

import pytest

from common.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
# Too long for each commit; ./test_runner.sh runs the same tests with small budgets.
LONG = ".venv/bin/python -m proof"


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


def test_the_readme_has_commands() -> None:
    assert len(commands()) == 16


@pytest.mark.parametrize("command", [command for command in commands() if command != LONG])
def test_ci_runs_each_command_of_the_readme(command: str) -> None:
    assert any(f" {line}".rstrip(")").endswith(f" {command}") for line in CI.splitlines())


PAGES = ["README.md", "CONTRIBUTING.md", "docs/README.md", *(f"section{section}/README.md" for section in (1, 2, 3))]


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_to_a_file(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)[^)]*\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


def test_the_readme_is_short_enough_to_read() -> None:
    assert len(README.splitlines()) < 250
