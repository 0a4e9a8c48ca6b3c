"""Bytes of CSV files that are easily misread, and their records."""

BOM = b"\xef\xbb\xbf"

Records = list[tuple[str, list[str] | None]]

# The bytes and their records: text and fields, which are None for a malformed record.
CORPUS: list[tuple[bytes, Records]] = [
    (b"a,b\n", [("a,b", ["a", "b"])]),
    (b"a,b\r\n", [("a,b", ["a", "b"])]),
    (b"a,b", [("a,b", ["a", "b"])]),
    (b"a,b\r", [("a,b\r", ["a", "b\r"])]),
    (b",", [(",", ["", ""])]),
    (b"   \n", [("   ", ["   "])]),
    (b'""\n', [('""', [""])]),
    (b"\n\r\na\n\n\r\n", [("a", ["a"])]),
    (b'"a,b",c\n', [('"a,b",c', ["a,b", "c"])]),
    (b'"a\nb",c\r\n', [('"a\nb",c', ["a\nb", "c"])]),
    (b'"a\nb",cd\n', [('"a\nb",cd', ["a\nb", "cd"])]),
    (b'"a ""b""",""\n', [('"a ""b""",""', ['a "b"', ""])]),
    (b'a "b" c,d"\n', [('a "b" c,d"', ['a "b" c', 'd"'])]),
    (b' "a",b\n', [(' "a",b', [' "a"', "b"])]),
    # Text behind a closing quote.
    (b'"a"x,b\nc,d\n', [('"a"x,b', None), ("c,d", ["c", "d"])]),
    (b'"a"x"y,b,c,"d,e"\n', [('"a"x"y,b,c,"d,e"', None)]),
    (b'"a" ,b\r\n', [('"a" ,b', None)]),
    (b'"a"\r', [('"a"\r', None)]),
    (b'"a"\rb\nc', [('"a"\rb', None), ("c", ["c"])]),
    (b'"a"x,"b\nc"\n', [('"a"x,"b\nc"', None)]),
    # A quote that nothing closes.
    (b'a,"b\nc,d\n', [('a,"b\nc,d\n', None)]),
    (b'a,"b""', [('a,"b""', None)]),
    (b'a,"', [('a,"', None)]),
    (b'a\n"\nb', [("a", ["a"]), ('"\nb', None)]),
    (b'"' * 7, [('"' * 7, None)]),
    # Byte order marks, carriage returns and other line ends.
    (b"a\n\xef\xbb\xbfb", [("a", ["a"]), ("\ufeffb", ["\ufeffb"])]),
    (BOM + BOM + b"a", [("\ufeffa", ["\ufeffa"])]),
    (b"a\rb\r\nc", [("a\rb", ["a\rb"]), ("c", ["c"])]),
    (b"a\r\r\nb", [("a\r", ["a\r"]), ("b", ["b"])]),
    (b"a\n\rb", [("a", ["a"]), ("\rb", ["\rb"])]),
    ("a\u2028b\x0b\x0c\x85".encode(), [("a\u2028b\v\f\x85", ["a\u2028b\v\f\x85"])]),
    # NUL and bytes that are not UTF-8.
    (b"a\0,b\n", [("a\ufffd,b", None)]),
    (b"\0\0\n\0", [("\ufffd\ufffd", None), ("\ufffd", None)]),
    (b"a\xff,b\n", [("a\ufffd,b", None)]),
    (b"a\xff\0,b\n", [("a\ufffd\ufffd,b", None)]),
    (b'"\xe2\x82",b\n', [('"\ufffd",b', None)]),
    (b'a,b,"c\n\nd,e\xff\0\r\n', [('a,b,"c\n\nd,e\ufffd\ufffd\r\n', None)]),
    (b"a\xc0\xacb", [("a\ufffd\ufffdb", None)]),
    (b"\xe0\x80\xa2a,b\nc", [("\ufffd\ufffd\ufffda,b", None), ("c", ["c"])]),
    (b"a\xed\xa0\x80", [("a\ufffd\ufffd\ufffd", None)]),
    (b"\xf4\x90\x80\x80", [("\ufffd\ufffd\ufffd\ufffd", None)]),
    (b"a\xe2\x82", [("a\ufffd", None)]),
    (b"\xe2\x82\na", [("\ufffd", None), ("a", ["a"])]),
    ("a,b\n".encode("utf-16-le"), [("a\ufffd,\ufffdb\ufffd", None), ("\ufffd", None)]),
]
