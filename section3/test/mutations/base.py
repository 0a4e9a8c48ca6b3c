"""Ways to break the template: a value put, dropped or added at Resource/Property/..., and the rule to catch it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from section3.rules.template import Tree


class Mutation(NamedTuple):
    """A way to break the template: what a reader calls it, the rule that catches it, the change and where it is."""

    words: str
    rule: str
    resource: str
    change: Callable[[Tree], None]


def parent(values: Any, place: list[str]) -> tuple[Any, Any]:
    """Return what holds the last part of a place, and that part; make the dicts that lead there."""
    *way, last = place
    for key in way:
        values = values[int(key)] if isinstance(values, list) else values.setdefault(key, {})
    return values, int(last) if isinstance(values, list) else last


def in_properties(place: str) -> tuple[str, list[str]]:
    """Return the name of a Resource/Property/... and the way from it to the property."""
    name, _, path = place.partition("/")
    return name, [name, "Properties", *path.split("/")] if path else [name]


def put(words: str, rule: str, place: str, value: Any) -> Mutation:
    """Break a requirement by a value at Resource/Property/..."""
    name, way = in_properties(place)

    def change(resources: Tree) -> None:
        holder, key = parent(resources, way)
        holder[key] = value

    return Mutation(words, rule, name, change)


def drop(words: str, rule: str, place: str) -> Mutation:
    """Break a requirement by leaving out a property, or a whole resource."""
    name, way = in_properties(place)

    def change(resources: Tree) -> None:
        holder, key = parent(resources, way)
        del holder[key]

    return Mutation(words, rule, name, change)


def more(words: str, rule: str, place: str, value: Any) -> Mutation:
    """Break a requirement by one more entry of a list."""
    name, way = in_properties(place)

    def change(resources: Tree) -> None:
        holder, key = parent(resources, way)
        holder[key].append(value)

    return Mutation(words, rule, name, change)


def add(words: str, rule: str, kind: str, **properties: Any) -> Mutation:
    """Break a requirement by one more resource."""
    body = {"Type": f"AWS::{kind}", "Properties": properties}
    return Mutation(words, rule, "Added", lambda resources: resources.update(Added=body))


def allow(words: str, rule: str, role: str, **statement: Any) -> Mutation:
    """Break a requirement by one more thing that a role may do."""
    return more(words, rule, f"{role}/Policies/0/PolicyDocument/Statement", {"Effect": "Allow", **statement})


def kafka_setting(words: str, rule: str, old: str, new: str) -> Mutation:
    """Break a requirement by another line of Kafka's configuration."""

    def change(resources: Tree) -> None:
        properties = resources["KafkaConfiguration"]["Properties"]
        assert old in properties["ServerProperties"]
        properties["ServerProperties"] = properties["ServerProperties"].replace(old, new)

    return Mutation(words, rule, "KafkaConfiguration", change)
