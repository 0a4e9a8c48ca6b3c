"""Each source's response format: what is read, and what is rejected with which error."""

import json
from datetime import date
from typing import Any

import pytest

from section4.core.record import Record, SourceError, UnknownName
from section4.test.support import (
    OWID_HEADER,
    WHO_HEADER,
    Responses,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    jhu,
    owid,
)

MARCH_9 = date(2022, 3, 9)
DAYS = days_from("2022-03-09", 3)
ALL_SOURCES = ("owid", "who", "jhu", "disease_sh", "covid19api")
SINGAPORE = for_countries("SG")
PATHS = (
    *("/owid.csv", "/who.csv", "/jhu_confirmed.csv", "/jhu_deaths.csv", "/historical/singapore"),
    *("/country/singapore/status/confirmed", "/country/singapore/status/deaths"),
)


@pytest.fixture
def site() -> Responses:
    return Responses()


def problem(site: Responses, source: str) -> str:
    """Return the error of a source about Singapore."""
    with pytest.raises(SourceError) as caught:
        site.records(source, SINGAPORE)
    return str(caught.value).removeprefix(f"{source}: ")


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


@pytest.mark.parametrize("source", ALL_SOURCES)
@pytest.mark.parametrize("body", WRONG_FORMATS)
def test_response_in_another_format_is_rejected(site: Responses, source: str, body: str) -> None:
    for path in PATHS:
        site.answer(path, WRONG_FORMATS[body])
    if (source, body) == ("covid19api", "empty list"):
        assert site.records(source, SINGAPORE) == []  # no figures, which the loader rejects
    else:
        assert problem(site, source)


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


@pytest.mark.parametrize("figure", ["ten", "1.5", "1e3", "NaN", "inf", "0x10", "1_000", "٣", " 3", "9" * 20])
def test_owid_figure_that_is_not_an_integer_is_rejected(site: Responses, figure: str) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", figure, 10, 1, 2)))
    assert problem(site, "owid") == f"expected an integer, got {figure!r}"


@pytest.mark.parametrize("day", ["2022-02-30", "09/03/2022", "20220309x", "yesterday", ""])
def test_owid_invalid_date_is_rejected(site: Responses, day: str) -> None:
    site.answer("/owid.csv", owid(("Singapore", day, 3, 10, 1, 2)))
    assert problem(site, "owid") == f"expected a date such as 2022-03-09, got {day!r}"


INVALID_CSV = {
    "country,date,new_cases,total_cases,new_deaths\nSingapore,2022-03-09,1,1,1\n": "CSV with exactly one column total_",
    "country,country,date,new_cases,total_cases,new_deaths,total_deaths\n": "CSV with exactly one column country",
    OWID_HEADER + "Singapore,2022-03-09,3\n": "row 2: expected 7 fields, got 3",
    OWID_HEADER + "Singapore,2022-03-09,3,10,1,2,x,y\n": "row 2: expected 7 fields, got 8",
    OWID_HEADER + '"Singapore"s,2022-03-09,3,10,1,2,x\n': "line 2 is not valid CSV (Error)",
    OWID_HEADER + "Sing\udcffapore,2022-03-09,3,10,1,2,x\n": "line 0 is not valid CSV (UnicodeDecodeError)",
}


@pytest.mark.parametrize("body", INVALID_CSV, ids=INVALID_CSV.values())
def test_owid_invalid_csv_is_rejected(site: Responses, body: str) -> None:
    site.answer("/owid.csv", body.encode(errors="surrogateescape"))
    assert INVALID_CSV[body] in problem(site, "owid")


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


@pytest.mark.parametrize("figure", ["", "1_000", " 3", "٣", "ten", "1.5"])
def test_jhu_invalid_figure_is_rejected_and_not_read_as_zero(site: Responses, figure: str) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, figure, 6], [0, 0, 1]))
    expected = f"expected an integer, got {figure!r}" if figure else "an empty field among the figures of Singapore"
    assert problem(site, "jhu") == expected


def test_jhu_series_with_different_days_are_rejected(site: Responses) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    longer = site.bodies["/jhu_confirmed.csv"]
    jhu(site, DAYS[:2], ("", "Singapore", [1, 2], [0, 0]))
    site.answer("/jhu_confirmed.csv", longer)
    assert problem(site, "jhu") == "the two series have different days"


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


