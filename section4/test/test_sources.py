"""Each source's response format: what is read, and what is rejected with which error."""

import csv
from datetime import date

import pytest

from section4.core.record import Record, SourceError, UnknownName
from section4.test.support import (
    JHU_HEADER,
    OWID_HEADER,
    WHO_HEADER,
    Responses,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    jhu,
    owid,
    query_of,
    read_all,
    require_one_line,
)

MARCH_9 = date(2022, 3, 9)
DAYS = days_from("2022-03-09", 3)
SINGAPORE = for_countries("SG")
ALL_SOURCES = ("owid", "who", "jhu", "disease_sh", "covid19api")
WRONG_FORMATS = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html><body>Sorry</body></html>",
    "bytes": b"\x00\xff\xfe",
    "null": b"null",
    "a message": b'{"message": "maintenance"}',
    "unclosed quote": b'"unfinished',
    "unclosed list": b"[1, 2",
    "empty list": b"[]",
}


@pytest.fixture
def site() -> Responses:
    return Responses()


def problem(source: str, body: bytes) -> str:
    """Return the error of a source that gets this response to all requests."""
    with pytest.raises(SourceError) as caught:
        read_all(source, query_of(source), body)
    return require_one_line(caught.value, source)


@pytest.mark.parametrize("source", ALL_SOURCES)
@pytest.mark.parametrize("body", WRONG_FORMATS)
def test_response_in_another_format_is_rejected(source: str, body: str) -> None:
    if (source, body) == ("covid19api", "empty list"):
        assert read_all(source, SINGAPORE, b"[]") == []  # no figures, which the loader rejects
    else:
        assert problem(source, WRONG_FORMATS[body])


def owid_row(figure: str, day: str = "2022-03-09") -> bytes:
    return f"{OWID_HEADER}Singapore,{day},{figure},1,1,1,\n".encode()


def owid_rows(rows: str) -> bytes:
    return (OWID_HEADER + rows).encode(errors="surrogateescape")


def jhu_rows(*rows: str) -> bytes:
    return (JHU_HEADER + "".join(f"{row}\n" for row in rows)).encode()


def timeline(cases: str, deaths: str = "{}") -> bytes:
    """Return a disease_sh response."""
    return f'{{"timeline": {{"cases": {cases}, "deaths": {deaths}}}}}'.encode()


def row(cases: str, day: str = '"2022-12-06T00:00:00Z"') -> bytes:
    """Return a covid19api response."""
    return f'[{{"Province": "\\ud800", "Cases": {cases}, "Date": {day}}}]'.encode()


