"""The CloudFormation template: parsed YAML, resources by type, references as text."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Tree = dict[str, Any]


class Loader(yaml.CSafeLoader):
    """YAML loader that expands CloudFormation's short tags."""


def long_form(loader: Loader, tag: str, node: Any) -> Tree:
    """Return `!Ref x` as {"Ref": "x"} and `!Name x` as {"Fn::Name": x}."""
    key = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        # !GetAtt A.B.C means resource A and attribute B.C
        return {key: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: loader.construct_mapping(node, deep=True)}


def as_text(loader: Loader, node: Any) -> str:
    """Return 2012-10-17 as text, like CloudFormation, not as a date."""
    return str(loader.construct_scalar(node))


Loader.add_multi_constructor("!", long_form)
Loader.add_constructor("tag:yaml.org,2002:timestamp", as_text)


def parse(content: str) -> Tree:
    """Return the values of a template. Raises: yaml.YAMLError."""
    values: Tree = yaml.load(content, Loader=Loader)  # noqa: S506 - a safe loader
    return values


@dataclass(frozen=True)
class Resource:
    """One resource of the template."""

    name: str
    type: str
    properties: Tree
    metadata: Tree

    def at(self, path: str) -> Any:
        """Return the property at a path (A/B/C), or None."""
        return at(self.properties, path)


@dataclass(frozen=True)
class Template:
    """Parameters, and resources by name."""

    parameters: Tree
    resources: dict[str, Resource]

    @classmethod
    def of(cls, values: Tree) -> "Template":
        resources = {
            name: Resource(name, body["Type"], body.get("Properties", {}), body.get("Metadata", {}))
            for name, body in values["Resources"].items()
        }
        return cls(values.get("Parameters", {}), resources)

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types, given without `AWS::`."""
        wanted = {f"AWS::{name}" for name in types}
        return [resource for resource in self.resources.values() if resource.type in wanted]

    def named(self, name: str) -> Resource:
        """Return the resource of this name, or an empty one."""
        return self.resources.get(name, Resource(name, "", {}, {}))

    def get(self, value: Any) -> Resource | None:
        """Return the first resource that a value refers to."""
        return next((self.resources[name] for name in names(value) if name in self.resources), None)

    def number(self, value: Any) -> float | None:
        """Return a literal number or a parameter's default; None for other values."""
        if isinstance(value, dict) and "Ref" in value:
            value = self.parameters.get(value["Ref"], {}).get("Default")
        return float(value) if re.fullmatch(r"[0-9.]+", str(value)) else None


def at(values: Any, path: str) -> Any:
    """Return the value at a path (A/B/0) of nested dicts and lists, or None."""
    for key in path.split("/"):
        if isinstance(values, list) and key.isdigit() and int(key) < len(values):
            values = values[int(key)]
        elif isinstance(values, dict) and key in values:
            values = values[key]
        else:
            return None
    return values


def each(value: Any) -> list[Any]:
    """Return a list unchanged, None as an empty list, and any other value as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """Return a value as text with its references as ${Name} or ${Name.Attribute}."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": [str(content), dict(variables)]}:
            return re.sub(r"\$\{(\w+)\}", lambda found: text(variables.get(found[1], {"Ref": found[1]})), content)
        case {"Fn::Sub": str(content)}:
            return content
        case {"Fn::Join": [separator, list(parts)]}:
            return str(separator).join(text(part) for part in parts)
        case dict() | list():
            return " ".join(text(part) for part in (value.values() if isinstance(value, dict) else value))
        case _:
            return str(value)


def names(value: Any) -> list[str]:
    """Return the names of resources and parameters that a value refers to, in order."""
    return re.findall(r"\$\{([A-Za-z0-9]+)", text(value))


def statements(document: Any) -> Iterator[Tree]:
    """Yield the statements of a policy document, which may be JSON with references."""
    if isinstance(document, dict) and "Fn::Sub" in document:
        document = json.loads(text(document))
    yield from each(at(document, "Statement"))


def policies(resource: Resource) -> list[Any]:
    """Return the policy documents of a resource, except the trust policy of a role."""
    own = [resource.at("PolicyDocument"), resource.at("KeyPolicy")]
    inline = [at(policy, "PolicyDocument") for policy in each(resource.at("Policies"))]
    return [document for document in own + inline if document]
