"""Each source's shape, and its failures, over a real connection."""

import json
from datetime import date
from typing import Any

import pytest

from common.test.web_server import Reply, Site
from section4.core.record import Record, SourceError, UnknownName
from section4.test.support import (
    OWID_HEADER,
    WHO_HEADER,
    covid19api,
    days_from,
    disease_sh,
    for_countries,
    jhu,
    owid,
    records,
)

MARCH_9 = date(2022, 3, 9)
DAYS = days_from("2022-03-09", 3)
ALL = ("owid", "who", "jhu", "disease_sh", "covid19api")
SINGAPORE = for_countries("SG")


def everywhere(site: Site, reply: Reply | bytes) -> None:
    """Let every source's address answer the same."""
    for path in ("/owid.csv", "/who.csv", "/jhu_confirmed.csv", "/jhu_deaths.csv", "/historical/singapore"):
        site.answer(path, reply)
    for series in ("confirmed", "deaths"):
        site.answer(f"/country/singapore/status/{series}", reply)


def refused(site: Site, source: str) -> str:
    """Return why a source's answer about Singapore cannot be used."""
    with pytest.raises(SourceError) as broken:
        records(site, source, SINGAPORE)
    return str(broken.value)


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><body>Sorry</body></html>",
        b"\x00\xff\xfe",
        b"null",
        b'{"message": "maintenance"}',
        b'"unfinished',
        b"[1, 2",
    ],
    ids=["nothing", "a page", "bytes", "null", "a message", "half a text", "half a list"],
)
def test_an_answer_of_another_kind_is_refused(site: Site, source: str, body: bytes) -> None:
    everywhere(site, body)
    assert refused(site, source).startswith(f"{source}: ")


@pytest.mark.parametrize("source", ALL)
def test_an_empty_list_says_nothing(site: Site, source: str) -> None:
    everywhere(site, b"[]")
    if source == "covid19api":
        assert records(site, source, SINGAPORE) == []  # of this country, which the loader refuses
    else:
        assert refused(site, source).startswith(f"{source}: ")


def test_owid_columns_are_found_by_their_names_and_others_are_ignored(site: Site) -> None:
    site.answer(
        "/owid.csv",
        b"total_deaths,date,x,country,new_deaths,total_cases,new_cases\n2,2022-03-09,?,Singapore,1,10.0,-3\n",
    )
    assert records(site, "owid") == [Record("SG", MARCH_9, 10, -3, 2, 1)]


def test_owid_aggregates_are_no_countries(site: Site) -> None:
    names = ["World", "Asia", "High-income countries", "European Union (27)", "England"]
    site.answer("/owid.csv", owid(*((name, "2022-03-09", 3, 10, 1, 2) for name in names)))
    assert records(site, "owid") == [UnknownName(name) for name in names]


def test_owid_blanks_are_unknown(site: Site) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", "", 10, "", ""), ("Singapore", "2022-03-10", *[""] * 4)))
    assert records(site, "owid") == [
        Record("SG", MARCH_9, 10, None, None, None),
        Record("SG", date(2022, 3, 10), None, None, None, None),
    ]


def test_names_that_are_no_countrys_count_on_the_days_that_were_asked_for(site: Site) -> None:
    site.answer("/owid.csv", owid(*(("World", f"2022-03-{day:02d}", 3, 10, 1, 2) for day in range(1, 12))))
    assert (
        records(site, "owid", for_countries("SG", first="2022-03-08", last="2022-03-09")) == [UnknownName("World")] * 2
    )


@pytest.mark.parametrize(
    "wrong", ["ten", "1.5", "1e3", "NaN", "inf", "0x10", "1_000", "٣", " 3", "99999999999999999999"]
)
def test_what_is_no_whole_number_is_refused(site: Site, wrong: str) -> None:
    site.answer("/owid.csv", owid(("Singapore", "2022-03-09", wrong, 10, 1, 2)))
    assert refused(site, "owid") == f"owid: has {wrong[:20]!r} where a whole number belongs"


@pytest.mark.parametrize("wrong", ["2022-02-30", "09/03/2022", "20220309x", "yesterday", ""])
def test_what_is_no_day_is_refused(site: Site, wrong: str) -> None:
    site.answer("/owid.csv", owid(("Singapore", wrong, 3, 10, 1, 2)))
    assert refused(site, "owid") == f"owid: has {wrong!r} where a date belongs"