NO_INTEGER, NO_DATE = "expected an integer, got {!r}", "expected a date such as 2022-03-09, got {!r}"
NO_TIME = "expected a date such as 2022-03-09T00:00:00Z, got {!r}"
NO_AMERICAN = "expected a date such as 3/9/22, got {!r}"
NO_INTEGERS = "expected integers of at most 18 digits among the figures"
NO_JSON = "the response is not valid JSON, or has a duplicate key"
BITS = "an integer of 100 bits is out of range"
DEEP = 10_000
NUMBERS = ["ten", "1.5", "1e3", "1e400", "NaN", "inf", "0x10", "1_000", "\u0661", " 3", "9" * 20, f"{10**16}"]
REJECTED: list[tuple[str, bytes, str]] = [
    *(("owid", owid_row(text), NO_INTEGER.format(text)) for text in NUMBERS),
    ("owid", owid_row('"1,000"'), NO_INTEGER.format("1,000")),
    *(
        ("owid", owid_row("1", text), NO_DATE.format(text))
        for text in ("2022-02-30", "09/03/2022", "20220309x", "yesterday", "")
    ),
    ("owid", OWID_HEADER.replace("date,", "").encode(), "expected CSV with exactly one column date"),
    ("owid", b"country," + OWID_HEADER.encode(), "expected CSV with exactly one column country"),
    ("owid", owid_rows("Singapore,2022-03-09,3\n"), "row 2: expected 7 fields, got 3"),
    ("owid", owid_rows("Singapore,2022-03-09,3,10,1,2,x,y\n"), "row 2: expected 7 fields, got 8"),
    ("owid", owid_rows('"Singapore"s,2022-03-09,3,10,1,2,x\n'), "line 2 is not valid CSV (Error)"),
    ("owid", owid_rows("Sing\udcffapore,2022-03-09,3,1,1,2,x\n"), "line 0 is not valid CSV (UnicodeDecodeError)"),
    ("who", WHO_HEADER.encode() + b"\xed\xa0\x80", "line 0 is not valid CSV (UnicodeDecodeError)"),
    *(
        ("jhu", jhu_rows(f",Singapore,1,2,{text},4"), NO_INTEGER.format(text))
        for text in ("1_000", " 3", "\u0661", "ten", "1.5")
    ),
    *(("jhu", jhu_rows(f",Singapore,1,2,{text},4"), NO_INTEGERS) for text in ("5-3", "--", f"{10**30}", "9" * 5000)),
    ("jhu", jhu_rows(",Singapore,1,2,--,-"), NO_INTEGERS),
    ("jhu", jhu_rows(f"A,China,1,2,{2**62},4", f"B,China,1,2,{2**62},4"), NO_INTEGERS),
    ("jhu", jhu_rows(",Singapore,1,2,,4"), "an empty field among the figures of Singapore"),
    ("jhu", jhu_rows(',"US\n",1,2,,4'), "an empty field among the figures of US\\n"),
    ("jhu", jhu_rows(",Singapore,1,2,3"), "expected 6 fields in a row, got 5"),
    ("jhu", jhu_rows().replace(b"1/23", b"2/30"), "the header has a column that is not a date such as 3/9/22"),
    ("disease_sh", b'{"timeline": null}', "timeline: expected dict, got NoneType"),
    ("disease_sh", b'{"timeline": []}', "timeline: expected dict, got list"),
    ("disease_sh", b'{"timeline": {"cases": {"3/9/22": 1}}}', "deaths: expected dict, got NoneType"),
    ("disease_sh", timeline("[]"), "cases: expected dict, got list"),
    ("disease_sh", timeline('{"3/9/22": "1"}'), "cases: expected int, got str"),
    ("disease_sh", timeline('{"3/9/22": true}'), "cases: expected int, got bool"),
    ("disease_sh", timeline('{"3/9/22": null}'), "cases: expected int, got NoneType"),
    *(
        ("disease_sh", timeline(f'{{"3/9/22": {text}}}'), "cases: expected int, got float")
        for text in ("1.5", "1e400", "NaN")
    ),
    ("disease_sh", timeline('{"3/9/22": 1}', '{"3/9/22": "none"}'), "deaths: expected int, got str"),
    ("disease_sh", timeline('{"3/9/22": 1, "3/9/22": 2}'), NO_JSON),
    *(("disease_sh", text * DEEP, NO_JSON) for text in (b"[", b'{"a":')),
    ("disease_sh", timeline(f'{{"3/9/22": {"9" * 5000}}}'), NO_JSON),
    ("disease_sh", timeline(f'{{"3/9/22": {10**30}}}'), f"cases: {BITS}"),
    ("disease_sh", timeline('{"3/9/22": 1}', f'{{"3/9/22": {-(10**30)}}}'), f"deaths: {BITS}"),
    *(("disease_sh", timeline(f'{{"{day}": 1}}'), NO_AMERICAN.format(day)) for day in ("13/9/22", "2022-03-09")),
    ("disease_sh", timeline('{"\\ud800": 1}'), NO_AMERICAN.format("\ud800")),
    ("covid19api", b"[3]", "row: expected dict, got int"),
    ("covid19api", b"[{}]", "Date: expected str, got NoneType"),
    ("covid19api", row("null"), "Cases: expected int, got NoneType"),
    ("covid19api", row('"5"'), "Cases: expected int, got str"),
    ("covid19api", row(f"{10**30}"), f"Cases: {BITS}"),
    ("covid19api", row("5", "20221206"), "Date: expected str, got int"),
    ("covid19api", row("5", '"09.03.2022"'), NO_TIME.format("09.03.2022")),
    ("covid19api", row("5", '"2\\ud800"'), NO_TIME.format("2\ud800")),
    ("covid19api", row("5", '"10000-01-01"'), NO_TIME.format("10000-01-01")),
]


