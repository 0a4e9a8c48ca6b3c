"""A model of a disk that loses power: file-system calls in, possible states out.

The rules guarantee less than the journalled file systems of Linux do, so a job that is safe here is safe there:
- Changes of one name reach the disk in order, changes of two names in any order. A rename is one change of two names.
- Flushing a directory makes the changes of its names permanent, and those that must come before; not its name.
- Flushing a file makes its content permanent, not its name. Of the content written later, each block of 512 bytes has
  reached the disk or not, and the size is any in between.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

BLOCK = 512

Node = bytes | str | None  # the content of a file, the target of a link, or a directory
State = dict[str, Node]
Data = Literal["newest", "flushed", "zeros", "torn"]


class Operation(NamedTuple):
    """A call on `path`. Creating keeps an existing file, writing appends, renaming moves to `target`."""

    kind: Literal["directory", "file", "link", "write", "rename", "remove", "flush"]
    path: str
    target: str = ""
    data: bytes = b""


@dataclass
class _Node:
    """A file with its content after each call, a link, or a directory with its present entries."""

    versions: list[bytes] = field(default_factory=lambda: [b""])
    flushed: int = 0
    link: str | None = None
    entries: dict[str, int] | None = None

    def content(self, data: Data, random: Random) -> bytes:
        """Return the content that has reached the disk."""
        versions = self.versions[self.flushed :]
        if data in ("newest", "flushed"):
            return versions[-1 if data == "newest" else 0]
        if data == "zeros":
            return versions[0].ljust(len(versions[-1]), b"\0")
        size = random.choice([*map(len, versions), *range(len(versions[0]), len(versions[-1]), BLOCK)])
        starts = range(0, size, BLOCK)
        blocks = [random.choice(versions)[start : start + BLOCK].ljust(BLOCK, b"\0") for start in starts]
        return b"".join(blocks)[:size]


class Disk:
    """A disk with a permanent `state` and the calls since; the directory "" always exists."""

    def __init__(self, state: State) -> None:
        self._nodes = [_Node(entries={})]
        self._changes: list[dict[tuple[int, str], int | None]] = []  # entries: the node that is there afterwards
        self._before: list[frozenset[int]] = []  # changes that must be on disk before each
        self._last: dict[tuple[int, str], int] = {}  # each name's last change
        self._safe: frozenset[int] = frozenset()
        for path in sorted(state):
            self._put(path, state[path])
        self._safe = frozenset(range(len(self._changes)))

    def do(self, operation: Operation) -> None:
        """Apply a call."""
        kind, path, target, data = operation
        match kind:
            case "file" if self._exists(path):
                pass
            case "directory" | "file" | "link":
                self._put(path, {"directory": None, "file": b"", "link": target}[kind])
            case "write":
                versions = self._nodes[self._number(path)].versions
                versions.append(versions[-1] + data)
            case "rename":
                self._change({self._slot(path): None, self._slot(target): self._number(path)})
            case "remove":
                self._change({self._slot(path): None})
            case "flush":
                self._flush(self._number(path))

    def states(self, random: Random, number: int) -> Iterator[State]:
        """Yield possible states now: the one without power loss, five hard cases, and `number` random ones."""
        newest = frozenset(range(len(self._changes)))
        pending = sorted(newest - self._safe)
        yield self._state(newest, "newest", random)
        yield from (self._state(self._safe, data, random) for data in ("flushed", "torn"))
        yield from (self._state(newest, data, random) for data in ("flushed", "zeros"))
        yield self._state(self._with(pending[-1:]), "newest", random)
        for _ in range(number):
            kept = self._with(random.sample(pending, random.randint(0, len(pending))))
            alone, without = self._with(random.sample(pending, min(1, len(pending)))), self._without(random, pending)
            changes = random.choice([kept, alone, without])
            yield self._state(changes, random.choice(["newest", "flushed", "zeros", "torn"]), random)

    def _with(self, changes: Iterable[int]) -> frozenset[int]:
        """Return the changes on disk if these are, with only those that must come before."""
        return self._safe.union(changes, *(self._before[change] for change in changes))

    def _without(self, random: Random, pending: list[int]) -> frozenset[int]:
        """Return all changes except one that is not permanent and those that must come after it."""
        lost = random.choice(pending) if pending else None
        return frozenset(
            change for change in range(len(self._changes)) if change != lost and lost not in self._before[change]
        )

    def _state(self, changes: frozenset[int], data: Data, random: Random) -> State:
        entries: dict[int, dict[str, int]] = {}
        for change in sorted(changes):
            for (directory, name), number in self._changes[change].items():
                entries.setdefault(directory, {}).pop(name, None)
                if number is not None:
                    entries[directory][name] = number
        return dict(self._below(0, "", entries, data, random))

    def _below(
        self, directory: int, path: str, entries: dict[int, dict[str, int]], data: Data, random: Random
    ) -> Iterator[tuple[str, Node]]:
        for name, number in sorted(entries.get(directory, {}).items()):
            node = self._nodes[number]
            if node.entries is not None:
                yield f"{path}{name}", None
                yield from self._below(number, f"{path}{name}/", entries, data, random)
            else:
                yield f"{path}{name}", node.content(data, random) if node.link is None else node.link

    def _put(self, path: str, content: Node) -> None:
        """Create a permanent node; its name is not permanent yet."""
        if content is None:
            node = _Node(entries={})
        else:
            node = _Node(link=content) if isinstance(content, str) else _Node([content])
        self._nodes.append(node)
        self._change({self._slot(path): len(self._nodes) - 1})

    def _change(self, change: dict[tuple[int, str], int | None]) -> None:
        last = {self._last[slot] for slot in change if slot in self._last}
        self._before.append(frozenset(last.union(*(self._before[before] for before in last))))
        self._changes.append(change)
        self._last.update(dict.fromkeys(change, len(self._changes) - 1))
        for (directory, name), number in change.items():
            entries = self._nodes[directory].entries
            assert entries is not None
            entries.pop(name, None)
            if number is not None:
                entries[name] = number

    def _flush(self, number: int) -> None:
        node = self._nodes[number]
        if node.entries is None:
            node.flushed = len(node.versions) - 1
        else:
            self._safe = self._with([last for (directory, _), last in self._last.items() if directory == number])

    def _slot(self, path: str) -> tuple[int, str]:
        directory, _, name = path.rpartition("/")
        return self._number(directory), name

    def _exists(self, path: str) -> bool:
        directory, name = self._slot(path)
        return name in (self._nodes[directory].entries or {})

    def _number(self, path: str) -> int:
        number = 0
        for name in filter(None, path.split("/")):
            entries = self._nodes[number].entries
            assert entries is not None
            number = entries[name]
        return number
