"""The documentation matches the repository: commands, options, links and services."""

import argparse
import importlib
import re
from collections.abc import Iterator

import pytest
import yaml

from common.paths import ROOT

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("[!.]*/*.md")])
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
RUNNERS = sorted(path.name for path in ROOT.glob("section*_runner.sh"))
# Commands of README.md that .ci/run does not contain, and the file whose tests run them.
TESTED_ELSEWHERE = {
    "sh section4_runner.sh start": "section4/test/test_container.py",  # needs a source, which CI has no network for
    "sh section4_runner.sh ingest": "section4/test/test_container.py",
    "./test_runner.sh": ".ci/run",  # --all is a superset
    "./test_runner.sh --all": ".ci/run",  # with REQUIRE
}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def readme_commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", text("README.md"), re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield every command and long option of a parser and its subparsers."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, subparser in action.choices.items():
                yield name
                yield from options(subparser)
        yield from (option for option in action.option_strings if option.startswith("--") and option != "--help")


def test_readme_commands_are_found() -> None:
    assert len(readme_commands()) > 10


@pytest.mark.parametrize("command", readme_commands())
def test_readme_command_is_run_by_ci_or_by_a_test(command: str) -> None:
    if command in TESTED_ELSEWHERE:
        assert command.split()[-1].removeprefix("./") in text(TESTED_ELSEWHERE[command])
    else:
        assert any(re.search(rf"(^| ){re.escape(command)}($| )", line) for line in CI.splitlines())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_existing_files(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text(page))
    targets = [link for link in links if not link.startswith("https://")]
    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


def test_readme_has_at_most_120_lines() -> None:
    assert len(text("README.md").splitlines()) <= 120


@pytest.mark.parametrize("section", [1, 2, 3, 4, 5])
def test_cli_commands_and_options_are_documented(section: int) -> None:
    parser = importlib.import_module(f"section{section}.cli").parser()
    page = text(f"section{section}/README.md")
    assert [name for name in options(parser) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page)] == []


@pytest.mark.parametrize("runner", RUNNERS)
def test_runner_commands_are_documented(runner: str) -> None:
    usage = text(runner).split("<<END\n")[1].split("\nEND\n")[0]
    commands = set(re.findall(r"^  ([a-z-]+) ", usage, re.MULTILINE))
    page = text(f"{runner.partition('_')[0]}/README.md")
    assert {"start", "stop", "status", "logs", "run"} <= commands
    assert [name for name in sorted(commands) if not re.search(rf"(?<![\w-]){name}(?![\w-])", page)] == []


def test_compose_services_are_in_the_architecture_diagram() -> None:
    page = text("docs/architecture.md")
    files = sorted((ROOT / "docker").glob("*.compose.yaml"))
    services = [name for path in files for name in yaml.safe_load(path.read_text(encoding="utf-8"))["services"]]
    assert len(files) == 3
    assert [name for name in services if f"{name}[" not in page] == []