@pytest.mark.parametrize(("source", "body", "expected"), REJECTED, ids=lambda part: repr(part)[:40])
def test_invalid_response_is_rejected_with_one_line(source: str, body: bytes, expected: str) -> None:
    assert problem(source, body) == expected


def test_oversized_csv_field_is_rejected() -> None:
    before = csv.field_size_limit(131_072)  # Python's default, which other tests may have changed
    try:
        assert problem("owid", owid_row("x" * 200_000)) == "line 2 is not valid CSV (Error)"
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("source", ["disease_sh", "covid19api"])
def test_source_by_country_rejects_all_countries(site: Responses, source: str) -> None:
    with pytest.raises(SourceError, match="cannot return all countries at once, list them with --country"):
        site.records(source)


def test_owid_columns_are_found_by_name(site: Responses) -> None:
    site.answer(
        "/owid.csv",
        b"total_deaths,date,x,country,new_deaths,total_cases,new_cases\n2,2022-03-09,?,Singapore,1,10.0,-3\n",
    )
    assert site.records("owid") == [Record("SG", MARCH_9, 10, -3, 2, 1)]


def test_owid_aggregates_are_unknown_names(site: Responses) -> None:
    names = ["World", "Asia", "High-income countries", "European Union (27)", "England"]
    site.answer("/owid.csv", owid(*((name, "2022-03-09", 3, 10, 1, 2) for name in names)))
    assert site.records("owid") == [UnknownName(name) for name in names]


def test_owid_empty_fields_are_none(site: Responses) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", "", 10, "", ""), ("Singapore", "2022-03-10", *[""] * 4)))
    assert site.records("owid") == [
        Record("SG", MARCH_9, 10, None, None, None),
        Record("SG", date(2022, 3, 10), None, None, None, None),
    ]


def test_owid_unknown_names_count_requested_days_only(site: Responses) -> None:
    site.answer("/owid.csv", owid(*(("World", f"2022-03-{day:02d}", 3, 10, 1, 2) for day in range(1, 12))))
    query = for_countries("SG", first="2022-03-08", last="2022-03-09")
    assert site.records("owid", query) == [UnknownName("World")] * 2


def test_owid_returns_the_requested_records_only(site: Responses) -> None:
    days = [(name, f"2022-03-{day:02d}", 3, 10, 1, 2) for name in ("France", "Singapore") for day in range(7, 12)]
    site.answer("/owid.csv", owid(*days))
    found = site.records("owid", for_countries("SG", first="2022-03-08", last="2022-03-09"))
    assert [record[:2] for record in found] == [("SG", date(2022, 3, 8)), ("SG", MARCH_9)]


def test_who_bom_quoted_commas_and_namibia_are_read(site: Responses) -> None:
    rows = '2022-03-09,NA,Namibia,AFRO,3,10,1,2\n2022-03-09,BO,"Bolivia (Plurinational State of)",AMRO,,20,,4\n'
    site.answer("/who.csv", (WHO_HEADER + rows + '2022-03-09,KR,"Korea, South",WPRO,-5,7,0,0\n').encode())
    assert site.records("who") == [
        Record("NA", MARCH_9, 10, 3, 2, 1),
        Record("BO", MARCH_9, 20, None, 4, None),
        Record("KR", MARCH_9, 7, -5, 0, 0),
    ]


def test_who_name_without_code_is_unknown(site: Responses) -> None:
    site.answer("/who.csv", (WHO_HEADER + "2022-03-09,,International commercial vessel,,3,10,1,2\n").encode())
    assert site.records("who") == [UnknownName("International commercial vessel")]


def test_jhu_provinces_are_summed(site: Responses) -> None:
    jhu(site, DAYS, ("Hubei", "China", [1, 3, 6], [0, 0, 1]), ("Macau", "China", [10, 10, 11], [0, 1, 1]))
    assert site.records("jhu") == [
        Record("CN", DAYS[0], 11, None, 0, None),
        Record("CN", DAYS[1], 13, None, 1, None),
        Record("CN", DAYS[2], 17, None, 2, None),
    ]


