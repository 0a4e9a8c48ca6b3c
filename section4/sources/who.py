"""World Health Organization: a long CSV with a BOM and ISO codes, of which NA is Namibia."""

from section4.core.country import code_of, is_code
from section4.core.record import Query, Records
from section4.sources import csv_table
from section4.sources.base import Endpoint

NAME = "who"
FIGURES = ("Cumulative_cases", "New_cases", "Cumulative_deaths", "New_deaths")
COLUMNS = ("Country_code", "Country", "Date_reported", *FIGURES)


def records(endpoint: Endpoint, query: Query) -> Records:
    return csv_table.records(
        NAME, endpoint, query, COLUMNS, lambda code, name: code if is_code(code) else code_of(name)
    )
