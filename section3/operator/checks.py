"""Run cfn-lint and checkov on the template; neither needs a network."""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cfnlint.api import lint_file

from common.errors import JobError
from common.paths import ROOT
from section3.config import TEMPLATE
from section3.rules.requirements import RULES, violations
from section3.rules.template import load

# In an environment of its own, because it pins older versions of what others use.
CHECKOV_FOLDER = Path(".local") / "checkov"


class TemplateRefused(JobError):
    """A checker found something."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__(f"{len(findings)} findings; change the template:", *findings)


class CheckerBroken(JobError):
    """A checker did not run to its end."""

    def __init__(self, name: str, words: str) -> None:
        said = words.strip().splitlines() or ["it said nothing"]
        super().__init__(f"{name} did not run; delete .local/checkov, try again; its words:", *said)


@dataclass(frozen=True)
class Result:
    """What one checker looked at, what the template told it to leave out, and what it found."""

    checker: str
    looked_at: int
    kind: str
    skipped: int
    findings: list[str]

    def __str__(self) -> str:
        left_out = f", {self.skipped} of them left out with a reason" if self.skipped else ""
        return f"{self.checker}: {self.looked_at} {self.kind}{left_out}, {len(self.findings)} findings"


def check(path: Path = TEMPLATE) -> list[Result]:
    """Return what each checker says. Raises: TemplateRefused when one found something, CheckerBroken."""
    results = [requirements(path), cfn_lint(path), checkov(path)]
    if findings := [f"{result.checker}: {finding}" for result in results for finding in result.findings]:
        raise TemplateRefused(findings)
    return results


def requirements(path: Path) -> Result:
    """Validation the project's own rules."""
    return Result("requirements", len(RULES), "rules", 0, [str(violation) for violation in violations(load(path))])


def cfn_lint(path: Path) -> Result:
    """Validation against CloudFormation's own description of every resource, warnings included."""
    logging.getLogger("cfnlint").setLevel(logging.WARNING)  # it tells of each run
    findings = [f"line {match.linenumber}: {match}" for match in lint_file(path)]
    return Result("cfn-lint", len(load(path).resources), "resources", 0, findings)


def checkov(path: Path) -> Result:
    """Validation against checkov's rules on security. Raises: CheckerBroken."""
    command = [prepared_checkov(), "-f", str(path), "--framework", "cloudformation"]
    # --skip-download: what it would ask for by network are links to guidelines, and a test has to run without one
    command += ["--compact", "--quiet", "--skip-download", "--output", "json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        report = json.loads(run.stdout)
        summary, failed = report["summary"], report["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError):
        raise CheckerBroken("checkov", run.stderr or run.stdout) from None
    findings = [f"{entry['check_id']} {entry['resource']}: {entry['check_name']}" for entry in failed]
    findings += [f"{summary['parsing_errors']} parts could not be read"] * bool(summary["parsing_errors"])
    looked_at = summary["passed"] + summary["failed"] + summary["skipped"]
    return Result("checkov", looked_at, "checks", summary["skipped"], findings)


def prepared_checkov() -> str:
    """Return the path of checkov, made or renewed first if need be. Raises: CheckerBroken."""
    command = ["sh", "docker/setup.sh", str(CHECKOV_FOLDER), "checkov"]
    run = subprocess.run(command, cwd=ROOT, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    if run.stdout:
        print(run.stdout, end="", file=sys.stderr)
    if run.returncode:
        raise CheckerBroken("checkov", run.stdout)
    return str(ROOT / CHECKOV_FOLDER / "bin" / "checkov")