def test_jhu_ships_and_games_are_unknown_names(site: Responses) -> None:
    names = ["Diamond Princess", "MS Zaandam", "Summer Olympics 2020", "Winter Olympics 2022", "Antarctica (ship)"]
    jhu(site, DAYS, *(("", name, [1, 1, 1], [0, 0, 0]) for name in names))
    assert site.records("jhu") == [UnknownName(name, 3) for name in sorted(names)]


def test_jhu_figures_may_end_in_point_zero(site: Responses) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, "3.0", 6], [0, 0, 1]))
    assert [record.cases_total for record in site.records("jhu") if isinstance(record, Record)] == [1, 3, 6]


def test_jhu_series_with_different_days_are_rejected(site: Responses) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    longer = site.bodies["/jhu_confirmed.csv"]
    jhu(site, DAYS[:2], ("", "Singapore", [1, 2], [0, 0]))
    site.answer("/jhu_confirmed.csv", longer)
    with pytest.raises(SourceError, match=r"^jhu: the two series have different days$"):
        site.records("jhu")


def test_jhu_country_without_deaths_has_none(site: Responses) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    site.answer("/jhu_deaths.csv", site.bodies["/jhu_deaths.csv"].replace(b"Singapore", b"Malaysia"))
    assert site.records("jhu", SINGAPORE)[0] == Record("SG", DAYS[0], 1, None, None, None)


def test_disease_sh_cumulative_figures_are_read(site: Responses) -> None:
    disease_sh(site, "singapore", DAYS, [10, 13, 12], [1, 1, 2])
    assert site.records("disease_sh", SINGAPORE) == [
        Record("SG", DAYS[0], 10, None, 1, None),
        Record("SG", DAYS[1], 13, None, 1, None),
        Record("SG", DAYS[2], 12, None, 2, None),
    ]


def test_covid19api_provinces_are_summed_in_any_order(site: Responses) -> None:
    rows = [("B", DAYS[1], 5, 1), ("A", DAYS[0], 1, 0), ("A", DAYS[1], 2, 0), ("B", DAYS[0], 4, 1)]
    covid19api(site, "singapore", rows)
    found = sorted(site.records("covid19api", SINGAPORE))
    assert found == [Record("SG", DAYS[0], 5, None, 1, None), Record("SG", DAYS[1], 7, None, 1, None)]


def test_covid19api_equal_duplicates_count_once_others_are_rejected(site: Responses) -> None:
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 5, 1)])
    assert site.records("covid19api", SINGAPORE) == [Record("SG", MARCH_9, 5, None, 1, None)]
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 6, 1)])
    with pytest.raises(SourceError, match=r"^covid19api: conflicting figures for SG on 2022-03-09$"):
        site.records("covid19api", SINGAPORE)


@pytest.mark.parametrize("source", ["disease_sh", "covid19api"])
def test_unknown_country_does_not_hide_the_others(site: Responses, source: str) -> None:
    disease_sh(site, "singapore", DAYS, [1, 2, 3], [0, 0, 0])
    covid19api(site, "singapore", [("", day, 5, 1) for day in DAYS])
    assert len(site.records(source, for_countries("AQ", "SG", "XK"))) == 3


def test_country_is_requested_by_its_name_in_addresses(site: Responses) -> None:
    disease_sh(site, "brunei-darussalam", DAYS, [1, 2, 3], [0, 0, 0])
    assert len(site.records("disease_sh", for_countries("BN"))) == 3


def test_kelvin_sign_and_small_letters_are_not_a_code() -> None:
    rows = "2022-03-09,\u212aR,Nowhere,WPRO,3,10,1,2\n2022-03-09,kr,Nowhere,WPRO,3,10,1,2\n"
    assert read_all("who", SINGAPORE, (WHO_HEADER + rows).encode()) == [UnknownName("Nowhere")] * 2


def test_minus_zero_is_zero() -> None:
    [found] = read_all("owid", SINGAPORE, owid_rows("Singapore,2022-03-09,-0,-0.0,,,\n"))
    assert found == Record("SG", MARCH_9, 0, 0, None, None)
