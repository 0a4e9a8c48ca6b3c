"""A rule: a function that yields a finding for each resource that breaks it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from section3.rules.template import Template


class Finding(NamedTuple):
    """A resource, or the name of a missing one, and the problem."""

    resource: str
    problem: str


Findings = Iterator[Finding]
Rule = Callable[[Template], Findings]


class Violation(NamedTuple):
    """A finding with the name of its rule."""

    rule: str
    resource: str
    problem: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.problem} ({self.rule})"