@pytest.mark.parametrize(
    "body",
    [
        "country,date,new_cases,total_cases,new_deaths\nSingapore,2022-03-09,1,1,1\n",
        "country,country,date,new_cases,total_cases,new_deaths,total_deaths\n",
        OWID_HEADER + "Singapore,2022-03-09,3\n",
        OWID_HEADER + "Singapore,2022-03-09,3,10,1,2,x,y\n",
        OWID_HEADER + '"Singapore"s,2022-03-09,3,10,1,2,x\n',
        OWID_HEADER + "Sing\udcffapore,2022-03-09,3,10,1,2,x\n",
    ],
    ids=["a column lacks", "a column twice", "a short row", "a long row", "text behind a quote", "no UTF-8"],
)
def test_a_csv_that_is_broken_is_refused(site: Site, body: str) -> None:
    site.answer("/owid.csv", body.encode(errors="surrogateescape"))
    assert refused(site, "owid").startswith("owid: ")


def test_only_what_was_asked_for_is_given(site: Site) -> None:
    days = [(name, f"2022-03-{day:02d}", 3, 10, 1, 2) for name in ("France", "Singapore") for day in range(7, 12)]
    site.answer("/owid.csv", owid(*days))
    given = records(site, "owid", for_countries("SG", first="2022-03-08", last="2022-03-09"))
    assert [(record.country, record.day.day) for record in given if isinstance(record, Record)] == [
        ("SG", 8),
        ("SG", 9),
    ]


def test_who_has_a_bom_quoted_commas_and_a_country_na(site: Site) -> None:
    rows = '2022-03-09,NA,Namibia,AFRO,3,10,1,2\n2022-03-09,BO,"Bolivia (Plurinational State of)",AMRO,,20,,4\n'
    site.answer("/who.csv", (WHO_HEADER + rows + '2022-03-09,KR,"Korea, South",WPRO,-5,7,0,0\n').encode())
    assert records(site, "who") == [
        Record("NA", MARCH_9, 10, 3, 2, 1),
        Record("BO", MARCH_9, 20, None, 4, None),
        Record("KR", MARCH_9, 7, -5, 0, 0),
    ]


def test_who_names_without_a_code_are_refused_by_name(site: Site) -> None:
    site.answer("/who.csv", (WHO_HEADER + "2022-03-09,,International commercial vessel,,3,10,1,2\n").encode())
    assert records(site, "who") == [UnknownName("International commercial vessel")]


def test_jhu_provinces_are_added_up(site: Site) -> None:
    jhu(site, DAYS, ("Hubei", "China", [1, 3, 6], [0, 0, 1]), ("Macau", "China", [10, 10, 11], [0, 1, 1]))
    assert records(site, "jhu") == [
        Record("CN", DAYS[0], 11, None, 0, None),
        Record("CN", DAYS[1], 13, None, 1, None),
        Record("CN", DAYS[2], 17, None, 2, None),
    ]


def test_jhu_ships_and_games_are_refused_by_name(site: Site) -> None:
    names = ["Diamond Princess", "MS Zaandam", "Summer Olympics 2020", "Winter Olympics 2022", "Antarctica (ship)"]
    jhu(site, DAYS, *(("", name, [1, 1, 1], [0, 0, 0]) for name in names))
    assert records(site, "jhu") == [UnknownName(name, 3) for name in sorted(names)]


def test_jhu_figures_may_end_in_point_zero(site: Site) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, "3.0", 6], [0, 0, 1]))
    assert [record.cases_total for record in records(site, "jhu") if isinstance(record, Record)] == [1, 3, 6]


@pytest.mark.parametrize("wrong", ["", "1_000", " 3", "٣", "ten", "1.5"])
def test_jhu_figures_that_are_none_are_refused_and_never_taken_for_zero(site: Site, wrong: str) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, wrong, 6], [0, 0, 1]))
    assert refused(site, "jhu").startswith("jhu: has ")


def test_jhu_series_must_be_of_the_same_days(site: Site) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    longer = site.replies["/jhu_confirmed.csv"]
    jhu(site, DAYS[:2], ("", "Singapore", [1, 2], [0, 0]))
    site.replies["/jhu_confirmed.csv"] = longer
    assert refused(site, "jhu") == "jhu: its two series are not of the same days"


def test_jhu_a_country_without_deaths_has_none_known(site: Site) -> None:
    jhu(site, DAYS, ("", "Singapore", [1, 2, 3], [0, 0, 0]))
    site.answer("/jhu_deaths.csv", site.replies["/jhu_deaths.csv"][0].body.replace(b"Singapore", b"Malaysia"))
    assert records(site, "jhu", SINGAPORE)[0] == Record("SG", DAYS[0], 1, None, None, None)


