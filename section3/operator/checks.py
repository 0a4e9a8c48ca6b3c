"""Checks of the template by cfn-lint, checkov and this project's rules; none needs a network."""

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
from section3.operator.template import load
from section3.rules.requirements import RULES, violations

# A separate environment, because checkov pins older versions of shared packages.
CHECKOV_DIRECTORY = Path(".local") / "checkov"


class TemplateRejected(JobError):
    """A check has findings."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__(f"template.yaml: {len(findings)} findings. Change the template.", *findings)


class CheckerFailed(JobError):
    """checkov could not be installed, or did not finish."""

    def __init__(self, output: str) -> None:
        lines = output.strip().splitlines() or ["no output"]
        super().__init__("checkov failed. Delete .local/checkov and try again. Its output:", *lines)


@dataclass(frozen=True)
class Result:
    """Result of one checker: number of checked items, suppressed items and findings."""

    checker: str
    checked: int
    kind: str
    suppressed: int
    findings: list[str]

    def __str__(self) -> str:
        suppressed = f", {self.suppressed} of them suppressed with a reason" if self.suppressed else ""
        return f"{self.checker}: {self.checked} {self.kind}{suppressed}, {len(self.findings)} findings"


def check(path: Path = TEMPLATE) -> list[Result]:
    """Run all checkers. Raises: TemplateRejected, CheckerFailed."""
    results = [requirements(path), cfn_lint(path), checkov(path)]
    if findings := [f"{result.checker}: {finding}" for result in results for finding in result.findings]:
        raise TemplateRejected(findings)
    return results


def requirements(path: Path) -> Result:
    return Result("requirements", len(RULES), "rules", 0, [str(violation) for violation in violations(load(path))])


def cfn_lint(path: Path) -> Result:
    """Check against CloudFormation's specification of every resource, including warnings."""
    logging.getLogger("cfnlint").setLevel(logging.WARNING)  # cfn-lint logs every run
    findings = [f"line {match.linenumber}: {match}" for match in lint_file(path)]
    return Result("cfn-lint", len(load(path).resources), "resources", 0, findings)


def checkov(path: Path) -> Result:
    """Check against checkov's security rules. Raises: CheckerFailed."""
    command = [prepared_checkov(), "-f", str(path), "--framework", "cloudformation"]
    # --skip-download: checkov would download links to guidelines, and tests must run without a network.
    command += ["--compact", "--quiet", "--skip-download", "--output", "json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        report = json.loads(run.stdout)
        summary, failed = report["summary"], report["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError):
        raise CheckerFailed(run.stderr or run.stdout) from None
    findings = [f"{entry['check_id']} {entry['resource']}: {entry['check_name']}" for entry in failed]
    findings += [f"{summary['parsing_errors']} parts could not be parsed"] * bool(summary["parsing_errors"])
    checked = summary["passed"] + summary["failed"] + summary["skipped"]
    return Result("checkov", checked, "checks", summary["skipped"], findings)


def prepared_checkov() -> str:
    """Install or update checkov and return its path. Raises: CheckerFailed."""
    command = ["sh", "docker/setup.sh", str(CHECKOV_DIRECTORY), "checkov"]
    run = subprocess.run(command, cwd=ROOT, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    if run.stdout:
        print(run.stdout, end="", file=sys.stderr)
    if run.returncode:
        raise CheckerFailed(run.stdout)
    return str(ROOT / CHECKOV_DIRECTORY / "bin" / "checkov")
