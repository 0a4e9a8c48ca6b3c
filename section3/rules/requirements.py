"""All rules; each reads the template and nothing else."""

from collections.abc import Iterable

from section3.rules import access, api, encryption, monitoring, network, resilience, retention
from section3.rules.base import Rule, Violation
from section3.rules.template import Template

RULES: tuple[Rule, ...] = (
    *retention.RULES,
    *encryption.RULES,
    *access.RULES,
    *api.RULES,
    *network.RULES,
    *resilience.RULES,
    *monitoring.RULES,
)


def violations(template: Template, rules: Iterable[Rule] = RULES) -> list[Violation]:
    """Return all violations, in the order of the rules."""
    return [Violation(rule.__name__, *finding) for rule in rules for finding in rule(template)]
