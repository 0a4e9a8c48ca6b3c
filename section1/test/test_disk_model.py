"""The model of a disk guarantees what a journalled file system does, and nothing more."""

from pathlib import Path
from random import Random

import pytest

from section1.test.disk_model import BLOCK, Disk, Node, Operation, State
from section1.test.disk_record import operations


def after(operations: list[Operation], state: State) -> list[State]:
    """Return all possible states after these calls, with far more draws than there are states."""
    disk = Disk(state)
    for operation in operations:
        disk.do(operation)
    found: list[State] = []
    for drawn in disk.states(Random(1), 500):
        found += [drawn] if drawn not in found else []
    return sorted(found, key=str)


def put(path: str, content: bytes) -> list[Operation]:
    return [Operation("file", path), Operation("write", path, data=content)]


def link(path: str) -> Operation:
    return Operation("link", path, "x")


def rename(path: str, target: str) -> Operation:
    return Operation("rename", path, target)


FLUSH, FLUSH_A = Operation("flush", ""), Operation("flush", "a")
REMOVE_A = Operation("remove", "a")
WRITTEN = put("a", b"xyz")
ONE, TWO, NONE = b"1" * BLOCK, b"2" * BLOCK, b"\0" * BLOCK
TORN: list[Node] = [b"", ONE, NONE, ONE + TWO, ONE + NONE, NONE + TWO, NONE + NONE]
BOTH: State = {"a": b"new", "b": b"old"}
DIRECTORIES: State = {"a": None, "b": None}
MOVED = [link("a/1"), link("a/2"), rename("a/2", "b/2")]
BEHIND = DIRECTORIES | {"a/1": "x", "b/2": "x"}

CASES: dict[str, tuple[list[Operation], State, list[State]]] = {
    "an unflushed file is absent, empty, complete or zeros": (
        WRITTEN,
        {},
        [{}, {"a": b""}, {"a": b"xyz"}, {"a": b"\0\0\0"}],
    ),
    "a flushed file may have no name": ([*WRITTEN, FLUSH_A], {}, [{}, {"a": b"xyz"}]),
    "a flush of the directory keeps the name": ([*WRITTEN, FLUSH_A, FLUSH], {}, [{"a": b"xyz"}]),
    "a flush keeps earlier writes only": (
        [*WRITTEN, FLUSH_A, FLUSH, Operation("write", "a", data=b"!")],
        {},
        [{"a": b"xyz"}, {"a": b"xyz!"}, {"a": b"xyz\0"}],
    ),
    "each block is written or not": ([*put("a", ONE + TWO), FLUSH], {}, [{"a": content} for content in TORN]),
    "a rename is atomic": ([rename("a", "b")], BOTH, [BOTH, {"b": b"new"}]),
    "changes of one name are ordered": (
        [link("a"), rename("a", "b"), rename("b", "c")],
        {},
        [{}, {"a": "x"}, {"b": "x"}, {"c": "x"}],
    ),
    "changes of two names are not ordered": (
        [link("a"), link("b")],
        {},
        [{}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "x"}],
    ),
    "content is lost with its directory": (
        [Operation("directory", "a"), link("a/1"), FLUSH_A],
        {},
        [{}, {"a": None, "a/1": "x"}],
    ),
    "a flush of the new directory keeps a rename": (
        [*MOVED, Operation("flush", "b")],
        DIRECTORIES,
        [DIRECTORIES | {"b/2": "x"}, BEHIND],
    ),
    "a flush of the old directory keeps a rename": ([*MOVED, FLUSH_A], DIRECTORIES, [BEHIND]),
    "a removed file may reappear": ([REMOVE_A], {"a": b"x"}, [{}, {"a": b"x"}]),
    "a flush keeps a removal": ([REMOVE_A, FLUSH], {"a": b"x"}, [{}]),
    "an existing file is opened unchanged": ([Operation("file", "a")], {"a": b"x"}, [{"a": b"x"}]),
}


@pytest.mark.parametrize("case", CASES)
def test_disk_has_exactly_these_states(case: str) -> None:
    operations, before, states = CASES[case]
    assert after(operations, before) == sorted(states, key=str)


def test_log_gives_successful_calls_below_the_root() -> None:
    log = [
        r'7 mkdir("\x2f\x61\x2f\x62", 0777) = 0',
        r'7 mkdir("\x2f\x61\x2f\x62", 0777) = -1 EEXIST (File exists)',
        r'7 mkdir("\x2f\x63", 0777) = 0',
        r'8 openat(AT_FDCWD<\x2f>, "\x2f\x61\x2f\x66", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3<\x2f\x61\x2f\x66>',
        r'8 openat(AT_FDCWD<\x2f>, "\x2f\x61\x2f\x66", O_RDONLY) = 4<\x2f\x61\x2f\x66>',
        r'8 write(3<\x2f\x61\x2f\x66>, "\x22\x0a", 2 <unfinished ...>',
        r"7 fsync(5<\x2f\x61\x2f\x62>)           = 0",
        r"8 <... write resumed>) = 2",
        r'8 unlinkat(5<\x2f\x61>, "\x66", 0) = 0',
        r'8 symlink("\x2e\x2e", "\x2f\x61\x2f\x6c") = 0',
        r'8 rename("\x2f\x61\x2f\x6c", "\x2f\x61\x2f\x6d") = 0',
        "8 +++ exited with 0 +++",
    ]
    assert operations(log, Path("/a")) == [
        Operation("directory", "b"),
        Operation("file", "f"),
        Operation("flush", "b"),
        Operation("write", "f", data=b'"\n'),
        Operation("remove", "f"),
        Operation("link", "l", ".."),
        Operation("rename", "l", "m"),
    ]
