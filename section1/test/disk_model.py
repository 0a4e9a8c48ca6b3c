"""What a disk may hold when its power is lost: file-system calls in, legal states out.

The rules promise less than the journalled file systems of Linux do, so that what passes here passes there:
- What befalls one name reaches the disk in its order, what befalls two in any. A rename is one change of two names.
- Flushing a folder keeps all that befell the names in it so far, and what must come before; not its own name.
- Flushing a file keeps what was written so far, not its name. Of what was written since, each block of 512 bytes has
  come or not, and the size is any between.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

BLOCK = 512

Node = bytes | str | None  # what a file holds, what a link says, a folder
State = dict[str, Node]
Data = Literal["newest", "flushed", "zeros", "torn"]


class Operation(NamedTuple):
    """A call: `path` is made unless it is there, written behind what it holds, renamed to `target`, or the like."""

    kind: Literal["folder", "file", "link", "write", "rename", "remove", "flush"]
    path: str
    target: str = ""
    data: bytes = b""


@dataclass
class _Node:
    """A file by what it held after each call, a link, or a folder by what it holds now."""

    versions: list[bytes] = field(default_factory=lambda: [b""])
    flushed: int = 0
    link: str | None = None
    entries: dict[str, int] | None = None

    def content(self, data: Data, random: Random) -> bytes:
        """Return what of a file is on disk."""
        versions = self.versions[self.flushed :]
        if data in ("newest", "flushed"):
            return versions[-1 if data == "newest" else 0]
        if data == "zeros":
            return versions[0].ljust(len(versions[-1]), b"\0")
        size = random.choice([*map(len, versions), *range(len(versions[0]), len(versions[-1]), BLOCK)])
        places = range(0, size, BLOCK)
        blocks = [random.choice(versions)[place : place + BLOCK].ljust(BLOCK, b"\0") for place in places]
        return b"".join(blocks)[:size]


class Disk:
    """A disk that held `state` safely, and what was asked of it since; the folder "" is always there."""

    def __init__(self, state: State) -> None:
        self._nodes = [_Node(entries={})]
        self._changes: list[dict[tuple[int, str], int | None]] = []  # entries: which node is there then
        self._before: list[frozenset[int]] = []  # changes that must be on disk before each
        self._last: dict[tuple[int, str], int] = {}  # each name's last change
        self._safe: frozenset[int] = frozenset()
        for path in sorted(state):
            self._put(path, state[path])
        self._safe = frozenset(range(len(self._changes)))

    def do(self, operation: Operation) -> None:
        """Let a call happen."""
        kind, path, target, data = operation
        match kind:
            case "file" if self._is_there(path):
                pass
            case "folder" | "file" | "link":
                self._put(path, {"folder": None, "file": b"", "link": target}[kind])
            case "write":
                versions = self._nodes[self._number(path)].versions
                versions.append(versions[-1] + data)
            case "rename":
                self._change({self._place(path): None, self._place(target): self._number(path)})
            case "remove":
                self._change({self._place(path): None})
            case "flush":
                self._flush(self._number(path))

    def states(self, random: Random, number: int) -> Iterator[State]:
        """Give what the disk may hold now: what a mere kill leaves, five hard cases, and so many drawn at random."""
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
        """Return what is on disk if these changes are, and no more than they need."""
        return self._safe.union(changes, *(self._before[change] for change in changes))

    def _without(self, random: Random, pending: list[int]) -> frozenset[int]:
        """Return all changes but one that is not safe and those that must come after it."""
        lost = random.choice(pending) if pending else None
        return frozenset(
            change for change in range(len(self._changes)) if change != lost and lost not in self._before[change]
        )

    def _state(self, changes: frozenset[int], data: Data, random: Random) -> State:
        entries: dict[int, dict[str, int]] = {}
        for change in sorted(changes):
            for (folder, name), number in self._changes[change].items():
                entries.setdefault(folder, {}).pop(name, None)
                if number is not None:
                    entries[folder][name] = number
        return dict(self._below(0, "", entries, data, random))

    def _below(
        self, folder: int, path: str, entries: dict[int, dict[str, int]], data: Data, random: Random
    ) -> Iterator[tuple[str, Node]]:
        for name, number in sorted(entries.get(folder, {}).items()):
            node = self._nodes[number]
            if node.entries is not None:
                yield f"{path}{name}", None
                yield from self._below(number, f"{path}{name}/", entries, data, random)
            else:
                yield f"{path}{name}", node.content(data, random) if node.link is None else node.link

    def _put(self, path: str, content: Node) -> None:
        """Make a node that is safe, and its name, which is not."""
        if content is None:
            node = _Node(entries={})
        else:
            node = _Node(link=content) if isinstance(content, str) else _Node([content])
        self._nodes.append(node)
        self._change({self._place(path): len(self._nodes) - 1})

    def _change(self, change: dict[tuple[int, str], int | None]) -> None:
        last = {self._last[place] for place in change if place in self._last}
        self._before.append(frozenset(last.union(*(self._before[before] for before in last))))
        self._changes.append(change)
        self._last.update(dict.fromkeys(change, len(self._changes) - 1))
        for (folder, name), number in change.items():
            entries = self._nodes[folder].entries
            assert entries is not None
            entries.pop(name, None)
            if number is not None:
                entries[name] = number

    def _flush(self, number: int) -> None:
        node = self._nodes[number]
        if node.entries is None:
            node.flushed = len(node.versions) - 1
        else:
            self._safe = self._with([last for (folder, _), last in self._last.items() if folder == number])

    def _place(self, path: str) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._number(folder), name

    def _is_there(self, path: str) -> bool:
        folder, name = self._place(path)
        return name in (self._nodes[folder].entries or {})

    def _number(self, path: str) -> int:
        number = 0
        for name in filter(None, path.split("/")):
            entries = self._nodes[number].entries
            assert entries is not None
            number = entries[name]
        return number
