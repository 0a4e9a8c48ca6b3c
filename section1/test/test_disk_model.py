"""The model of a disk promises what a journalled file system does, and nothing more."""

from pathlib import Path
from random import Random

from section1.test.disk_model import BLOCK, Disk, Node, Operation, State
from section1.test.disk_record import operations


def after(*operations: Operation, state: State | None = None) -> list[State]:
    """Return all that a disk may hold after these calls, by far more draws than there are states."""
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


def test_a_file_that_nobody_flushed_is_there_or_not_and_holds_all_nothing_or_zeros() -> None:
    assert after(*put("a", b"xyz")) == in_any_order({}, {"a": b""}, {"a": b"xyz"}, {"a": b"\0\0\0"})


def test_a_flushed_file_has_no_name_until_its_folder_is_flushed() -> None:
    calls = [*put("a", b"xyz"), Operation("flush", "a")]
    assert after(*calls) == in_any_order({}, {"a": b"xyz"})
    assert after(*calls, FLUSH) == [{"a": b"xyz"}]


def test_a_flush_keeps_what_was_written_before_it_alone() -> None:
    calls = [*put("a", b"xyz"), Operation("flush", "a"), FLUSH, Operation("write", "a", data=b"!")]
    assert after(*calls) == in_any_order({"a": b"xyz"}, {"a": b"xyz!"}, {"a": b"xyz\0"})


def test_each_block_of_a_torn_file_has_come_or_not() -> None:
    one, two, none = b"1" * BLOCK, b"2" * BLOCK, b"\0" * BLOCK
    contents: list[Node] = [b"", one, none, one + two, one + none, none + two, none + none]
    assert after(*put("a", one + two), FLUSH) == in_any_order(*({"a": content} for content in contents))


def test_a_rename_has_come_or_not_and_is_whole() -> None:
    state: State = {"a": b"new", "b": b"old"}
    assert after(Operation("rename", "a", "b"), state=state) == in_any_order(state, {"b": b"new"})


def test_changes_of_one_name_come_in_their_order() -> None:
    calls = [Operation("link", "a", "x"), Operation("rename", "a", "b"), Operation("rename", "b", "c")]
    assert after(*calls) == in_any_order({}, {"a": "x"}, {"b": "x"}, {"c": "x"})


def test_changes_of_two_names_come_in_any_order() -> None:
    calls = [Operation("link", "a", "x"), Operation("link", "b", "x")]
    assert after(*calls) == in_any_order({}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "x"})


def test_what_is_in_a_folder_goes_with_the_folders_name() -> None:
    calls = [Operation("folder", "a"), Operation("link", "a/1", "x"), Operation("flush", "a")]
    assert after(*calls) == in_any_order({}, {"a": None, "a/1": "x"})


def test_a_rename_is_kept_by_the_flush_of_either_folder_with_what_must_come_before_it_alone() -> None:
    folders: State = {"a": None, "b": None}
    calls = [Operation("link", "a/1", "x"), Operation("link", "a/2", "x"), Operation("rename", "a/2", "b/2")]
    either: list[State] = [folders | {"b/2": "x"}, folders | {"a/1": "x", "b/2": "x"}]
    assert after(*calls, Operation("flush", "b"), state=folders) == in_any_order(*either)
    assert after(*calls, Operation("flush", "a"), state=folders) == [folders | {"a/1": "x", "b/2": "x"}]


def test_what_was_removed_may_be_back() -> None:
    assert after(Operation("remove", "a"), state={"a": b"x"}) == in_any_order({}, {"a": b"x"})
    assert after(Operation("remove", "a"), FLUSH, state={"a": b"x"}) == [{}]


def test_a_file_that_is_there_is_opened_as_it_is() -> None:
    assert after(Operation("file", "a"), state={"a": b"x"}) == [{"a": b"x"}]


def test_a_log_is_read_with_calls_that_failed_that_were_interrupted_and_that_concern_others() -> None:
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
        Operation("folder", "b"),
        Operation("file", "f"),
        Operation("flush", "b"),
        Operation("write", "f", data=b'"\n'),
        Operation("remove", "f"),
        Operation("link", "l", ".."),
        Operation("rename", "l", "m"),
    ]
