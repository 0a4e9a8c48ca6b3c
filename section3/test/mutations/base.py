"""Ways to break the template: a value set, dropped or added at Resource/Property/..."""

from collections.abc import Callable
from typing import Any, NamedTuple

from section3.rules.template import Tree


class Mutation(NamedTuple):
    """A change of the template that breaks a rule, and the changed resource."""

    title: str
    resource: str
    change: Callable[[Tree], None]


Mutations = dict[str, list[Mutation]]  # by the name of the rule that must catch them


def put(title: str, path: str, value: Any) -> Mutation:
    """Set a property."""
    return _at(title, path, lambda holder, key: holder.__setitem__(key, value))


def drop(title: str, path: str) -> Mutation:
    """Remove a property, a list entry or a whole resource."""
    return _at(title, path, lambda holder, key: holder.__delitem__(key))


def more(title: str, path: str, value: Any) -> Mutation:
    """Append an entry to a list."""
    return _at(title, path, lambda holder, key: holder[key].append(value))


def add(title: str, kind: str, **properties: Any) -> Mutation:
    """Add a resource."""
    body = {"Type": f"AWS::{kind}", "Properties": properties}
    return Mutation(title, "Added", lambda resources: resources.update(Added=body))


def allow(title: str, role: str, **statement: Any) -> Mutation:
    """Allow a role one more action."""
    return more(title, f"{role}/Policies/0/PolicyDocument/Statement", {"Effect": "Allow", **statement})


def kafka_setting(title: str, old: str, new: str) -> Mutation:
    """Replace a part of Kafka's configuration."""

    def change(resources: Tree) -> None:
        properties = resources["KafkaConfiguration"]["Properties"]
        assert old in properties["ServerProperties"]
        properties["ServerProperties"] = properties["ServerProperties"].replace(old, new)

    return Mutation(title, "KafkaConfiguration", change)


def _at(title: str, path: str, edit: Callable[[Any, Any], None]) -> Mutation:
    """Return a mutation that edits the holder of the path's last key; missing dictionaries are created."""
    name, _, below = path.partition("/")
    *way, last = [name, "Properties", *below.split("/")] if below else [name]

    def change(resources: Tree) -> None:
        holder: Any = resources
        for key in way:
            holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
        edit(holder, int(last) if isinstance(holder, list) else last)

    return Mutation(title, name, change)
