"""Check whether a file is a CSV that every reader reads the same way."""

import codecs

from section1.core.columns import REQUIRED, HeaderRefused, positions

BLOCK_BYTES = 1 << 20
MAX_COLUMNS = 100
_NO_SEPARATORS = bytes(set(range(256)) - set(b",\n"))


class PlainCheck:
    """Checks a file block by block. A plain file is UTF-8 without quotes, CR, NUL, BOM, blank and ragged lines.

    Its lines are shorter than two blocks, so that an engine needs little memory for one.
    """

    def __init__(self) -> None:
        self.plain = True
        self.rows = -1  # the header is not a row
        self.columns: tuple[str, ...] = ()  # all columns in order; columns that are not required get numbers
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = b""
        self._within_line = 0
        self._last_byte = b""

    def feed(self, block: bytes) -> None:
        """Check the next block, unless an earlier block was not plain."""
        if self.plain:
            self.plain = self._has_plain_bytes(block) and self._has_even_lines(block)
            self._last_byte = block[-1:]

    def finish(self) -> bool:
        """Return whether the whole file was plain."""
        if self._last_byte != b"\n":
            self.rows += 1
            is_whole = not self._is_within_character() and self._within_line == len(self.columns) - 1
            self.plain = self.plain and is_whole
        return self.plain

    def _has_plain_bytes(self, block: bytes) -> bool:
        if b'"' in block or b"\r" in block or b"\0" in block:
            return False
        return self._is_text(block) and (b"\n" in block or len(block) < BLOCK_BYTES)

    def _is_text(self, block: bytes) -> bool:
        """Return whether the block continues valid UTF-8. Most blocks are ASCII, which is fast to check."""
        if block.isascii() and not self._is_within_character():
            return True
        try:
            self._decoder.decode(block)
        except UnicodeDecodeError:
            return False
        return True

    def _is_within_character(self) -> bool:
        return self._decoder.getstate()[0] != b""

    def _has_even_lines(self, block: bytes) -> bool:
        """Return whether commas and line ends alternate as in the header, also across blocks."""
        if not self._line and not self._take_header(block):
            return False
        separators = block.translate(None, _NO_SEPARATORS)
        turns = len(separators) // len(self._line) + 2
        expected = (self._line * turns)[self._within_line : self._within_line + len(separators)]
        self._within_line = (self._within_line + len(separators)) % len(self._line)
        self.rows += separators.count(b"\n")
        return separators == expected

    def _take_header(self, block: bytes) -> bool:
        header, line_end, _ = block.partition(b"\n")
        names = header.decode("utf-8", "replace").split(",")
        self._line = b"," * (len(names) - 1) + b"\n"
        try:
            required = dict(zip(positions(names), REQUIRED, strict=True))
        except HeaderRefused:
            return False
        self.columns = tuple(required.get(place, f"column_{place}") for place in range(len(names)))
        return bool(line_end) and len(names) <= MAX_COLUMNS
