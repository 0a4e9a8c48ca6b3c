"""The model of a disk guarantees what a journalled file system does, and nothing more."""

from pathlib import Path
from random import Random

from section1.test.disk_model import BLOCK, Disk, Node, Operation, State
from section1.test.disk_record import operations


def after(*operations: Operation, state: State | None = None) -> list[State]:
    """Return all possible states after these calls, with far more draws than there are states."""
    disk = Disk(state or {})
    for operation in operations:
        disk.do(operation)
    found: list[State] = []
    for drawn in disk.states(Random(1), 500):
        found += [drawn] if drawn not in found else []
    return sorted(found, key=str)


def in_any_order(*states: State) -> list[State]:
    return sorted(states, key=str)


def put(path: str, content: bytes) -> list[Operation]:
    return [Operation("file", path), Operation("write", path, data=content)]


FLUSH = Operation("flush", "")


def test_unflushed_file_may_be_absent_empty_complete_or_zeros() -> None:
    assert after(*put("a", b"xyz")) == in_any_order({}, {"a": b""}, {"a": b"xyz"}, {"a": b"\0\0\0"})


def test_flushed_file_needs_a_flush_of_its_directory() -> None:
    calls = [*put("a", b"xyz"), Operation("flush", "a")]
    assert after(*calls) == in_any_order({}, {"a": b"xyz"})
    assert after(*calls, FLUSH) == [{"a": b"xyz"}]


def test_flush_keeps_only_earlier_writes() -> None:
    calls = [*put("a", b"xyz"), Operation("flush", "a"), FLUSH, Operation("write", "a", data=b"!")]
    assert after(*calls) == in_any_order({"a": b"xyz"}, {"a": b"xyz!"}, {"a": b"xyz\0"})


def test_each_block_of_a_torn_file_is_written_or_not() -> None:
    one, two, none = b"1" * BLOCK, b"2" * BLOCK, b"\0" * BLOCK
    contents: list[Node] = [b"", one, none, one + two, one + none, none + two, none + none]
    assert after(*put("a", one + two), FLUSH) == in_any_order(*({"a": content} for content in contents))


def test_rename_is_atomic() -> None:
    state: State = {"a": b"new", "b": b"old"}
    assert after(Operation("rename", "a", "b"), state=state) == in_any_order(state, {"b": b"new"})


def test_changes_of_one_name_are_ordered() -> None:
    calls = [Operation("link", "a", "x"), Operation("rename", "a", "b"), Operation("rename", "b", "c")]
    assert after(*calls) == in_any_order({}, {"a": "x"}, {"b": "x"}, {"c": "x"})


def test_changes_of_two_names_are_not_ordered() -> None:
    calls = [Operation("link", "a", "x"), Operation("link", "b", "x")]
    assert after(*calls) == in_any_order({}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "x"})


def test_directory_content_is_lost_with_its_name() -> None:
    calls = [Operation("directory", "a"), Operation("link", "a/1", "x"), Operation("flush", "a")]
    assert after(*calls) == in_any_order({}, {"a": None, "a/1": "x"})


def test_flush_of_either_directory_keeps_a_rename() -> None:
    directories: State = {"a": None, "b": None}
    calls = [Operation("link", "a/1", "x"), Operation("link", "a/2", "x"), Operation("rename", "a/2", "b/2")]
    either: list[State] = [directories | {"b/2": "x"}, directories | {"a/1": "x", "b/2": "x"}]
    assert after(*calls, Operation("flush", "b"), state=directories) == in_any_order(*either)
    assert after(*calls, Operation("flush", "a"), state=directories) == [directories | {"a/1": "x", "b/2": "x"}]


def test_removed_file_may_reappear() -> None:
    assert after(Operation("remove", "a"), state={"a": b"x"}) == in_any_order({}, {"a": b"x"})
    assert after(Operation("remove", "a"), FLUSH, state={"a": b"x"}) == [{}]


def test_opening_an_existing_file_keeps_it() -> None:
    assert after(Operation("file", "a"), state={"a": b"x"}) == [{"a": b"x"}]


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
