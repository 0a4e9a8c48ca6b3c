"""Our World in Data: a long CSV, in which aggregates such as World stand among the countries."""

from section4.core.country import code_of
from section4.core.record import Query, Records
from section4.sources import csv_table
from section4.sources.base import Endpoint

NAME = "owid"
COLUMNS = ("country", "country", "date", "total_cases", "new_cases", "total_deaths", "new_deaths")


def records(endpoint: Endpoint, query: Query) -> Records:
    return csv_table.records(NAME, endpoint, query, COLUMNS, lambda name, _: code_of(name))
