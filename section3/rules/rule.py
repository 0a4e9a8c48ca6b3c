"""What a rule is: a function from the template to the resources that break it, each with words that say how."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from section3.rules.template import Template


class Finding(NamedTuple):
    """A resource, or the name of one that is missing, and what is wrong with it."""

    resource: str
    words: str


Findings = Iterator[Finding]
Rule = Callable[[Template], Findings]


@dataclass(frozen=True)
class Violation:
    """One resource that breaks one rule."""

    rule: str
    resource: str
    words: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.words} ({self.rule})"