TIMELINES: list[tuple[Any, str]] = [
    (None, "timeline: expected dict, got NoneType"),
    ([], "timeline: expected dict, got list"),
    ({"cases": {"3/9/22": 1}}, "deaths: expected dict, got NoneType"),
    ({"cases": [], "deaths": {}}, "cases: expected dict, got list"),
    ({"cases": {"3/9/22": "1"}, "deaths": {}}, "cases: expected int, got str"),
    ({"cases": {"3/9/22": True}, "deaths": {}}, "cases: expected int, got bool"),
    ({"cases": {"3/9/22": 1.5}, "deaths": {}}, "cases: expected int, got float"),
    ({"cases": {"3/9/22": None}, "deaths": {}}, "cases: expected int, got NoneType"),
    ({"cases": {"13/9/22": 1}, "deaths": {}}, "expected a date such as 3/9/22, got '13/9/22'"),
    ({"cases": {"2022-03-09": 1}, "deaths": {}}, "expected a date such as 3/9/22, got '2022-03-09'"),
    ({"cases": {"3/9/22": 1}, "deaths": {"3/9/22": "none"}}, "deaths: expected int, got str"),
]


@pytest.mark.parametrize(("timeline", "expected"), TIMELINES, ids=str)
def test_disease_sh_wrong_type_is_rejected(site: Responses, timeline: Any, expected: str) -> None:
    site.answer("/historical/singapore", json.dumps({"country": "Singapore", "timeline": timeline}).encode())
    assert problem(site, "disease_sh") == expected


@pytest.mark.parametrize("source", ["disease_sh", "covid19api"])
def test_source_by_country_rejects_all_countries(site: Responses, source: str) -> None:
    with pytest.raises(SourceError, match="cannot return all countries at once, list them with --country"):
        site.records(source)


def test_covid19api_provinces_are_summed_in_any_order(site: Responses) -> None:
    rows = [("B", DAYS[1], 5, 1), ("A", DAYS[0], 1, 0), ("A", DAYS[1], 2, 0), ("B", DAYS[0], 4, 1)]
    covid19api(site, "singapore", rows)
    found = sorted(site.records("covid19api", SINGAPORE))
    assert found == [Record("SG", DAYS[0], 5, None, 1, None), Record("SG", DAYS[1], 7, None, 1, None)]


def test_covid19api_equal_duplicates_count_once_others_are_rejected(site: Responses) -> None:
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 5, 1)])
    assert site.records("covid19api", SINGAPORE) == [Record("SG", MARCH_9, 5, None, 1, None)]
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 6, 1)])
    assert problem(site, "covid19api") == "conflicting figures for SG on 2022-03-09"


ROWS: list[tuple[Any, str]] = [
    (3, "row: expected dict, got int"),
    ({}, "Date: expected str, got NoneType"),
    ({"Date": "2022-03-09T00:00:00Z"}, "Cases: expected int, got NoneType"),
    ({"Date": "2022-03-09T00:00:00Z", "Cases": "5"}, "Cases: expected int, got str"),
    ({"Date": "09.03.2022", "Cases": 5}, "expected a date such as 2022-03-09T00:00:00Z, got '09.03.2022'"),
    ({"Date": None, "Cases": 5}, "Date: expected str, got NoneType"),
]


@pytest.mark.parametrize(("row", "expected"), ROWS, ids=str)
def test_covid19api_wrong_type_is_rejected(site: Responses, row: Any, expected: str) -> None:
    for series in ("confirmed", "deaths"):
        site.answer(f"/country/singapore/status/{series}", json.dumps([row]).encode())
    assert problem(site, "covid19api") == expected


@pytest.mark.parametrize("source", ["disease_sh", "covid19api"])
def test_unknown_country_does_not_hide_the_others(site: Responses, source: str) -> None:
    disease_sh(site, "singapore", DAYS, [1, 2, 3], [0, 0, 0])
    covid19api(site, "singapore", [("", day, 5, 1) for day in DAYS])
    assert len(site.records(source, for_countries("AQ", "SG", "XK"))) == 3


def test_country_is_requested_by_its_name_in_addresses(site: Responses) -> None:
    disease_sh(site, "brunei-darussalam", DAYS, [1, 2, 3], [0, 0, 0])
    assert len(site.records("disease_sh", for_countries("BN"))) == 3
