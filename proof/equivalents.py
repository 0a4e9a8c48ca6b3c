"""Changes that nobody can see, reviewed one by one: module and change, and why it makes no difference."""

_SHORT_CUT = "a short cut: the long way finds the same"
_PLACES = "places of buyers are filled by their batch before anybody looks there"
_BLOCKS = "section1/core/plain_csv.py"
_RECORDS = "section1/core/csv_records.py"
_LABEL = "section1/sql/section1_label.sql"
_ENDED = """_end: line_end < 0 or buffer.find(b'"', start, line_end) < 0"""
_ORDERS = "section2/operator/order_loader.py"
_TURNS = ("", *(f" ({number})" for number in range(2, 7)))

EQUIVALENTS: dict[tuple[str, str], str] = {
    (_ORDERS, "20 -> 21"): "how often it is tried is patience, not outcome",
    (_ORDERS, "require_alone: 0.1 -> 1.1"): "how long is waited is patience, not outcome",
    (_ORDERS, "load_orders: -orders // BATCH -> -orders * BATCH"): "batches behind the last one want nothing",
    (_ORDERS, "_Load.__init__: connection.commit() -> pass"): "the first batch, or the settling, commits it too",
    (
        _ORDERS,
        "_Load.batch: if done is None: self._add_buyers(cursor, batch) -> if True: self._add_buyers(cursor, batch)",
    ): "buyers that are there stay as they are",
    (_ORDERS, "_Load.settle: 2 -> 3"): "where nothing is left to fold, nothing is folded",
    (
        _ORDERS,
        "_Load._catalogue: if cursor.rowcount: return self._keys(cursor, items) -> "
        "if False: return self._keys(cursor, items)",
    ): "items and prices that are there stay as they are",
    (_ORDERS, "_Load._add_buyers: 0 -> 1"): _PLACES,
    (
        _ORDERS,
        "_Load._add_buyers: first + BUYERS_A_BATCH - len(self._buyers) -> first + BUYERS_A_BATCH + len(self._buyers)",
    ): _PLACES,
    (_ORDERS, "_known_buyers: 0 -> 1"): _PLACES,
    (_ORDERS, "_known_buyers: 1 -> 2"): _PLACES,
    (_ORDERS, "_known_buyers: -1 -> 1"): _PLACES,
    (_ORDERS, "_known_buyers: 1 -> 2 (2)"): _PLACES,
    (
        "section1/main.py",
        "label: engine.label(source, *outputs) if source.rows else Counts.of({}, 0) -> engine.label(source, *outputs)",
    ): _SHORT_CUT,
    ("section1/main.py", "_workplace: 'section1-' -> 'xsection1-'"): "a name of what is gone after",
    ("section1/main.py", "_workplace: 'stage' -> 'xstage'"): "a name of what is gone after",
    ("section4/main.py", "_address: '' -> 'x'"): "made-up figures have no address",
    ("common/schedule/commands.py", "50.0 -> 51.0"): "how long is waited is patience, not outcome",
    ("common/schedule/commands.py", "run: False -> True"): "whether it was told is put in once it was told",
    ("section1/operator/source.py", "_looked_through: 1 -> 2"): "each block is waited for, so a second thread idles",
    (
        _RECORDS,
        """RecordCount.feed: block.split(b'"') if b'"' in block else [block] -> block.split(b'"')""",
    ): _SHORT_CUT,
    (
        _RECORDS,
        """_end: if line_end < 0 or buffer.find(b'"', start, line_end) < 0: r ... f line_end >= 0 else None -> """
        "if False: return line_end if line_end >= 0 else None",
    ): _SHORT_CUT,
    (_RECORDS, f"""{_ENDED} -> line_end < 0 and buffer.find(b'"', start, line_end) < 0"""): _SHORT_CUT,
    (_RECORDS, f"""{_ENDED} -> buffer.find(b'"', start, line_end) < 0"""): _SHORT_CUT,
    (_RECORDS, f"{_ENDED} -> line_end < 0"): _SHORT_CUT,
    (_RECORDS, "_end: line_end < 0 -> line_end <= 0"): "an empty line ends at once on the long way too",
    (_RECORDS, "_end: 0 -> 1"): "an empty line ends at once on the long way too",
    (_RECORDS, """_record: _fields(raw) if '"' in text else text.split(',') -> _fields(raw)"""): _SHORT_CUT,
    (_BLOCKS, "PlainCheck.__init__: b'' -> b'x' (2)"): "neither is a line end",
    (
        _BLOCKS,
        "PlainCheck._is_text: if block.isascii() and (not self._is_within_a_letter()): return True -> "
        "if False: return True",
    ): _SHORT_CUT,
    (
        _BLOCKS,
        "PlainCheck._has_even_lines: len(separators) // len(self._line) -> len(separators) * len(self._line)",
    ): "more turns than needed are cut off",
    (_BLOCKS, "PlainCheck._has_even_lines: 2 -> 3"): "more turns than needed are cut off",
    (
        _LABEL,
        "checked: CASE WHEN full_name >= 'A' AND full_name < '[' THEN TRUE ELSE full_name RLIKE '\\\\p{L}' END -> "
        "full_name RLIKE '\\\\p{L}'",
    ): _SHORT_CUT,
    (
        _LABEL,
        "checked: CONTAINS(email, '..') AND CONTAINS(SUBSTRING(email, LOCATE('@', email)), '..') -> "
        "CONTAINS(SUBSTRING(email, LOCATE('@', email)), '..')",
    ): _SHORT_CUT,
    (_LABEL, "checked: full_name >= 'A' -> full_name > 'A'"): _SHORT_CUT,
    (_LABEL, "checked: 'A' -> 'xA'"): _SHORT_CUT,
    (_LABEL, "marked: 'w' -> 'xw'"): "any mark but t and s does",
    **{(_LABEL, f"trimmed: '{end}' -> 'x{end}'{turn}"): _SHORT_CUT for end in "!~" for turn in _TURNS},
    **{(_LABEL, f"trimmed: 1 -> 2{turn}"): "behind the last letter there is none" for turn in _TURNS[:3]},
    (_LABEL, "256 -> 257"): "DuckDB has a function for each length of hash; Spark's own tests see it",
}
