"""What the architecture has to keep, as rules that read the template and nothing else."""

from collections.abc import Iterable, Iterator

from section3.rules import access, api, encryption, network, resilience, retention, watching
from section3.rules.rule import Rule, Violation
from section3.rules.template import Template

RULES: tuple[Rule, ...] = (
    *retention.RULES,
    *encryption.RULES,
    *access.RULES,
    *api.RULES,
    *network.RULES,
    *resilience.RULES,
    *watching.RULES,
)


def violations(template: Template, rules: Iterable[Rule] = RULES) -> list[Violation]:
    """Return what breaks a requirement, in the order of the rules."""
    return [violation for rule in rules for violation in broken(rule, template)]


def broken(rule: Rule, template: Template) -> Iterator[Violation]:
    """Give what breaks one rule."""
    for resource, words in rule(template):
        yield Violation(rule.__name__, resource, words)


def requirement(rule: Rule) -> str:
    """Return the requirement in plain words."""
    return (rule.__doc__ or "").strip()
