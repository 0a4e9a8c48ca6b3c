"""Reads the CloudFormation template."""

from pathlib import Path

from section3.config import TEMPLATE
from section3.rules.template import Template, Tree, parse


def read(path: Path = TEMPLATE) -> Tree:
    """Return the template's values. Raises: OSError, yaml.YAMLError."""
    return parse(path.read_text("utf-8"))


def load(path: Path = TEMPLATE) -> Template:
    """Return the template. Raises: OSError, yaml.YAMLError."""
    return Template.of(read(path))