def test_disease_sh_gives_cumulative_figures(site: Site) -> None:
    disease_sh(site, "singapore", DAYS, [10, 13, 12], [1, 1, 2])
    assert records(site, "disease_sh", SINGAPORE) == [
        Record("SG", DAYS[0], 10, None, 1, None),
        Record("SG", DAYS[1], 13, None, 1, None),
        Record("SG", DAYS[2], 12, None, 2, None),
    ]


@pytest.mark.parametrize(
    "timeline",
    [
        None,
        [],
        {"cases": {"3/9/22": 1}},
        {"cases": [], "deaths": {}},
        {"cases": {"3/9/22": "1"}, "deaths": {}},
        {"cases": {"3/9/22": True}, "deaths": {}},
        {"cases": {"3/9/22": 1.5}, "deaths": {}},
        {"cases": {"3/9/22": None}, "deaths": {}},
        {"cases": {"13/9/22": 1}, "deaths": {}},
        {"cases": {"2022-03-09": 1}, "deaths": {}},
        {"cases": {"3/9/22": 1}, "deaths": {"3/9/22": "none"}},
    ],
    ids=str,
)
def test_disease_sh_of_wrong_types_is_refused(site: Site, timeline: Any) -> None:
    site.answer("/historical/singapore", json.dumps({"country": "Singapore", "timeline": timeline}).encode())
    assert refused(site, "disease_sh").startswith("disease_sh: ")


def test_disease_sh_and_covid19api_cannot_tell_of_all_countries(site: Site) -> None:
    for source in ("disease_sh", "covid19api"):
        with pytest.raises(SourceError, match="cannot be asked for all countries; name them"):
            records(site, source)


def test_covid19api_provinces_are_added_up_in_any_order(site: Site) -> None:
    rows = [("B", DAYS[1], 5, 1), ("A", DAYS[0], 1, 0), ("A", DAYS[1], 2, 0), ("B", DAYS[0], 4, 1)]
    covid19api(site, "singapore", rows)
    given = sorted(records(site, "covid19api", SINGAPORE))
    assert given == [Record("SG", DAYS[0], 5, None, 1, None), Record("SG", DAYS[1], 7, None, 1, None)]
    assert site.asked[0][0].startswith("/country/singapore/status/confirmed?")


def test_covid19api_a_repeated_row_counts_once_and_a_contradiction_is_refused(site: Site) -> None:
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 5, 1)])
    assert records(site, "covid19api", SINGAPORE) == [Record("SG", MARCH_9, 5, None, 1, None)]
    covid19api(site, "singapore", [("", MARCH_9, 5, 1), ("", MARCH_9, 6, 1)])
    assert refused(site, "covid19api") == "covid19api: says two things of one day (SG 2022-03-09)"


@pytest.mark.parametrize(
    "row",
    [
        3,
        {},
        {"Date": "2022-03-09T00:00:00Z"},
        {"Date": "2022-03-09T00:00:00Z", "Cases": "5"},
        {"Date": "09.03.2022", "Cases": 5},
        {"Date": None, "Cases": 5},
        {"Cases": 5},
    ],
    ids=str,
)
def test_covid19api_rows_of_wrong_types_are_refused(site: Site, row: Any) -> None:
    for series in ("confirmed", "deaths"):
        site.answer(f"/country/singapore/status/{series}", json.dumps([row]).encode())
    assert refused(site, "covid19api").startswith("covid19api: ")


@pytest.mark.parametrize(("status", "body"), [(404, {"message": "Not Found"}), (429, {"success": False}), (400, {})])
def test_covid19api_errors_are_told(site: Site, status: int, body: dict[str, Any]) -> None:
    headers = {"Retry-After": "3600"} if status == 429 else {}
    site.answer("/country/singapore/status/confirmed", Reply(json.dumps(body).encode(), status, headers))
    said_of_it = refused(site, "covid19api")
    assert ("left alone" if status == 429 else f"answered {status}") in said_of_it


@pytest.mark.parametrize("source", ["disease_sh", "covid19api"])
def test_a_country_that_a_source_does_not_know_does_not_hide_the_others(site: Site, source: str) -> None:
    disease_sh(site, "singapore", DAYS, [1, 2, 3], [0, 0, 0])
    covid19api(site, "singapore", [("", day, 5, 1) for day in DAYS])
    assert len(records(site, source, for_countries("AQ", "SG", "XK"))) == 3


def test_a_country_is_asked_for_by_the_name_that_it_has_in_addresses(site: Site) -> None:
    disease_sh(site, "brunei-darussalam", DAYS, [1, 2, 3], [0, 0, 0])
    assert len(records(site, "disease_sh", for_countries("BN"))) == 3
