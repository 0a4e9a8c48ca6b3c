"""Fuzzing: valid bytes with random mutations. The random seed is part of every failure's message."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Case = TypeVar("Case")
LONGEST = 4096  # bytes of a case
MANY = (2, 3, 17, 300)
_WORD = re.compile(rb"[-+\w./@*]+")
NASTY = (
    b"\0", b"\n", b"\r", b"\r\n", b"\t", b" ", b'"', b'""', b"'", b",", b":", b"\\", b"\xef\xbb\xbf", b"\xff",
    b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xa8",
    b"\xe2\x84\xaa", b"\xc5\xbf", b"\xd9\xa3", b"\x1b[2J", b"\x1f\x8b", b"-", b"-0", b"1_0", b"1,000", b"1e400",
    b"NaN", b"inf", b"0x1F", b"1" + b"0" * 30, b"9" * 5_000, b"-9223372036854775809", b"2022-02-30", b"9999-12-31",
    b"0000-00-00",
)  # fmt: skip


def mutated(random: Random, seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """Return one of the seeds after up to eight mutations; `words` have a meaning to the parser."""
    content = random.choice(seeds)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        start, end = _span(random, content)
        piece = random.choice(
            (
                b"",
                random.randbytes(random.choice((1, 1, 4))),
                content[start:end] * random.choice(MANY),
                random.choice((*NASTY, *words)),
                random.choice((*NASTY, *words)) * random.choice(MANY),
                random.choice(words or NASTY),
                random.choice(seeds)[start:end],
            )
        )
        content = (content[:start] + piece + content[end:])[:LONGEST]
    return content


def _span(random: Random, content: bytes) -> tuple[int, int]:
    """Return the part to replace: nothing, one byte, a random range or a word."""
    start, end = sorted((random.randint(0, len(content)), random.randint(0, len(content))))
    word = _WORD.search(content, start) if random.random() < 0.5 else None
    return word.span() if word else (start, random.choice((start, start + 1, end)))


def verdicts(
    parser: str, cases: int, draw: Callable[[Random], Case], accepts: Callable[[Case], bool]
) -> dict[str, str]:
    """Run the cases and return how many were rejected and accepted. An exception of `accepts` fails the test."""
    accepted = 0
    for number in range(cases):
        case = draw(Random(f"{parser} {number}"))
        try:
            accepted += accepts(case)
        except BaseException as error:
            error.add_note(f"{parser}, case {number}: {case!r}")
            raise
    assert 0 < accepted < cases
    return {"parser": parser, "cases": f"{cases:,}", "rejected": f"{cases - accepted:,}", "accepted": f"{accepted:,}"}
